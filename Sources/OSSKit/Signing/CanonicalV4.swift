import Crypto

/// The canonical request and the string to sign of V4.
///
/// Source: oss-wire facts 2.4 and 2.5.
enum CanonicalV4 {
    /// The only payload line that OSS knows: the body is not covered.
    static let unsignedPayload = "UNSIGNED-PAYLOAD"
    /// The name of the algorithm.
    static let algorithm = ScopeV4.Family.oss.algorithm

    /// Builds the canonical request.
    ///
    /// - Parameters:
    ///   - parts: the request; of its query, everything but the signature itself is taken.
    ///   - additionalHeaders: headers to cover besides those that always are: in lower case and sorted.
    ///   - leavingOutEmptyHeaders: whether headers without a value are left out, as one client does.
    static func request(
        _ parts: SignedParts, additionalHeaders: [String], leavingOutEmptyHeaders: Bool = false
    ) -> [UInt8] {
        let covered = parts.headers.entries.filter { entry in
            guard !(leavingOutEmptyHeaders && entry.value.isEmpty) else { return false }
            return isAlwaysCovered(entry.name) || additionalHeaders.contains { entry.name.elementsEqual($0.utf8) }
        }
        var text = Array(parts.method.utf8) + [ASCII.lineFeed]
        text += PercentCoding.encodedBytes(parts.resource.canonicalBytes, keepingSlash: true) + [ASCII.lineFeed]
        text += CanonicalQuery.text(CanonicalQuery.encoded(parts.query, without: Parameter.signature))
        text.append(ASCII.lineFeed)
        text += covered.lines + [ASCII.lineFeed]
        text += Array(additionalHeaders.joined(separator: ";").utf8) + [ASCII.lineFeed]
        return text + (parts.headers.value(of: "x-oss-content-sha256") ?? Array(unsignedPayload.utf8))
    }

    /// Adds the string to sign to a canonical request.
    ///
    /// - Parameter date: the moment of signing, in the form of `x-oss-date`.
    static func signedText(canonicalRequest: [UInt8], date: String, scope: ScopeV4) -> SignedText {
        let digest = Hexadecimal.lower(SHA256.hash(data: canonicalRequest))
        return SignedText(
            canonicalRequest: canonicalRequest,
            stringToSign: Array("\(scope.family.algorithm)\n\(date)\n\(scope.text)\n\(digest)".utf8))
    }

    /// Whether every V4 signature covers the header of this name, given in lower case.
    static func isAlwaysCovered(_ name: some Sequence<UInt8>) -> Bool {
        CanonicalHeaders.isOSSHeader(name) || name.elementsEqual("content-type".utf8)
            || name.elementsEqual("content-md5".utf8)
    }

    /// The parameters of a V4 signature in the query string.
    enum Parameter {
        static let version = "x-oss-signature-version"
        static let credential = "x-oss-credential"
        static let date = "x-oss-date"
        static let expires = "x-oss-expires"
        static let additionalHeaders = "x-oss-additional-headers"
        static let securityToken = "x-oss-security-token"
        static let signature = "x-oss-signature"
    }
}
