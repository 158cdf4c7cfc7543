/// A form with which whoever holds it can upload a file, for a time.
public struct PresignedForm: Sendable, CustomStringConvertible {
    /// Where the form is sent.
    public let url: String
    /// The fields that the form has to hold before its file, which comes last; what the policy allows can be added.
    public let fields: [PostForm.Field]
    /// The last second in which the form is good.
    public let expiresAtUnixSeconds: Int64

    public var description: String { "<redacted>" }
}

extension Presigner {
    /// The upload that a form is to allow.
    public struct FormRequest: Sendable {
        /// The bucket.
        public let bucket: BucketName
        /// Fields with the values that they have to have, such as `key`; the form comes with them.
        public let fields: [PostForm.Field]
        /// What else has to hold, such as that a key begins in some way, or that the file has some length.
        public let conditions: [PostPolicy.Condition]

        /// Describes an upload.
        public init(bucket: BucketName, fields: [PostForm.Field], conditions: [PostPolicy.Condition] = []) {
            self.bucket = bucket
            self.fields = fields
            self.conditions = conditions
        }
    }

    /// Makes a form by V4, whose policy fixes every field that the form comes with.
    ///
    /// - Parameters:
    ///   - request: the upload to allow.
    ///   - lifetimeSeconds: how long the form is good: 1 to 604,800 seconds.
    ///   - nowUnixSeconds: the time.
    /// - Throws: `lifetimeOutOfRange`; `invalidForm`.
    public func presignFormV4(
        _ request: FormRequest, lifetimeSeconds: Int64, nowUnixSeconds: Int64
    ) throws(SigningError) -> PresignedForm {
        guard (1...Limits.maximumV4LifetimeSeconds).contains(lifetimeSeconds) else {
            throw .lifetimeOutOfRange(seconds: lifetimeSeconds)
        }
        let date = ISO8601.formatBasic(unixSeconds: nowUnixSeconds)
        let scope = ScopeV4(day: String(date.prefix(8)), region: region, product: product)
        var own = [
            PostForm.Field(CanonicalV4.Parameter.version, CanonicalV4.algorithm),
            PostForm.Field(CanonicalV4.Parameter.credential, "\(credentials.accessKeyID)/\(scope.text)"),
            PostForm.Field(CanonicalV4.Parameter.date, date),
        ]
        if let token = credentials.securityToken {
            own.append(PostForm.Field(CanonicalV4.Parameter.securityToken, token.reveal()))
        }
        let policy = try policy(of: request, own: own, lifetimeSeconds: lifetimeSeconds, now: nowUnixSeconds)
        let text = Base64.encode(Array(policy.json.utf8))
        let key = SigningKeyV4(secret: credentials.accessKeySecret, scope: scope)
        own.append(PostForm.Field("policy", text))
        own.append(PostForm.Field(CanonicalV4.Parameter.signature, key.signature(of: Array(text.utf8))))
        return form(request, own: own, policy: policy)
    }

    /// Makes a form by V1.
    ///
    /// - Parameters:
    ///   - request: the upload to allow.
    ///   - lifetimeSeconds: how long the form is good: 1 second at least.
    ///   - nowUnixSeconds: the time.
    /// - Throws: `lifetimeOutOfRange`; `invalidForm`.
    public func presignFormV1(
        _ request: FormRequest, lifetimeSeconds: Int64, nowUnixSeconds: Int64
    ) throws(SigningError) -> PresignedForm {
        guard lifetimeSeconds >= 1 else { throw .lifetimeOutOfRange(seconds: lifetimeSeconds) }
        var own: [PostForm.Field] = []
        if let token = credentials.securityToken {
            own.append(PostForm.Field(CanonicalV4.Parameter.securityToken, token.reveal()))
        }
        let policy = try policy(of: request, own: own, lifetimeSeconds: lifetimeSeconds, now: nowUnixSeconds)
        let text = Base64.encode(Array(policy.json.utf8))
        own += [
            PostForm.Field("OSSAccessKeyId", credentials.accessKeyID), PostForm.Field("policy", text),
            PostForm.Field(
                "Signature",
                CanonicalV1.signature(of: Array(text.utf8), with: credentials.accessKeySecret)),
        ]
        return form(request, own: own, policy: policy)
    }

    private static let reservedFields = [
        "bucket", "policy", "file", "OSSAccessKeyId", "Signature", CanonicalV4.Parameter.version,
        CanonicalV4.Parameter.credential, CanonicalV4.Parameter.date, CanonicalV4.Parameter.signature,
        CanonicalV4.Parameter.securityToken,
    ]

    private func policy(
        of request: FormRequest, own: [PostForm.Field], lifetimeSeconds: Int64, now: Int64
    ) throws(SigningError) -> PostPolicy {
        let expires = try Self.sum(now, lifetimeSeconds)
        guard expires <= CivilTime.latestUnixSeconds else { throw .lifetimeOutOfRange(seconds: lifetimeSeconds) }
        var names: Set<[UInt8]> = []
        for field in request.fields {
            let isReserved = Self.reservedFields.contains { ASCII.isEqualIgnoringCase($0, field.name) }
            guard !field.name.isEmpty, !isReserved, names.insert(ASCII.lowercased(field.name)).inserted else {
                throw .invalidForm(field: field.name)
            }
        }
        // A form without a word on the key would let its holder choose any.
        let isKeyLimited = request.conditions.contains {
            $0.field.map { ASCII.isEqualIgnoringCase($0, "key") } ?? false
        }
        guard names.contains(Array("key".utf8)) || isKeyLimited else { throw .invalidForm(field: "key") }
        let fixed = [PostForm.Field("bucket", request.bucket.text)] + request.fields + own
        return PostPolicy(
            expiresAtUnixSeconds: expires,
            conditions: fixed.map { .equals(field: $0.name, value: $0.value) } + request.conditions)
    }

    private func form(_ request: FormRequest, own: [PostForm.Field], policy: PostPolicy) -> PresignedForm {
        PresignedForm(
            url: endpoint.url(of: SignedResource(bucket: request.bucket.text)), fields: request.fields + own,
            expiresAtUnixSeconds: policy.expiresAtUnixSeconds)
    }
}
