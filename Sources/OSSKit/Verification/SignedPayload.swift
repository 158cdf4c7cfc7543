/// What a signature says about the body of a request.
///
/// Only the S3 dialect's V4 says anything: OSS never covers a body.
public enum SignedPayload: Sendable, Equatable {
    /// The body is not covered.
    case unsigned
    /// The body has this SHA-256.
    case digest([UInt8])
    /// The body comes in chunks that hold more than the object's bytes.
    case streaming(Streaming)

    /// How the chunks of a body are signed.
    public enum Streaming: String, Sendable, CaseIterable {
        /// Each chunk has a signature, which continues that of the request.
        case signed = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
        /// As `signed`, and trailing headers with a signature of their own follow.
        case signedWithTrailer = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"
        /// The chunks are not signed, and trailing headers follow.
        case unsignedWithTrailer = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
    }

    /// Reads the payload line of the S3 dialect; nil if it is none that is known.
    init?(line: String) {
        if line.utf8.elementsEqual(CanonicalV4.unsignedPayload.utf8) {
            self = .unsigned
        } else if let streaming = Streaming.allCases.first(where: { line.utf8.elementsEqual($0.rawValue.utf8) }) {
            self = .streaming(streaming)
        } else if line.utf8.count == 64, let digest = Hexadecimal.decode(line) {
            self = .digest(digest)
        } else {
            return nil
        }
    }
}
