import OSSKit
import ObjectStore

/// `PUT /key?partNumber=N&uploadId=U` with `x-oss-copy-source`: makes a part of an object, or of a range of it.
///
/// Source: oss-wire fact 9; that an unsatisfiable range copies everything is assumption A-055.
enum UploadPartCopy {
    static func answer(_ call: OSSCall) async throws -> OSSAnswer {
        let number = try call.partNumber()
        let header = "x-oss-copy-source"
        let source = try CopySource(header: call.header(header) ?? "")
        try requireAgreement(of: call, with: source)
        try WriteHeaders.refuseUnknownMeaning(call)
        let multipart = try await call.multipartUpload()
        let sourceBucket = try await call.bucket(of: source)
        return try await call.whileItChanges {
            let found = try await ObjectRead.object(
                call, bucket: sourceBucket, key: source.key, version: source.version)
            try await call.access.requireReading(of: found, isVersion: source.version != nil, in: sourceBucket)
            let object = try await ObjectRead.followed(found, call, bucket: sourceBucket)
            try call.archiveState(of: object).requireReadable(source.key)
            guard try ReadConditions(call, prefix: header + "-").judge(object) == .holds else {
                return ObjectRead.notModified(object)
            }
            let asked = try RequestedRange.of(
                call.header(header + "-range"), sizeBytes: object.sizeBytes, isStandard: false)
            let range = asked.bytes(ofSize: object.sizeBytes)
            guard range.count <= Limits.objectBytes else { throw OSSError(.entityTooLarge) }
            let part = try await call.store.copyPart(object, range: range, number: number, of: multipart)
            let result = CopyPartResult(
                eTag: part.quotedETag, lastModifiedMilliseconds: part.lastModifiedMilliseconds)
            var headers = [
                (name: "ETag", value: part.quotedETag), (name: "x-oss-hash-crc64ecma", value: String(part.crc64)),
            ]
            if asked != .whole {
                let span = "bytes \(range.lowerBound)-\(range.upperBound - 1)/\(object.sizeBytes)"
                headers.append((name: "Content-Range", value: span))
            }
            headers += CopyObject.sourceHeaders(of: object, in: sourceBucket)
            return OSSAnswer(headers: headers, document: result.write())
        }
    }

    /// Refuses a version that is named as a parameter and is not the source's; oss2 names it in both places.
    ///
    /// Source: assumption A-068.
    private static func requireAgreement(of call: OSSCall, with source: CopySource) throws(OSSError) {
        guard let version = try call.version(), version != source.version else { return }
        throw .invalidArgument("versionId", version.text, message: "It is not the version of the copy source.")
    }
}
