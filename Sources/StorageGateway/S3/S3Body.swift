import Hummingbird
import NIOCore
import OSSKit

/// The body of a request of the S3 dialect: without the frames of its chunks, and ending in a refusal unless it is the
/// one that was signed and has the checksums that were told.
struct S3Body: AsyncSequence, Sendable {
    typealias Element = ByteBuffer

    private let body: RequestBody
    private let start: Checks

    /// Takes the body of a call; nil if nothing has to be checked or changed.
    ///
    /// - Parameter trailer: the names of trailing headers, as the request's head announces them.
    /// - Throws: `InvalidArgument` for a checksum that is none.
    init?(_ call: OSSCall, trailer: String?) throws(OSSError) {
        guard let signature = call.requester.signature else { return nil }
        // A completion tells the checksum of the object there, which is not that of its body.
        let isCompletion = call.request.method == "POST" && call.request.target.contains("uploadId")
        var checks = Checks()
        for header in isCompletion ? [] : call.request.headers {
            guard let kind = Checks.kind(of: header.name) else { continue }
            checks.wanted.append((kind, try Checks.value(header)))
            checks.running.append(RunningChecksum(kind))
        }
        switch signature.payload {
        case .unsigned: break
        case .digest(let digest):
            checks.signedDigest = digest
            checks.running.append(RunningChecksum(.sha256))
        case .streaming(let streaming):
            checks.chunks = ChunkedPayloadReader(streaming, signatures: signature.chunkSignatures)
            if streaming != .signed {
                let names = (trailer ?? "").split(separator: ",").map { String($0.filter { $0 != " " }) }
                for name in names {
                    guard let kind = Checks.kind(of: name) else {
                        throw OSSError(.notImplemented, fields: [("Header", name)])
                    }
                    checks.announced.append(kind)
                    checks.running.append(RunningChecksum(kind))
                }
            }
        }
        guard checks.chunks != nil || !checks.running.isEmpty else { return nil }
        body = call.body
        start = checks
    }

    func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(body: body.makeAsyncIterator(), checks: start)
    }

    /// Hands the bytes on, and judges them when the last one is there.
    struct AsyncIterator: AsyncIteratorProtocol {
        var body: RequestBody.AsyncIterator
        var checks: Checks

        mutating func next() async throws -> ByteBuffer? {
            while let received = try await body.next() {
                let content = try checks.take(received)
                if content.readableBytes > 0 { return content }
            }
            try checks.finish()
            return nil
        }
    }
}

extension S3Body {
    /// What is checked of a body.
    struct Checks: Sendable {
        /// Takes the chunks apart; nil for a body without them.
        var chunks: ChunkedPayloadReader?
        /// The digest that the signature covers.
        var signedDigest: [UInt8]?
        /// The checksums that the head tells.
        var wanted: [(kind: RunningChecksum.Kind, value: [UInt8])] = []
        /// The checksums that trailing headers will tell.
        var announced: [RunningChecksum.Kind] = []
        /// The checksums of the bytes so far.
        var running: [RunningChecksum] = []

        private static let prefix = "x-amz-checksum-"

        /// The checksum that a header is about; nil for another header.
        static func kind(of header: String) -> RunningChecksum.Kind? {
            let name = header.lowercased()
            guard name.hasPrefix(prefix) else { return nil }
            let kind = RunningChecksum.Kind(rawValue: String(name.dropFirst(prefix.count)))
            return kind == .md5 ? nil : kind
        }

        /// The value of a checksum's header.
        static func value(_ header: WireHeader) throws(OSSError) -> [UInt8] {
            guard let value = Base64.decode(header.value), value.count == kind(of: header.name)?.length else {
                throw .invalidArgument(header.name, header.value, message: "The value of the checksum is invalid.")
            }
            return value
        }

        /// The object's bytes among those that came.
        mutating func take(_ received: ByteBuffer) throws(OSSError) -> ByteBuffer {
            var content = received
            if chunks != nil, let bytes = try chunks?.take(received.readableBytesView) {
                content = ByteBuffer(bytes: bytes)
            }
            content.withUnsafeReadableBytes { bytes in
                for index in running.indices { running[index].update(bytes) }
            }
            return content
        }

        /// Judges the whole.
        mutating func finish() throws(OSSError) {
            try chunks?.finish()
            for kind in announced {
                guard let trailer = chunks?.trailers.first(where: { Self.kind(of: $0.name) == kind }) else {
                    throw OSSError(
                        .invalidRequest, message: "A trailing header that was announced did not come.",
                        fields: [("Header", Self.prefix + kind.rawValue)])
                }
                wanted.append((kind, try Self.value(trailer)))
            }
            for (kind, value) in wanted where running.first(where: { $0.kind == kind })?.bytes != value {
                throw OSSError(
                    .invalidDigest, message: "The \(Self.prefix)\(kind.rawValue) you specified did not match.",
                    ec: "0017-00000503")
            }
            if let signedDigest, running.first(where: { $0.kind == .sha256 })?.bytes != signedDigest {
                throw OSSError(
                    .invalidDigest, message: "The x-amz-content-sha256 you specified did not match what we computed.",
                    ec: "0002-00000427")
            }
        }
    }
}
