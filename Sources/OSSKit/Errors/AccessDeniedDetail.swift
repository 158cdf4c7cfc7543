/// Who was refused what, and by which policy: the field `AccessDeniedDetail` of an `AccessDenied`.
///
/// Source: oss-wire facts 6 and 14.
public struct AccessDeniedDetail: Sendable, Hashable {
    /// The name of the field.
    public static let fieldName = "AccessDeniedDetail"

    /// The account that the caller belongs to.
    public var authPrincipalOwnerID: String?
    /// The kind of caller, such as `SubUser`.
    public var authPrincipalType: String?
    /// The caller's name.
    public var authPrincipalDisplayName: String?
    /// The action, such as `oss:GetObject`.
    public var authAction: String?
    /// The kind of policy that decided, such as `AccountLevelIdentityBasedPolicy`.
    public var policyType: String?
    /// How it decided: `ImplicitDeny` or `ExplicitDeny`.
    public var noPermissionType: String?
    /// A text that the service's support can read.
    public var encodedDiagnosticMessage: String?

    /// Makes a detail that says nothing.
    public init() {}

    /// The names of the elements with their values, in the order of the document.
    private var members: [(name: String, value: String?)] {
        [
            ("AuthPrincipalOwnerId", authPrincipalOwnerID), ("AuthPrincipalType", authPrincipalType),
            ("AuthPrincipalDisplayName", authPrincipalDisplayName), ("AuthAction", authAction),
            ("PolicyType", policyType), ("NoPermissionType", noPermissionType),
            ("EncodedDiagnosticMessage", encodedDiagnosticMessage),
        ]
    }

    /// The field of an error that holds the detail.
    public var field: OSSError.Field {
        OSSError.Field(
            name: Self.fieldName,
            children: members.compactMap { name, value in value.map { OSSError.Field(name: name, value: $0) } })
    }

    /// Takes a detail from the fields of an error that came back; nil if it has none.
    init?(fields: [String: String]) {
        let text: (String) -> String? = { fields[Self.fieldName + "/" + $0] }
        authPrincipalOwnerID = text("AuthPrincipalOwnerId")
        authPrincipalType = text("AuthPrincipalType")
        authPrincipalDisplayName = text("AuthPrincipalDisplayName")
        authAction = text("AuthAction")
        policyType = text("PolicyType")
        noPermissionType = text("NoPermissionType")
        encodedDiagnosticMessage = text("EncodedDiagnosticMessage")
        guard members.contains(where: { $0.value != nil }) else { return nil }
    }
}

extension ServiceError {
    /// Who was refused what; nil if the endpoint does not tell.
    public var accessDeniedDetail: AccessDeniedDetail? { AccessDeniedDetail(fields: fields) }

    /// Whether the endpoint says that the object is as the caller knows it: status 304, which has no error document.
    public var isNotModified: Bool { status == 304 }
}
