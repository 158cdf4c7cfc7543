import Crypto

/// The string to sign of V1, and its signature.
///
/// Source: oss-wire facts 2.1 and 2.2.
enum CanonicalV1 {
    /// Builds the string to sign.
    ///
    /// - Parameters:
    ///   - parts: the request; of its query, the sub-resources are taken.
    ///   - date: the date line: the date header's value, or `Expires` of a URL.
    ///   - isBucketBare: whether a bucket's resource is `/bucket`, without the slash that OSS puts behind it.
    static func stringToSign(
        _ parts: SignedParts, date: some Sequence<UInt8>, isBucketBare: Bool = false
    ) -> [UInt8] {
        var text = parts.openingLines(date: date)
        for entry in parts.headers.entries where CanonicalHeaders.isOSSHeader(entry.name) {
            entry.appendLine(to: &text)
        }
        text += isBucketBare ? parts.resource.canonicalBytes.dropLast() : parts.resource.canonicalBytes[...]
        let subresources = parts.query.filter { Subresources.contains($0.nameBytes) }
            .map { (name: $0.nameBytes, value: $0.valueOrEmpty) }
        CanonicalQuery.append(subresources, start: ASCII.question, to: &text)
        return text
    }

    /// The signature of a string to sign, in base64.
    static func signature(of stringToSign: [UInt8], with secret: Secret) -> String {
        let key = SymmetricKey(data: Array(secret.reveal().utf8))
        return Base64.encode(Array(HMAC<Insecure.SHA1>.authenticationCode(for: stringToSign, using: key)))
    }
}
