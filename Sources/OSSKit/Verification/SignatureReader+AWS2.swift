/// AWS's V2 in the S3 dialect, in the header and in the URL.
///
/// Source: oss-wire fact 16.
extension SignatureReader {
    /// Reads `AWS id:signature`.
    func readAWS2Header(_ header: String, credentials text: Substring) throws(OSSError) -> PresentedSignature {
        let credentials = try olderCredentials(text, in: header)
        let ownDate = request.header("x-amz-date")
        let stringToSign = CanonicalAWS2.stringToSign(
            parts, rawPath: request.target.rawPath, date: (ownDate == nil ? request.header("Date") ?? "" : "").utf8)
        var presented = PresentedSignature(
            scheme: .aws2Header, accessKeyID: credentials.accessKeyID, signature: credentials.signature,
            text: SignedText(stringToSign: stringToSign), algorithm: .hmacSHA1, parts: parts)
        if CanonicalAWS2.isOpenBucket(parts, rawPath: request.target.rawPath) {
            let date = (ownDate == nil ? request.header("Date") ?? "" : "").utf8
            presented.alternatives = [
                SignedText(
                    stringToSign: CanonicalAWS2.stringToSign(
                        parts, rawPath: request.target.rawPath, date: date, closesBucket: true))
            ]
        }
        var refusal = FirstRefusal()
        refusal.note { () throws(OSSError) in
            // One client names the zone of its time by a number.
            let date = ownDate ?? request.header("Date")
            try checkDateLine(date.map { $0.hasSuffix(" +0000") ? $0.dropLast(5) + "GMT" : $0 })
            presented.securityToken = try securityToken(inHeaders: [CanonicalAWS2.securityToken])
            try checkNothingOfOSS()
        }
        presented.refusal = refusal.error
        return presented
    }

    /// Reads `AWSAccessKeyId`, `Expires` and `Signature`.
    func readAWS2URL() throws(OSSError) -> PresentedSignature {
        let names = OlderURLNames(
            accessKeyID: "AWSAccessKeyId", securityToken: CanonicalAWS2.securityToken,
            securityTokenHeader: CanonicalAWS2.securityToken)
        var presented = try readOlderURL(.aws2URL, names: names, algorithm: .hmacSHA1) { expires in
            CanonicalAWS2.stringToSign(
                parts, rawPath: request.target.rawPath, date: expires.utf8,
                tokenInQuery: request.target.first(CanonicalAWS2.securityToken)?.valueOrEmpty)
        }
        var refusal = FirstRefusal()
        refusal.note { () throws(OSSError) in
            if let earlier = presented.refusal { throw earlier }
            try checkNothingOfOSS()
        }
        presented.refusal = refusal.error
        return presented
    }

    /// Refuses headers and parameters of OSS, which AWS's V2 does not cover and which would change what is done.
    private func checkNothingOfOSS() throws(OSSError) {
        let header = parts.headers.entries.first { CanonicalHeaders.isOSSHeader($0.name) }?.name
        let parameter = parts.query.first { item in
            // Where a list goes on decides nothing.
            let isKnown = Subresources.contains(item.nameBytes) && item.name != "continuation-token"
            return isKnown && !CanonicalAWS2.covers(parameter: item.nameBytes)
        }?.nameBytes
        guard let name = header ?? parameter else { return }
        throw AuthenticationRefusal.notCovered(String(decoding: name, as: UTF8.self))
    }
}
