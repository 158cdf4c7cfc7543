/// OSS2, in the header and in the URL.
///
/// Source: oss-wire facts 2.3 and 3.
extension SignatureReader {
    /// Reads `OSS2 AccessKeyId:…,AdditionalHeaders:…,Signature:…`.
    func readV2Header(_ header: String, fields text: Substring) throws(OSSError) -> PresentedSignature {
        let fields = AuthorizationFields(
            text, separator: ASCII.colon, names: ["AccessKeyId", "AdditionalHeaders", "Signature"])
        guard let fields, let accessKeyID = fields["AccessKeyId"], let signature = fields["Signature"],
            (1...Limits.maximumSignatureBytes).contains(signature.utf8.count),
            let additional = additionalHeaders(fields["AdditionalHeaders"] ?? "")
        else { throw AuthenticationRefusal.malformedHeader(header, ec: "0002-00000102") }
        guard Self.isAccessKeyID(accessKeyID) else {
            throw AuthenticationRefusal.malformedHeader(header, ec: "0002-00000104")
        }
        let date = request.header("x-oss-date") ?? request.header("Date")
        let stringToSign = CanonicalV2.stringToSign(
            parts, date: (date ?? "").utf8, additionalHeaders: additional)
        var presented = PresentedSignature(
            scheme: .v2Header, accessKeyID: accessKeyID, signature: signature, additionalHeaders: additional,
            text: SignedText(stringToSign: stringToSign), algorithm: .hmacSHA256, parts: parts)
        var refusal = FirstRefusal()
        refusal.note { () throws(OSSError) in
            try checkDateLine(date)
            presented.securityToken = try securityToken(inHeaders: ["x-oss-security-token"])
        }
        presented.refusal = refusal.error
        return presented
    }

    /// Reads `x-oss-access-key-id`, `x-oss-expires` and `x-oss-signature`.
    func readV2URL() throws(OSSError) -> PresentedSignature {
        let version = request.target.value(of: CanonicalV4.Parameter.version) ?? ""
        guard version.utf8.elementsEqual(CanonicalV2.algorithm.utf8) else {
            throw AuthenticationRefusal.unsupportedScheme(CanonicalV4.Parameter.version, version)
        }
        let list = request.target.value(of: CanonicalV4.Parameter.additionalHeaders) ?? ""
        guard let additional = additionalHeaders(list) else {
            throw AuthenticationRefusal.malformedParameter(
                CanonicalV4.Parameter.additionalHeaders, list, message: "The additional headers are invalid.", ec: nil)
        }
        let names = OlderURLNames(
            accessKeyID: CanonicalV2.Parameter.accessKeyID, expires: CanonicalV4.Parameter.expires,
            signature: CanonicalV4.Parameter.signature, securityToken: CanonicalV2.Parameter.securityToken)
        var presented = try readOlderURL(.v2URL, names: names, algorithm: .hmacSHA256) { expires in
            CanonicalV2.stringToSign(parts, date: expires.utf8, additionalHeaders: additional)
        }
        presented.additionalHeaders = additional
        return presented
    }
}

/// The fields of an `Authorization` header: names and values with commas between them, in any order.
struct AuthorizationFields {
    private var values: [(name: String, value: String)] = []

    /// Takes the fields of a header; nil if one is unknown, doubled or broken.
    ///
    /// - Parameters:
    ///   - text: the header without the scheme's name.
    ///   - separator: what stands between a name and its value.
    ///   - names: the fields that are known.
    init?(_ text: Substring, separator: UInt8, names: [String]) {
        for piece in text.utf8.split(separator: ASCII.comma, omittingEmptySubsequences: false) {
            let field = Substring(ASCII.trimmed(piece))
            guard let nameEnd = field.utf8.firstIndex(of: separator),
                let name = names.first(where: { field[..<nameEnd].utf8.elementsEqual($0.utf8) }), self[name] == nil
            else { return nil }
            values.append((name, String(field[field.utf8.index(after: nameEnd)...])))
        }
    }

    /// The value of a field; nil if it is not there.
    subscript(name: String) -> String? {
        values.first { $0.name.utf8.elementsEqual(name.utf8) }?.value
    }
}
