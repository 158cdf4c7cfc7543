import Hummingbird
import NIOCore
import NIOHTTP1
import OSSKit
import ObjectStore

/// Reads the body of a request as its head announced it.
struct RequestBodyReader: Sendable {
    /// How long the body is said to be; nil for a chunked one.
    let announcedBytes: Int64?
    /// The MD5 that the client computed; nil if it sent none.
    let contentMD5: [UInt8]?

    private let call: OSSCall
    private let limitBytes: Int64
    private let traffic: TrafficLimit?

    /// Judges the headers that describe the body; no byte of it is read yet.
    ///
    /// - Throws: `MissingContentLength`, `EntityTooLarge`, `InvalidDigest`, `InvalidArgument`.
    init(_ call: OSSCall, limitBytes: Int64) throws(OSSError) {
        self.call = call
        self.limitBytes = limitBytes
        if let length = call.header("content-length") {
            guard let announced = DecimalNumber.parse(length) else {
                throw .invalidArgument("Content-Length", length, message: "The Content-Length is not valid.")
            }
            announcedBytes = announced
        } else if call.header("transfer-encoding") != nil {
            announcedBytes = nil
        } else {
            throw OSSError(.missingContentLength)
        }
        if let announcedBytes, announcedBytes > limitBytes { throw OSSError(.entityTooLarge) }
        contentMD5 = try Self.contentMD5(call)
        traffic = try TrafficLimit(call)
    }

    /// Hands the body on piece by piece and counts it.
    ///
    /// - Returns: The number of bytes.
    /// - Throws: `EntityTooLarge`, `IncompleteBody`, and what `take` throws.
    func forEachChunk(_ take: (ByteBuffer) async throws -> Void) async throws -> Int64 {
        call.welcomeBody()
        var count: Int64 = 0
        var pace = traffic.map(TrafficPace.init)
        do {
            for try await chunk in call.body {
                count += Int64(chunk.readableBytes)
                guard count <= limitBytes else { throw OSSError(.entityTooLarge) }
                try await take(chunk)
                try await pace?.passed(chunk.readableBytes)
            }
        } catch is HTTPParserError {
            throw OSSError(.incompleteBody)
        }
        // A client that went away ends the sequence as a whole body does: only the count tells.
        if let announcedBytes, count != announcedBytes { throw OSSError(.incompleteBody) }
        return count
    }

    /// The whole body; for documents, which are small.
    ///
    /// - Throws: `EntityTooLarge`, `IncompleteBody`, `InvalidDigest`.
    func bytes() async throws -> [UInt8] {
        var bytes: [UInt8] = []
        _ = try await forEachChunk { bytes.append(contentsOf: $0.readableBytesView) }
        if let contentMD5, !equalInConstantTime(contentMD5, MD5Digest.of(bytes)) { throw OSSError(.invalidDigest) }
        return bytes
    }

    /// The document of a request that may have none: a request without a length has no body.
    ///
    /// - Returns: nil for no body and for an empty one.
    /// - Throws: as `bytes()`.
    static func document(of call: OSSCall) async throws -> [UInt8]? {
        guard call.header("content-length") != nil || call.header("transfer-encoding") != nil else { return nil }
        let bytes = try await RequestBodyReader(call, limitBytes: Int64(Limits.documentBytes)).bytes()
        return bytes.isEmpty ? nil : bytes
    }

    /// Compares a body that was stored with what the client says it sent.
    ///
    /// - Throws: `InvalidDigest`, `InvalidCRC64`.
    func check(_ summary: BodySummary) throws(OSSError) {
        if let contentMD5, !equalInConstantTime(contentMD5, summary.md5) { throw OSSError(.invalidDigest) }
        if let crc64 = call.header("x-oss-hash-crc64ecma"), crc64 != String(summary.crc64) {
            throw OSSError(.invalidCRC64)
        }
    }

    private static func contentMD5(_ call: OSSCall) throws(OSSError) -> [UInt8]? {
        guard let text = call.request.header("content-md5") else { return nil }
        guard let digest = Base64.decode(text), digest.count == 16 else {
            throw OSSError(.invalidDigest, ec: "0017-00000502")
        }
        return digest
    }
}
