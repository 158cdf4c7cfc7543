/// V1, in the header and in the URL.
///
/// Source: oss-wire facts 2.1, 2.2 and 3.
extension SignatureReader {
    /// Reads `OSS id:signature`.
    func readV1Header(_ header: String, credentials text: Substring) throws(OSSError) -> PresentedSignature {
        let credentials = try olderCredentials(text, in: header)
        // Browsers cannot set Date, so x-oss-date wins where it is sent.
        let date = request.header("x-oss-date") ?? request.header("Date")
        var presented = PresentedSignature(
            scheme: .v1Header, accessKeyID: credentials.accessKeyID, signature: credentials.signature,
            text: SignedText(stringToSign: CanonicalV1.stringToSign(parts, date: (date ?? "").utf8)),
            algorithm: .hmacSHA1, parts: parts)
        presented.alternatives = alternativesV1(date: (date ?? "").utf8)
        var refusal = FirstRefusal()
        refusal.note { () throws(OSSError) in
            try checkDateLine(date)
            presented.securityToken = try securityToken(inHeaders: ["x-oss-security-token", "security-token"])
        }
        presented.refusal = refusal.error
        return presented
    }

    /// Reads `OSSAccessKeyId`, `Expires` and `Signature`.
    func readV1URL() throws(OSSError) -> PresentedSignature {
        var presented = try readOlderURL(
            .v1URL, names: OlderURLNames(accessKeyID: "OSSAccessKeyId", securityToken: "security-token"),
            algorithm: .hmacSHA1
        ) { expires in CanonicalV1.stringToSign(parts, date: expires.utf8) }
        presented.alternatives = alternativesV1(date: (request.target.value(of: "Expires") ?? "").utf8)
        return presented
    }

    /// What the C SDK and OpenDAL sign of a bucket that they address as `/bucket`: the same without the slash.
    ///
    /// Source: assumption A-091.
    private func alternativesV1(date: some Sequence<UInt8>) -> [SignedText] {
        guard parts.resource.bucket != nil, parts.resource.key == nil, request.target.rawPath.utf8.last != ASCII.slash
        else { return [] }
        return [SignedText(stringToSign: CanonicalV1.stringToSign(parts, date: date, isBucketBare: true))]
    }
}
