/// V4 in the header.
///
/// Source: oss-wire facts 2.4 and 3.
extension SignatureReader {
    /// The fields of an `Authorization` header of V4.
    private struct Fields {
        var credential: Substring?
        var additionalHeaders: Substring?
        var signature: Substring?

        /// Takes `name=value` fields with commas between them, in any order; nil if one is unknown, doubled or broken.
        init?(_ text: Substring) {
            for piece in text.utf8.split(separator: ASCII.comma, omittingEmptySubsequences: false) {
                let field = Substring(ASCII.trimmed(piece))
                guard let equals = field.utf8.firstIndex(of: ASCII.equals) else { return nil }
                let value = field[field.utf8.index(after: equals)...]
                guard take(field[..<equals], value) else { return nil }
            }
        }

        private mutating func take(_ name: Substring, _ value: Substring) -> Bool {
            let field: WritableKeyPath<Fields, Substring?>
            switch Array(name.utf8) {
            case Array("Credential".utf8): field = \.credential
            case Array("AdditionalHeaders".utf8): field = \.additionalHeaders
            case Array("Signature".utf8): field = \.signature
            default: return false
            }
            guard self[keyPath: field] == nil else { return false }
            self[keyPath: field] = value
            return true
        }
    }

    /// Reads `OSS4-HMAC-SHA256 Credential=…,AdditionalHeaders=…,Signature=…`.
    func readV4Header(_ header: String, fields text: Substring) throws(OSSError) -> PresentedSignature {
        guard let fields = Fields(text), let signature = fields.signature,
            (1...Limits.maximumSignatureBytes).contains(signature.utf8.count)
        else { throw AuthenticationRefusal.malformedHeader(header) }
        guard let credentialText = fields.credential, let credential = Credential(credentialText) else {
            throw AuthenticationRefusal.malformedHeader(header, ec: "0002-00000206")
        }
        guard let additional = additionalHeaders(fields.additionalHeaders ?? "") else {
            throw AuthenticationRefusal.malformedHeader(header)
        }
        let (dateText, date) = try dateOfHeaderV4()
        try check(credential, date: dateText, wording: headerWording(header))
        try checkPayload(isRequired: true)
        try AuthenticationRefusal.checkSkew(ofDate: date, now: conditions.nowUnixSeconds)
        return PresentedSignature(
            scheme: .v4Header, accessKeyID: credential.accessKeyID,
            securityToken: try securityToken(inHeaders: ["x-oss-security-token"]), signature: String(signature),
            expiresAtUnixSeconds: nil, additionalHeaders: additional,
            forms: forms(additional: additional, date: dateText, scope: credential.scope))
    }

    /// The moment of signing, as text and as unix seconds: of `x-oss-date`, or of `Date` where there is none.
    private func dateOfHeaderV4() throws(OSSError) -> (text: String, date: Int64) {
        if let text = request.header("x-oss-date") {
            guard let date = ISO8601.parseBasic(text) else { throw AuthenticationRefusal.noDate }
            return (text, date)
        }
        guard let date = request.header("Date").flatMap(HTTPDate.parse) else { throw AuthenticationRefusal.noDate }
        return (ISO8601.formatBasic(unixSeconds: date), date)
    }

    private func headerWording(_ header: String) -> Wording {
        Wording(
            terminator: AuthenticationRefusal.malformedHeader(
                header, message: "Invalid signing terminator in Authorization header.", ec: "0002-00000213"),
            day: AuthenticationRefusal.malformedHeader(
                header, message: "Invalid signing date in Authorization header.", ec: "0002-00000212"),
            region: AuthenticationRefusal.malformedHeader(
                header, message: "Invalid signing region in Authorization header.", ec: "0002-00000226"),
            product: AuthenticationRefusal.malformedHeader(
                header, message: "Invalid signing product in Authorization header.", ec: "0002-00000227"))
    }
}
