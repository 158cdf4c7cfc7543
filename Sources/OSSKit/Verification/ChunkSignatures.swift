import Crypto

/// The signatures of a body that comes in chunks, each of which continues the one before it.
///
/// The first continues the signature of the request, so that no chunk can be changed, left out or moved. It is for the
/// S3 dialect's `STREAMING-AWS4-HMAC-SHA256-PAYLOAD` and `-TRAILER`. Source: oss-wire fact 16; Amazon S3 API reference,
/// "Signature calculations for the Authorization header: transferring payload in multiple chunks".
public struct ChunkSignatures: Sendable {
    private let key: SigningKeyV4
    private let scope: ScopeV4
    private let date: String
    private var previous: String

    /// Begins with the signature of the request.
    init(key: SigningKeyV4, scope: ScopeV4, date: String, seed: String) {
        self.key = key
        self.scope = scope
        self.date = date
        previous = seed
    }

    /// Checks the next chunk; the last one is empty.
    ///
    /// - Parameters:
    ///   - sha256: the SHA-256 of the chunk's bytes.
    ///   - signature: the signature that came with the chunk.
    /// - Throws: `SignatureDoesNotMatch`.
    public mutating func checkChunk(sha256: some Sequence<UInt8>, signature: String) throws(OSSError) {
        try check("-PAYLOAD", lines: [Self.digestOfNothing, Hexadecimal.lower(sha256)], signature: signature)
    }

    /// Checks the trailing headers, after the last chunk.
    ///
    /// - Parameters:
    ///   - headers: the headers but for their signature, in the order in which they came.
    ///   - signature: the value of `x-amz-trailer-signature`.
    /// - Throws: `SignatureDoesNotMatch`.
    public mutating func checkTrailer(_ headers: [WireHeader], signature: String) throws(OSSError) {
        let lines = CanonicalHeaders(headers, host: nil).entries.lines
        try check("-TRAILER", lines: [Hexadecimal.lower(SHA256.hash(data: lines))], signature: signature)
    }

    private static let digestOfNothing = Hexadecimal.lower(SHA256.hash(data: [UInt8]()))

    private mutating func check(_ kind: String, lines: [String], signature: String) throws(OSSError) {
        let opening = [scope.family.algorithm + kind, date, scope.text, previous]
        let stringToSign = (opening + lines).joined(separator: "\n")
        let right = key.signature(of: Array(stringToSign.utf8))
        guard equalInConstantTime(right.utf8, signature.utf8) else {
            throw OSSError(
                .signatureDoesNotMatch, ec: "0002-00000430",
                fields: [("SignatureProvided", signature), ("StringToSign", stringToSign)])
        }
        previous = right
    }
}
