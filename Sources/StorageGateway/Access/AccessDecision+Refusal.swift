import OSSKit

extension AccessDecision {
    /// What a refused client is told; nil if nothing is refused.
    ///
    /// Source: oss-wire fact 14.
    func refusal(of question: AccessQuestion) -> OSSError? {
        switch self {
        case .allowed: nil
        case .identityPolicy(let isExplicit, let isOfSession):
            Self.refusal(of: question, isExplicit: isExplicit, isOfSession: isOfSession)
        case .bucketPolicy: denied("Access denied by bucket policy.", ec: "0003-00000101", question)
        case .anonymous:
            denied("Anonymous access is forbidden for this operation.", ec: "0003-00001201", question)
        case .otherOwner: denied("The bucket you access does not belong to you.", ec: nil, question)
        case .bucketACL:
            denied("You have no right to access this object because of bucket acl.", ec: "0003-00000001", question)
        case .objectACL: Self.refusalByObjectACL(question.kind)
        }
    }

    private func denied(_ message: String, ec: String?, _ question: AccessQuestion) -> OSSError {
        var fields: [(String, String)] = []
        switch question.resource.place {
        case .service: break
        case .bucket(let name), .object(let name, _), .someKey(let name): fields.append(("BucketName", name))
        }
        return OSSError(.accessDenied, message: message, ec: ec, fields: fields)
    }

    private static func refusalByObjectACL(_ kind: AccessQuestion.Kind) -> OSSError {
        switch kind {
        case .readObject:
            OSSError(
                .accessDenied, message: "You do not have read permission on this object.", ec: "0003-00000005")
        case .readObjectConfiguration:
            OSSError(.accessDenied, message: "You do not have read acl permission on this object.")
        case .writeObjectConfiguration:
            OSSError(.accessDenied, message: "You do not have write acl permission on this object.")
        case .writeObject, .list, .configuration:
            OSSError(.accessDenied, message: "You do not have write permission on this object.")
        }
    }

    private static func refusal(of question: AccessQuestion, isExplicit: Bool, isOfSession: Bool) -> OSSError {
        var detail = AccessDeniedDetail()
        detail.authPrincipalOwnerID = question.requester.ownerID
        detail.authPrincipalType = question.requester.session == nil ? "SubUser" : "AssumedRoleUser"
        detail.authPrincipalDisplayName = question.requester.session?.name ?? question.requester.accessKeyID
        detail.authAction = question.action
        detail.policyType = isOfSession ? "AssumeRolePolicy" : "AccountLevelIdentityBasedPolicy"
        detail.noPermissionType = isExplicit ? "ExplicitDeny" : "ImplicitDeny"
        var error = OSSError(
            .accessDenied, message: "You have no right to access this object.", ec: "0003-00000201")
        error.fields.append(detail.field)
        return error
    }
}
