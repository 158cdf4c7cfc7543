/// The canonical request of AWS's V4, as the S3 dialect has it; its string to sign and its key are made as in V4.
///
/// It differs from V4 of OSS: every covered header is listed, `Host` always among them; runs of blanks in header values
/// count as one; a parameter without a value keeps its `=`; the path is that of the request, not the resource.
/// Source: oss-wire fact 16.
enum CanonicalAWS4 {
    /// The parameters of a signature in the query string.
    enum Parameter {
        static let algorithm = "X-Amz-Algorithm"
        static let credential = "X-Amz-Credential"
        static let date = "X-Amz-Date"
        static let expires = "X-Amz-Expires"
        static let signedHeaders = "X-Amz-SignedHeaders"
        static let securityToken = "X-Amz-Security-Token"
        static let contentSHA256 = "X-Amz-Content-Sha256"
        static let signature = "X-Amz-Signature"
    }

    /// Builds the canonical request.
    ///
    /// - Parameters:
    ///   - parts: the request; of its query, everything but the signature itself is taken.
    ///   - path: the path, decoded.
    ///   - signedHeaders: the headers to cover, in lower case and sorted.
    ///   - payload: the payload line: a digest of the body, or what stands for it.
    static func request(
        _ parts: SignedParts, path: [UInt8], signedHeaders: [String], payload: String
    ) -> [UInt8] {
        var text = Array(parts.method.utf8) + [ASCII.lineFeed]
        text += PercentCoding.encodedBytes(path, keepingSlash: true) + [ASCII.lineFeed]
        CanonicalQuery.appendEncoded(parts.query, without: Parameter.signature, keepingEquals: true, to: &text)
        text.append(ASCII.lineFeed)
        for name in signedHeaders {
            let value = withoutRunsOfBlanks(Array((parts.headers.value(of: name) ?? "").utf8))
            text += Array(name.utf8) + [ASCII.colon] + value + [ASCII.lineFeed]
        }
        text.append(ASCII.lineFeed)
        text += Array(signedHeaders.joined(separator: ";").utf8) + [ASCII.lineFeed]
        return text + Array(payload.utf8)
    }

    /// Whether a header's name begins with `x-amz-`.
    static func isAWSHeader(_ name: some Sequence<UInt8>) -> Bool {
        name.starts(with: "x-amz-".utf8)
    }

    private static func withoutRunsOfBlanks(_ value: [UInt8]) -> [UInt8] {
        var kept: [UInt8] = []
        kept.reserveCapacity(value.count)
        for byte in value where byte != ASCII.blank || kept.last != ASCII.blank {
            kept.append(byte)
        }
        return kept
    }
}
