import AsyncHTTPClient
import NIOCore
import OSSKit

extension OSSClient {
    /// Begins an upload in parts.
    ///
    /// It stays until it is completed or aborted, and its parts count as stored bytes. If the endpoint's answer is lost
    /// on its way, the call begins a second upload, and the first one stays without parts.
    ///
    /// - Parameters:
    ///   - key: the key that the object will have.
    ///   - properties: what is stored beside the content.
    ///   - forbidsOverwrite: whether an object that is there stays, and the call fails with `FileAlreadyExists`.
    /// - Throws: `ServiceError`; `OSSClientError`.
    public func initiateMultipartUpload(
        _ key: ObjectKey, _ properties: ObjectProperties = ObjectProperties(), forbidsOverwrite: Bool = false
    ) async throws -> MultipartUpload {
        var headers = properties.headers
        if forbidsOverwrite {
            headers.append(WireHeader("x-oss-forbid-overwrite", "true"))
        }
        var request = OSSRequest(
            method: "POST", key: key, query: [QueryItem("uploads"), QueryItem("encoding-type", "url")],
            headers: headers, body: .bytes(ByteBuffer()))
        request.isRepeatable = true
        return try await send(request) { response in
            let result = try InitiateMultipartUploadResult(document: try await response.document())
            guard result.key == key else { throw OSSClientError.malformedAnswer }
            return MultipartUpload(key: key, uploadID: result.uploadID)
        }
    }

    /// Sends a part and checks that the endpoint counts the same checksum; a part of the same number is replaced.
    ///
    /// - Parameters:
    ///   - upload: the upload.
    ///   - number: the part's number, which is its place in the object.
    ///   - body: the bytes: 100 KiB to 5 GiB, and the last part may be shorter. The endpoint looks at that in the end.
    ///   - options: how it is sent.
    /// - Throws: `ServiceError`, such as `NoSuchUpload`; `OSSClientError`.
    public func uploadPart(
        _ upload: MultipartUpload, _ number: PartNumber, _ body: UploadBody,
        _ options: UploadPartOptions = UploadPartOptions()
    ) async throws -> UploadedPart {
        var request = upload.request(
            "PUT", query: [QueryItem("partNumber", number.description)], headers: options.headers)
        request.body = body
        return try await self.upload(request) { response, sentCRC64 in
            guard let eTag = response.headers.first(name: "ETag") else { throw OSSClientError.malformedAnswer }
            let stored = response.headers.first(name: "x-oss-hash-crc64ecma")
                .flatMap { DecimalNumber.parseUnsigned64($0) }
            guard stored == nil || stored == sentCRC64 else { throw OSSClientError.wrongChecksum }
            return UploadedPart(number: number, eTag: eTag, sizeBytes: body.lengthBytes, crc64: sentCRC64)
        }
    }

    /// Takes a part from an object that is there, without its bytes passing through here.
    ///
    /// - Parameters:
    ///   - upload: the upload.
    ///   - number: the part's number.
    ///   - source: the object.
    ///   - range: the bytes of it, both ends included; nil for all of them.
    ///   - conditions: on what the copy depends, of the source.
    /// - Throws: `ServiceError`, such as `PreconditionFailed`; `OSSClientError`.
    public func uploadPartCopy(
        _ upload: MultipartUpload, _ number: PartNumber, from source: CopySource, range: ClosedRange<Int64>? = nil,
        conditions: ObjectConditions = ObjectConditions()
    ) async throws -> UploadedPart {
        var headers = [WireHeader("x-oss-copy-source", source.headerValue(in: configuration.bucket))]
        if let range {
            headers.append(
                WireHeader("x-oss-copy-source-range", "bytes=\(range.lowerBound)-\(range.upperBound)"))
        }
        headers += conditions.headers(prefix: "x-oss-copy-source-")
        let request = upload.request(
            "PUT", query: [QueryItem("partNumber", number.description)], headers: headers)
        return try await send(request) { response in
            let result = try CopyPartResult(document: try await response.document())
            return UploadedPart(
                number: number, eTag: result.eTag, sizeBytes: range.map { $0.upperBound - $0.lowerBound + 1 })
        }
    }

    /// Makes the object of its parts, and checks that the endpoint counts the checksum that the parts have together.
    ///
    /// If the endpoint's answer is lost on its way, the call asks whether the object is there. `FileAlreadyExists` in
    /// answer to the first attempt is a refusal, even if the object has the same content. An upload that was
    /// completed before with these parts is no error either, as long as the object is still the one that they make.
    ///
    /// - Throws: `ServiceError`, such as `NoSuchUpload`, `InvalidPart` and `EntityTooSmall`; `OSSClientError`, which is
    ///   `wrongChecksum` of an object that was stored and is not what was sent; `SigningError` for a callback that OSS
    ///   does not take.
    @discardableResult
    public func completeMultipartUpload(
        _ upload: MultipartUpload, _ selection: PartSelection,
        _ options: CompleteUploadOptions = CompleteUploadOptions()
    ) async throws -> CompletedUpload {
        var request = upload.request(
            "POST", query: [QueryItem("encoding-type", "url")], headers: try options.headers())
        // Completing twice is refused, which is told apart from a first failure below.
        request.isRepeatable = true
        var parts: [UploadedPart]?
        switch selection {
        case .listed(let listed):
            let document = try CompleteMultipartUpload(parts: listed.map { .init(number: $0.number, eTag: $0.eTag) })
            request.headers.append(WireHeader("Content-Type", "application/xml"))
            request.body = .text(document.write())
            parts = listed
        case .all:
            request.headers.append(WireHeader("x-oss-complete-all", "yes"))
            request.body = .bytes(ByteBuffer())
        }
        let completed = try await complete(upload, request, parts, hasCallback: options.callback != nil)
        // Not among what is tried again: the upload is gone by now.
        if let sent = parts?.combinedCRC64, let stored = completed.crc64, sent != stored {
            throw OSSClientError.wrongChecksum
        }
        return completed
    }

    /// Ends an upload and removes its parts; one that is gone already is aborted too.
    ///
    /// Parts that are still on their way may arrive afterwards; then the upload has to be aborted once more.
    ///
    /// - Throws: `ServiceError`; `OSSClientError`.
    public func abortMultipartUpload(_ upload: MultipartUpload) async throws {
        do {
            try await send(upload.request("DELETE")) { _ in }
        } catch let refusal as ServiceError where refusal.isCode(.noSuchUpload) {
            return
        }
    }

    /// Asks for completion, and tells one that was done and whose answer was lost from one that is refused.
    private func complete(
        _ upload: MultipartUpload, _ request: OSSRequest, _ parts: [UploadedPart]?, hasCallback: Bool
    ) async throws -> CompletedUpload {
        var attempt = 1
        do {
            return try await sender.send(request, to: configuration.bucket, attempt: &attempt) { response, _ in
                try await Self.completed(response, hasCallback: hasCallback)
            }
        } catch let refusal as ServiceError where refusal.isCode(.noSuchUpload) {
            guard let parts, let found = try await object(of: upload, madeOf: parts) else { throw refusal }
            return found
        } catch let refusal as ServiceError where refusal.isCode(.fileAlreadyExists) {
            // At the first attempt it is another one's object that is there, even if it has the same content.
            guard attempt > 1, let parts, let found = try await object(of: upload, madeOf: parts) else { throw refusal }
            // The object is there; that nothing of the upload is left is no condition of success.
            try? await abortMultipartUpload(upload)
            return found
        }
    }

    private static func completed(
        _ response: HTTPClientResponse, hasCallback: Bool
    ) async throws -> CompletedUpload {
        let crc64 = response.headers.first(name: "x-oss-hash-crc64ecma")
            .flatMap { DecimalNumber.parseUnsigned64($0) }
        let versionID = response.headers.first(name: "x-oss-version-id")
        guard hasCallback else {
            let result = try CompleteMultipartUploadResult(document: try await response.document())
            return CompletedUpload(eTag: result.eTag, crc64: crc64, versionID: versionID)
        }
        let answer = try await response.body.collect(upTo: maximumCallbackAnswerBytes)
        return CompletedUpload(
            eTag: response.headers.first(name: "ETag"), crc64: crc64, versionID: versionID, callbackAnswer: answer)
    }

    /// The object under the upload's key, if it is what the parts make; nil if it is another one or none.
    func object(of upload: MultipartUpload, madeOf parts: [UploadedPart]) async throws -> CompletedUpload? {
        guard let crc64 = parts.combinedCRC64, let eTag = MultipartETag.of(parts.map(\.eTag)) else { return nil }
        do {
            let found = try await headObject(upload.key)
            guard found.crc64 == crc64, MultipartETag.isEqual(found.eTag, eTag),
                found.sizeBytes == parts.reduce(0, { $0 + ($1.sizeBytes ?? 0) })
            else { return nil }
            return CompletedUpload(eTag: found.eTag, crc64: crc64, versionID: found.versionID)
        } catch let refusal as ServiceError where refusal.isMissingObject {
            return nil
        }
    }
}
