import Crypto

/// The string to sign of V1, and its signature.
///
/// Source: oss-wire facts 2.1 and 2.2.
enum CanonicalV1 {
    /// Builds the string to sign.
    ///
    /// - Parameters:
    ///   - request: the request; of its query, the sub-resources are taken.
    ///   - date: the date line: the date header's value, or `Expires` of a URL.
    static func stringToSign(_ request: SignableRequest, date: some Sequence<UInt8>) -> [UInt8] {
        let headers = request.canonicalHeaders
        var text = Array(request.method.utf8) + [ASCII.lineFeed]
        text += (headers.value(of: "content-md5") ?? []) + [ASCII.lineFeed]
        text += (headers.value(of: "content-type") ?? []) + [ASCII.lineFeed]
        text += Array(date) + [ASCII.lineFeed]
        text += headers.entries.filter { CanonicalHeaders.isOSSHeader($0.name) }.lines
        text += request.resource.canonicalBytes
        let subresources = request.query.filter { Subresources.contains($0.nameBytes) }
            .map { (name: $0.nameBytes, value: $0.valueOrEmpty) }
        return text + CanonicalQuery.text(subresources, start: ASCII.question)
    }

    /// The signature of a string to sign, in base64.
    static func signature(of stringToSign: [UInt8], with secret: Secret) -> String {
        let key = SymmetricKey(data: Array(secret.reveal().utf8))
        return Base64.encode(Array(HMAC<Insecure.SHA1>.authenticationCode(for: stringToSign, using: key)))
    }
}

/// Parameters in the order and form in which signatures cover them.
enum CanonicalQuery {
    /// The parameters sorted, joined by `&`, an empty value as the bare name.
    ///
    /// - Parameter start: what stands before the first parameter, if there is any.
    static func text(_ items: [(name: [UInt8], value: [UInt8])], start: UInt8? = nil) -> [UInt8] {
        let sorted = items.sorted { left, right in
            left.name == right.name
                ? left.value.lexicographicallyPrecedes(right.value) : left.name.lexicographicallyPrecedes(right.name)
        }
        var text: [UInt8] = []
        for item in sorted {
            if let separator = text.isEmpty ? start : ASCII.ampersand {
                text.append(separator)
            }
            text += item.value.isEmpty ? item.name : item.name + [ASCII.equals] + item.value
        }
        return text
    }
}
