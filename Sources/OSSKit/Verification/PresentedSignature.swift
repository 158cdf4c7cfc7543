/// A signature that a request holds, in order but not yet compared.
public struct PresentedSignature: Sendable {
    /// How the request was signed.
    public let scheme: SignatureScheme
    /// The access key that the signer claims to have.
    public let accessKeyID: String
    /// The security token that came with it; nil if none did.
    public let securityToken: Secret?
    /// The signature as it was sent.
    let signature: String
    /// The last second in which the URL is good; nil for a signature in the header.
    public let expiresAtUnixSeconds: Int64?
    /// The headers that it covers besides those that always are, in lower case and sorted.
    var additionalHeaders: [String] = []
    /// What it is compared with.
    let forms: Forms

    /// The texts of V4 that a signature may be over.
    struct FormV4: Sendable {
        let canonicalRequest: [UInt8]
        let stringToSign: [UInt8]
    }

    /// What the signature is compared with.
    enum Forms: Sendable {
        /// The string to sign of V1.
        case v1([UInt8])
        /// The usual form of V4, and a second one where clients differ.
        case v4(FormV4, alternative: FormV4?, scope: ScopeV4)
    }

    /// Compares the signature with the right one, in a time that does not tell whether the key is known.
    ///
    /// - Parameters:
    ///   - secret: the secret of the access key; nil if there is no such key.
    ///   - securityToken: the token that belongs to a temporary access key; nil for a lasting one.
    /// - Throws: `InvalidAccessKeyId`, `InvalidSecurityToken`, `AccessKeyIdAndSecurityTokenNotMatch`,
    ///   `SignatureDoesNotMatch`, in this order.
    public func verify(
        with secret: Secret?, securityToken expectedToken: Secret? = nil
    ) throws(OSSError) -> VerifiedSignature {
        // An unknown key costs what a known one does: its signature is compared under a secret that nobody has.
        let isRight = isSignature(by: secret ?? Secret("no access key has this secret"))
        guard secret != nil else { throw AuthenticationRefusal.unknownKey(accessKeyID) }
        try checkToken(expectedToken)
        guard isRight else { throw mismatch }
        return VerifiedSignature(
            scheme: scheme, accessKeyID: accessKeyID, securityToken: securityToken,
            additionalHeaders: additionalHeaders, expiresAtUnixSeconds: expiresAtUnixSeconds)
    }

    private func isSignature(by secret: Secret) -> Bool {
        switch forms {
        case .v1(let stringToSign):
            return matches(CanonicalV1.signature(of: stringToSign, with: secret))
        case .v4(let usual, let alternative, let scope):
            let key = SigningKeyV4(secret: secret, scope: scope)
            let isUsual = matches(key.signature(of: usual.stringToSign))
            guard let alternative else { return isUsual }
            let isAlternative = matches(key.signature(of: alternative.stringToSign))
            return isUsual || isAlternative
        }
    }

    private func matches(_ right: String) -> Bool {
        equalInConstantTime(signature.utf8, right.utf8)
    }

    private func checkToken(_ expected: Secret?) throws(OSSError) {
        switch (expected, securityToken) {
        case (nil, nil): return
        case (nil, .some): throw OSSError(.invalidSecurityToken)
        case (.some, nil):
            throw OSSError(
                .invalidAccessKeyId,
                message: OSSErrorCode.invalidAccessKeyId.usualMessage
                    + " The access key is a temporary one, and its security token may be missing.",
                ec: "0002-00000003", fields: [("OSSAccessKeyId", accessKeyID)])
        case (.some(let expected), .some(let presented)):
            guard equalInConstantTime(expected.reveal().utf8, presented.reveal().utf8) else {
                throw OSSError(.accessKeyIDAndSecurityTokenNotMatch)
            }
        }
    }

    /// The refusal of a wrong signature: what was signed here, never the right signature.
    private var mismatch: OSSError {
        let stringToSign: [UInt8]
        var canonicalRequest: [UInt8]?
        switch forms {
        case .v1(let text):
            stringToSign = text
        case .v4(let usual, _, _):
            stringToSign = usual.stringToSign
            canonicalRequest = usual.canonicalRequest
        }
        var fields = [
            ("OSSAccessKeyId", accessKeyID), ("SignatureProvided", signature),
            ("StringToSign", String(decoding: stringToSign, as: UTF8.self)),
            ("StringToSignBytes", Hexadecimal.spacedPairs(stringToSign)),
        ]
        if let canonicalRequest {
            fields.append(("CanonicalRequest", String(decoding: canonicalRequest, as: UTF8.self)))
        }
        return OSSError(.signatureDoesNotMatch, ec: scheme.isV4 ? "0002-00000201" : "0002-00000040", fields: fields)
    }
}

/// A signature that was compared and is right.
public struct VerifiedSignature: Sendable {
    /// How the request was signed.
    public let scheme: SignatureScheme
    /// The access key of the signer.
    public let accessKeyID: String
    /// The security token of the signer's temporary key; nil for a lasting one.
    public let securityToken: Secret?
    /// The headers that the signer covered besides those that always are, in lower case and sorted.
    public let additionalHeaders: [String]
    /// The last second in which the URL is good; nil for a signature in the header.
    public let expiresAtUnixSeconds: Int64?

    /// Whether the signature fixes the value of a header, or that the request does not have it.
    ///
    /// `Content-Type`, `Content-MD5` and `x-oss-*` always are fixed, but for the absence of an empty one in V4.
    public func binds(header name: String) -> Bool {
        let name = ASCII.lowercased(name)
        return CanonicalV4.isAlwaysCovered(name) || additionalHeaders.contains { name.elementsEqual($0.utf8) }
    }
}
