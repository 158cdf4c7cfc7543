import Crypto

/// The string to sign of OSS2, and its signature.
///
/// Source: oss-wire fact 2.3.
enum CanonicalV2 {
    /// The scheme's name, in the header and in the URL.
    static let algorithm = "OSS2"

    /// The parameters of an OSS2 signature in the query string, where they are not those of V4.
    enum Parameter {
        static let accessKeyID = "x-oss-access-key-id"
        static let securityToken = "security-token"
    }

    /// Builds the string to sign.
    ///
    /// - Parameters:
    ///   - parts: the request; of its query, everything but the signature itself is taken.
    ///   - date: the date line: the date header's value, or `x-oss-expires` of a URL.
    ///   - additionalHeaders: headers to cover besides those that always are: in lower case and sorted.
    static func stringToSign(
        _ parts: SignedParts, date: some Sequence<UInt8>, additionalHeaders: [String]
    ) -> [UInt8] {
        var text = parts.openingLines(date: date)
        text +=
            parts.headers.entries.filter { entry in
                CanonicalHeaders.isOSSHeader(entry.name)
                    || additionalHeaders.contains { entry.name.elementsEqual($0.utf8) }
            }.lines
        text += Array(additionalHeaders.joined(separator: ";").utf8) + [ASCII.lineFeed]
        text += PercentCoding.encodedBytes(parts.resource.canonicalBytes)
        CanonicalQuery.appendEncoded(
            parts.query, without: CanonicalV4.Parameter.signature, start: ASCII.question, to: &text)
        return text
    }

    /// The signature of a string to sign, in base64.
    static func signature(of stringToSign: [UInt8], with secret: Secret) -> String {
        let key = SymmetricKey(data: Array(secret.reveal().utf8))
        return Base64.encode(Array(HMAC<SHA256>.authenticationCode(for: stringToSign, using: key)))
    }
}
