/// A signature that a request holds, read but not yet compared.
public struct PresentedSignature: Sendable {
    /// How the request was signed.
    public let scheme: SignatureScheme
    /// The access key that the signer claims to have.
    public let accessKeyID: String
    /// The security token that came with it; nil if none did.
    public internal(set) var securityToken: Secret?
    /// The last second in which the URL or the form is good; nil for a signature in the header.
    public internal(set) var expiresAtUnixSeconds: Int64?
    /// What the signature says about the body.
    public internal(set) var payload = SignedPayload.unsigned
    /// Why the request is refused whoever signed it, such as its time; nil if it is in order.
    public internal(set) var refusal: OSSError?

    /// The signature as it was sent.
    let signature: String
    /// The headers that it covers because its maker listed them, in lower case and sorted.
    var additionalHeaders: [String] = []
    /// What was signed, if the signature is right.
    let text: SignedText
    /// What was signed by clients of other habits, where they differ.
    var alternatives: [SignedText] = []
    /// How the signature is made.
    let algorithm: Algorithm
    /// The moment of signing as it stands in the string to sign; nil where no chunks can follow.
    var signingDate: String?
    /// The request; nil for a form, whose policy is all that is signed.
    var parts: SignedParts?

    /// How a signature is made from a string to sign.
    enum Algorithm: Sendable {
        /// HMAC-SHA1 under the secret, in base64.
        case hmacSHA1
        /// HMAC-SHA256 under the secret, in base64.
        case hmacSHA256
        /// HMAC-SHA256 under the key of a scope, in hexadecimal digits.
        case v4(ScopeV4)
    }

    /// The string to sign, as the verifier makes it.
    public var stringToSign: [UInt8] { text.stringToSign }
    /// The canonical request, as the verifier makes it; nil in schemes without one.
    public var canonicalRequest: [UInt8]? { text.canonicalRequest }

    /// Compares the signature with the right one, in a time that does not tell whether the key is known.
    ///
    /// - Parameters:
    ///   - secret: the secret of the access key; nil if there is no such key.
    ///   - securityToken: the token that belongs to a temporary access key; nil for a lasting one.
    ///   - keys: where signing keys of V4 are kept between requests; nil to make one each time.
    /// - Throws: `refusal` if there is one; then `InvalidAccessKeyId`, `InvalidSecurityToken`,
    ///   `AccessKeyIdAndSecurityTokenNotMatch`, `SignatureDoesNotMatch`, in this order.
    public func verify(
        with secret: Secret?, securityToken expectedToken: Secret? = nil, keys: SigningKeyCache? = nil
    ) throws(OSSError) -> VerifiedSignature {
        // An unknown key costs what a known one does: its signature is compared under a secret that nobody has.
        let (key, isNew) = signingKey(of: secret, in: keys)
        let isRight = isSignature(by: key)
        if let refusal { throw refusal }
        guard secret != nil else { throw AuthenticationRefusal.unknownKey(accessKeyID, scheme: scheme) }
        try checkToken(expectedToken)
        guard isRight else { throw mismatch }
        if isNew, let keys, let secret, case .v4(let signingKey, let scope) = key {
            keys.keep(signingKey, accessKeyID: accessKeyID, secret: secret, scope: scope)
        }
        return VerifiedSignature(
            scheme: scheme, accessKeyID: accessKeyID, securityToken: securityToken,
            additionalHeaders: additionalHeaders, expiresAtUnixSeconds: expiresAtUnixSeconds, payload: payload,
            chunkSignatures: chunkSignatures(key))
    }

    /// What a signature is made with.
    private enum SigningKey {
        case secret(Secret)
        case v4(SigningKeyV4, ScopeV4)
    }

    /// What the signature is compared with the help of, and whether it was made just now.
    private func signingKey(of secret: Secret?, in keys: SigningKeyCache?) -> (key: SigningKey, isNew: Bool) {
        let verifying = secret ?? Secret("no access key has this secret")
        guard case .v4(let scope) = algorithm else { return (.secret(verifying), false) }
        let make = { SigningKeyV4(secret: verifying, scope: scope) }
        guard let keys else { return (.v4(make(), scope), true) }
        guard let secret else { return (.v4(keys.standIn(or: make), scope), false) }
        if let kept = keys.key(accessKeyID: accessKeyID, secret: secret, scope: scope) {
            return (.v4(kept, scope), false)
        }
        return (.v4(keys.counted(make), scope), true)
    }

    private func isSignature(by key: SigningKey) -> Bool {
        switch key {
        case .secret(let secret):
            if case .hmacSHA1 = algorithm {
                return isAnyText { CanonicalV1.signature(of: $0, with: secret) }
            }
            return isAnyText { CanonicalV2.signature(of: $0, with: secret) }
        case .v4(let key, _):
            return isAnyText { key.signature(of: $0) }
        }
    }

    /// Whether one of the texts has the signature; all are looked at, so that the time does not tell which one has it.
    private func isAnyText(_ signature: ([UInt8]) -> String) -> Bool {
        alternatives.reduce(matches(signature(text.stringToSign))) { found, alternative in
            matches(signature(alternative.stringToSign)) || found
        }
    }

    private func chunkSignatures(_ key: SigningKey) -> ChunkSignatures? {
        guard case .v4(let key, let scope) = key, let date = signingDate else { return nil }
        switch payload {
        case .streaming(.signed), .streaming(.signedWithTrailer):
            return ChunkSignatures(key: key, scope: scope, date: date, seed: signature)
        case .streaming(.unsignedWithTrailer), .unsigned, .digest:
            return nil
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
                ec: "0002-00000003", fields: [(AuthenticationRefusal.keyField(scheme), accessKeyID)])
        case (.some(let expected), .some(let presented)):
            guard equalInConstantTime(expected.reveal().utf8, presented.reveal().utf8) else {
                throw OSSError(.accessKeyIDAndSecurityTokenNotMatch)
            }
        }
    }

    /// The refusal of a wrong signature: what was signed here, never the right signature.
    private var mismatch: OSSError {
        var fields = [
            (AuthenticationRefusal.keyField(scheme), accessKeyID), ("SignatureProvided", signature),
            ("StringToSign", String(decoding: stringToSign, as: UTF8.self)),
            ("StringToSignBytes", Hexadecimal.spacedPairs(stringToSign)),
        ]
        if let canonicalRequest {
            fields.append(("CanonicalRequest", String(decoding: canonicalRequest, as: UTF8.self)))
        }
        return OSSError(.signatureDoesNotMatch, ec: scheme.mismatchEC, fields: fields)
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
    /// The headers that the signer covered by listing them, in lower case and sorted.
    public let additionalHeaders: [String]
    /// The last second in which the URL or the form is good; nil for a signature in the header.
    public let expiresAtUnixSeconds: Int64?
    /// What the signature says about the body.
    public let payload: SignedPayload
    /// What the signatures of the body's chunks are checked with; nil if it has none.
    public let chunkSignatures: ChunkSignatures?

    /// Whether the signature fixes the value of a header, or that the request does not have it.
    ///
    /// In V4 of OSS, the absence of an empty header is not fixed.
    public func binds(header name: String) -> Bool {
        let name = ASCII.lowercased(name)
        return scheme.alwaysCovers(header: name) || additionalHeaders.contains { name.elementsEqual($0.utf8) }
    }
}
