/// Takes a body in chunks of the S3 dialect apart while it comes: `aws-chunked`.
///
/// A chunk is its size in hexadecimal digits, in signed bodies with `;chunk-signature=`, a line end, its bytes and a line
/// end; the last one has no bytes, and trailing headers may follow it. A chunk's signature is checked when its last byte
/// is there: whoever stores the bytes waits for the end. Source: oss-wire fact 16; Amazon S3 API reference,
/// "Signature calculations: transferring payload in multiple chunks" and "… including trailing headers".
package struct ChunkedPayloadReader: Sendable {
    private enum Stage {
        case size
        case bytes(left: Int)
        case bytesEnd
        case trailers
        case over
    }

    /// The longest line of a size or a trailing header.
    private static let maximumLineBytes = 1_024
    /// The most trailing headers.
    private static let maximumTrailers = 8
    private static let lineEnd: [UInt8] = [0x0D, 0x0A]
    private static let maximumSizeDigits = 15

    private let streaming: SignedPayload.Streaming
    private var signatures: ChunkSignatures?
    private var stage = Stage.size
    private var pending: [UInt8] = []
    private var digest = RunningChecksum(.sha256)
    private var chunkSignature: String?

    /// The trailing headers so far.
    package private(set) var trailers: [WireHeader] = []

    /// Begins with what the request's signature says about its body.
    ///
    /// - Parameter signatures: what the chunks' signatures are checked with; nil for chunks that have none.
    package init(_ streaming: SignedPayload.Streaming, signatures: ChunkSignatures?) {
        self.streaming = streaming
        self.signatures = signatures
    }

    /// Takes the next bytes of the body.
    ///
    /// - Returns: the bytes of the object among them.
    /// - Throws: `IncompleteBody` if they are no chunks, `SignatureDoesNotMatch`.
    package mutating func take(_ bytes: some Sequence<UInt8>) throws(OSSError) -> [UInt8] {
        pending.append(contentsOf: bytes)
        var content: [UInt8] = []
        var position = 0
        while try advance(&position, &content) {}
        pending.removeFirst(position)
        return content
    }

    /// Ends the body.
    ///
    /// - Throws: `IncompleteBody` if its last chunk did not come.
    package func finish() throws(OSSError) {
        guard case .over = stage else { throw OSSError(.incompleteBody) }
    }

    private mutating func advance(_ position: inout Int, _ content: inout [UInt8]) throws(OSSError) -> Bool {
        switch stage {
        case .size:
            guard let line = try line(&position) else { return false }
            try beginChunk(line)
            return true
        case .bytes(let left):
            let end = min(position + left, pending.count)
            guard end > position else { return false }
            if signatures != nil { pending[position..<end].withUnsafeBytes { digest.update($0) } }
            content += pending[position..<end]
            let rest = left - (end - position)
            position = end
            stage = rest == 0 ? .bytesEnd : .bytes(left: rest)
            return true
        case .bytesEnd:
            guard let line = try line(&position) else { return false }
            guard line.isEmpty else { throw Self.malformed }
            try endChunk()
            stage = .size
            return true
        case .trailers:
            guard let line = try line(&position) else { return false }
            try takeTrailer(line)
            return true
        case .over:
            // Some writers put one line end too many.
            guard Self.lineEnd.starts(with: pending[position...]) else { throw Self.malformed }
            return false
        }
    }

    /// The next line without its end; nil if it is not there yet.
    private func line(_ position: inout Int) throws(OSSError) -> String? {
        guard let end = pending[position...].firstIndex(of: 0x0A) else {
            guard pending.count - position <= Self.maximumLineBytes else { throw Self.malformed }
            return nil
        }
        guard end > position, pending[end - 1] == 0x0D, end - position <= Self.maximumLineBytes else {
            throw Self.malformed
        }
        guard let text = ASCII.text(Array(pending[position..<(end - 1)])) else { throw Self.malformed }
        position = end + 1
        return text
    }

    private mutating func beginChunk(_ line: String) throws(OSSError) {
        let digits = line.prefix { $0 != ";" }
        guard (1...Self.maximumSizeDigits).contains(digits.utf8.count), digits.utf8.allSatisfy(Self.isHexadecimal),
            let size = Int(digits, radix: 16)
        else { throw Self.malformed }
        let signed = line[digits.endIndex...]
        if signatures != nil {
            let opening = ";chunk-signature="
            guard signed.hasPrefix(opening) else { throw Self.malformed }
            chunkSignature = String(signed.dropFirst(opening.count))
        } else {
            guard signed.isEmpty else { throw Self.malformed }
        }
        digest = RunningChecksum(.sha256)
        guard size == 0 else {
            stage = .bytes(left: size)
            return
        }
        try endChunk()
        stage = .trailers
    }

    private mutating func endChunk() throws(OSSError) {
        guard let signature = chunkSignature else { return }
        try signatures?.checkChunk(sha256: digest.bytes, signature: signature)
        chunkSignature = nil
    }

    private mutating func takeTrailer(_ line: String) throws(OSSError) {
        guard !line.isEmpty else {
            if streaming == .signedWithTrailer {
                let name = "x-amz-trailer-signature"
                guard let signature = trailers.first(where: { $0.isNamed(name) })?.value else { throw Self.malformed }
                trailers.removeAll { $0.isNamed(name) }
                try signatures?.checkTrailer(trailers, signature: signature)
            }
            stage = .over
            return
        }
        guard streaming != .signed, trailers.count < Self.maximumTrailers, let colon = line.firstIndex(of: ":") else {
            throw Self.malformed
        }
        guard line[..<colon].utf8.allSatisfy({ ASCII.isLetter($0) || ASCII.isDigit($0) || $0 == ASCII.hyphen }) else {
            throw Self.malformed
        }
        let value = ASCII.trimmed(line[line.index(after: colon)...].utf8)
        let trailer = WireHeader(String(line[..<colon]), String(decoding: value, as: UTF8.self))
        guard !trailers.contains(where: { $0.isNamed(trailer.name) }) else { throw Self.malformed }
        trailers.append(trailer)
    }

    private static func isHexadecimal(_ byte: UInt8) -> Bool {
        ASCII.isDigit(byte) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte | 0x20)
    }

    private static let malformed = OSSError(
        .incompleteBody, message: "The chunks of the body are not well-formed.")
}
