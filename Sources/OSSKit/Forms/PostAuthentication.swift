/// Who sent a form upload, as far as that can be told without a secret.
///
/// The `Authorization` header and signatures in the URL do not count for a form. Source: oss-wire facts 3 and 4.
public enum PostAuthentication: Sendable {
    /// The form holds no trace of a signature and no policy.
    case anonymous
    /// The form is signed; whether rightly, the secret of its access key will tell.
    case presented(PresentedSignature)

    private typealias Parameter = CanonicalV4.Parameter

    private static let v1Names = ["OSSAccessKeyId", "Signature"]
    private static let v4Names = [Parameter.version, Parameter.credential, Parameter.date, Parameter.signature]

    /// Reads the signature of a form and checks all of it that needs no secret, but not the policy itself.
    ///
    /// - Throws: `InvalidArgument`, `InvalidSecurityToken`, `AccessDenied`.
    public static func read(
        _ form: PostForm, conditions: RequestAuthentication.Conditions
    ) throws(OSSError) -> PostAuthentication {
        let found = try examine(form, conditions: conditions)
        if case .presented(let presented) = found, let refusal = presented.refusal { throw refusal }
        return found
    }

    /// Reads the signature of a form, also one that is refused for its time, its region or the like.
    ///
    /// - Throws: as `read(_:conditions:)`, but only for what cannot be read as a signature at all.
    public static func examine(
        _ form: PostForm, conditions: RequestAuthentication.Conditions
    ) throws(OSSError) -> PostAuthentication {
        let holdsV1 = v1Names.contains { !form.values($0).isEmpty }
        let holdsV4 = v4Names.contains { !form.values($0).isEmpty }
        let policy = try form.single("policy")
        guard !holdsV1 || !holdsV4 else {
            throw refusal("OSSAccessKeyId", "", "The form holds parts of two kinds of signatures.")
        }
        guard holdsV1 || holdsV4 else {
            guard policy == nil else {
                throw refusal("OSSAccessKeyId", "", "Bucket POST must contain the field 'OSSAccessKeyId'.")
            }
            return .anonymous
        }
        let scheme = holdsV4 ? SignatureScheme.v4Post : .v1Post
        guard conditions.schemes.contains(scheme) else {
            throw AuthenticationRefusal.unsupportedScheme(holdsV4 ? Parameter.version : "Signature", "")
        }
        guard let policy, !policy.isEmpty else {
            throw refusal(
                "policy", "", "Bucket POST must contain the field 'policy'.", ec: holdsV4 ? "0002-00000702" : nil)
        }
        return .presented(
            holdsV4 ? try readV4(form, policy: policy, conditions) : try readV1(form, policy: policy))
    }

    /// Checks the policy of a form whose signature is right: its time, its conditions and what V4 asks of them.
    ///
    /// - Returns: the policy, by which the length of the file is still to be checked.
    /// - Throws: `InvalidPolicyDocument`, `AccessDenied`.
    public static func checkPolicy(of form: PostForm, nowUnixSeconds: Int64) throws(OSSError) -> PostPolicy {
        let policy = try PostPolicy(base64: try form.single("policy") ?? "")
        if !form.values(Parameter.version).isEmpty {
            let names = [Parameter.version, Parameter.credential, Parameter.date, Parameter.securityToken]
            for name in names where !form.values(name).isEmpty && !policy.fixes(name) {
                throw OSSError(
                    .accessDenied, message: "Invalid according to Policy: no condition fixes the field \(name).")
            }
        }
        try policy.check(form, nowUnixSeconds: nowUnixSeconds)
        return policy
    }

    private static func readV1(_ form: PostForm, policy: String) throws(OSSError) -> PresentedSignature {
        let accessKeyID = try required(form, "OSSAccessKeyId")
        let signature = try required(form, "Signature")
        var presented = PresentedSignature(
            scheme: .v1Post, accessKeyID: accessKeyID, signature: signature,
            text: SignedText(stringToSign: Array(policy.utf8)), algorithm: .hmacSHA1)
        presented.expiresAtUnixSeconds = (try? PostPolicy(base64: policy))?.expiresAtUnixSeconds
        var first = FirstRefusal()
        first.note { () throws(OSSError) in
            guard SignatureReader.isAccessKeyID(accessKeyID) else {
                throw AuthenticationRefusal.unknownKey(accessKeyID, scheme: .v1Post)
            }
            presented.securityToken = try token(form)
        }
        presented.refusal = first.error
        return presented
    }

    private static func readV4(
        _ form: PostForm, policy: String, _ conditions: RequestAuthentication.Conditions
    ) throws(OSSError) -> PresentedSignature {
        let version = try required(form, Parameter.version, ec: "0002-00000701")
        guard version.utf8.elementsEqual(CanonicalV4.algorithm.utf8) else {
            throw refusal(Parameter.version, version, "Unsupported signature version.", ec: "0002-00000701")
        }
        let credentialText = try required(form, Parameter.credential, ec: "0002-00000710")
        guard let credential = SignatureReader.Credential(credentialText) else {
            throw refusal(Parameter.credential, credentialText, "The credential is invalid.", ec: "0002-00000710")
        }
        let dateText = try required(form, Parameter.date, ec: "0002-00000709")
        guard let date = ISO8601.parseBasic(dateText) else {
            throw refusal(Parameter.date, dateText, "Invalid signing date.", ec: "0002-00000709")
        }
        var presented = PresentedSignature(
            scheme: .v4Post, accessKeyID: credential.accessKeyID, signature: try required(form, Parameter.signature),
            text: SignedText(stringToSign: Array(policy.utf8)), algorithm: .v4(credential.scope))
        let end = date + Limits.maximumV4LifetimeSeconds
        presented.expiresAtUnixSeconds = min((try? PostPolicy(base64: policy))?.expiresAtUnixSeconds ?? end, end)
        var first = FirstRefusal()
        first.note { () throws(OSSError) in
            try credential.check(date: dateText, conditions: conditions, wording: wording(credentialText))
            guard conditions.nowUnixSeconds >= date - Limits.clockSkewSeconds else {
                throw AuthenticationRefusal.outsideLifetime(
                    message: "Request is not valid yet.", ec: "0002-00000235", expires: end,
                    now: conditions.nowUnixSeconds)
            }
            guard conditions.nowUnixSeconds <= end else {
                throw AuthenticationRefusal.outsideLifetime(
                    message: "Request has expired.", ec: "0002-00000236", expires: end,
                    now: conditions.nowUnixSeconds)
            }
            presented.securityToken = try token(form)
        }
        presented.refusal = first.error
        return presented
    }

    private static func wording(_ credential: String) -> SignatureReader.Wording {
        { part in
            refusal(
                Parameter.credential, credential, "Invalid signing \(part.rawValue) in the credential.",
                ec: part == .day ? "0002-00000709" : "0002-00000710")
        }
    }

    private static func token(_ form: PostForm) throws(OSSError) -> Secret? {
        guard let text = try form.single(Parameter.securityToken) else { return nil }
        return try SignatureReader.securityToken(text)
    }

    private static func required(_ form: PostForm, _ name: String, ec: String? = nil) throws(OSSError) -> String {
        guard let value = try form.single(name), !value.isEmpty,
            name == Parameter.credential || value.utf8.count <= Limits.maximumSignatureBytes
        else { throw refusal(name, "", "Bucket POST must contain the field '\(name)'.", ec: ec) }
        return value
    }

    private static func refusal(_ name: String, _ value: String, _ message: String, ec: String? = nil) -> OSSError {
        .invalidArgument(name, value, message: message, ec: ec)
    }
}
