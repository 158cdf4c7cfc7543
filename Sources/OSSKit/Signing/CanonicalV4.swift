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
        var text: [UInt8] = []
        text.reserveCapacity(1_024)
        text += parts.method.utf8
        text.append(ASCII.lineFeed)
        PercentCoding.append(parts.resource.canonicalBytes, keepingSlash: true, to: &text)
        text.append(ASCII.lineFeed)
        CanonicalQuery.appendEncoded(parts.query, without: Parameter.signature, to: &text)
        text.append(ASCII.lineFeed)
        for entry in parts.headers.entries
        where isCovered(entry, additionalHeaders) && !(leavingOutEmptyHeaders && entry.value.isEmpty) {
            entry.appendLine(to: &text)
        }
        text.append(ASCII.lineFeed)
        for (position, name) in additionalHeaders.enumerated() {
            if position > 0 { text.append(ASCII.semicolon) }
            text += name.utf8
        }
        text.append(ASCII.lineFeed)
        text += (parts.headers.value(of: "x-oss-content-sha256") ?? unsignedPayload).utf8
        return text
    }

    /// Adds the string to sign to a canonical request.
    ///
    /// - Parameter date: the moment of signing, in the form of `x-oss-date`.
    static func signedText(canonicalRequest: [UInt8], date: String, scope: ScopeV4) -> SignedText {
        var text: [UInt8] = []
        text.reserveCapacity(192)
        text += scope.family.algorithm.utf8
        text.append(ASCII.lineFeed)
        text += date.utf8
        text.append(ASCII.lineFeed)
        scope.append(to: &text)
        text.append(ASCII.lineFeed)
        Hexadecimal.appendLower(SHA256.hash(data: canonicalRequest), to: &text)
        return SignedText(canonicalRequest: canonicalRequest, stringToSign: text)
    }

    /// Whether a signature covers a header: because all do, or because its maker listed it.
    static func isCovered(_ entry: CanonicalHeaders.Entry, _ additionalHeaders: [String]) -> Bool {
        isAlwaysCovered(entry.name) || additionalHeaders.contains { entry.isNamed($0) }
    }

    /// Whether every V4 signature covers the header of this name, given in lower case.
    static func isAlwaysCovered(_ name: [UInt8]) -> Bool {
        CanonicalHeaders.isOSSHeader(name) || ASCII.isEqual(name, "content-type") || ASCII.isEqual(name, "content-md5")
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
