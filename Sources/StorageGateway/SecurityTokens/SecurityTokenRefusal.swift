/// A refusal as the security token service words it.
///
/// Source: Alibaba Cloud's API reference of STS, "Error codes"; assumption A-098.
struct SecurityTokenRefusal: Error, Sendable, Equatable {
    /// The HTTP status.
    let status: Int
    /// The code, such as `InvalidParameter.RoleArn`.
    let code: String
    /// One sentence for people.
    let message: String

    static let incompleteSignature = SecurityTokenRefusal(
        status: 400, code: "IncompleteSignature",
        message: "The request signature does not conform to Aliyun standards.")
    static let unknownAction = SecurityTokenRefusal(
        status: 404, code: "InvalidAction.NotFound",
        message: "Specified api is not found, please check your url and method.")
    static let unknownKey = SecurityTokenRefusal(
        status: 404, code: "InvalidAccessKeyId.NotFound", message: "Specified access key is not found.")
    static let disabledKey = SecurityTokenRefusal(
        status: 400, code: "InvalidAccessKeyId.Inactive", message: "Specified access key is disabled.")
    static let wrongSignature = SecurityTokenRefusal(
        status: 400, code: "SignatureDoesNotMatch",
        message: "Specified signature is not matched with our calculation.")
    static let wrongTime = SecurityTokenRefusal(
        status: 400, code: "InvalidTimeStamp.Expired", message: "Specified time stamp or date value is expired.")
    static let usedNonce = SecurityTokenRefusal(
        status: 400, code: "SignatureNonceUsed", message: "Specified signature nonce was used already.")
    static let tooManyCalls = SecurityTokenRefusal(
        status: 400, code: "Throttling.User", message: "Request was denied due to user flow control.")
    static let notForTemporaryKeys = SecurityTokenRefusal(
        status: 403, code: "NoPermission", message: "You are not authorized to do this action with a temporary key.")
    static let foreignRole = SecurityTokenRefusal(
        status: 403, code: "NoPermission",
        message: "You are not authorized to do this action. You should be authorized by RAM.")
    static let policyGrammar = SecurityTokenRefusal(
        status: 400, code: "InvalidParameter.PolicyGrammar",
        message: "The parameter Policy has not passed grammar check.")
    static let policyLength = SecurityTokenRefusal(
        status: 400, code: "InvalidParameter.PolicySize", message: "The parameter Policy is too long.")

    /// The refusal of a call that lacks a parameter.
    static func missing(_ name: String) -> SecurityTokenRefusal {
        SecurityTokenRefusal(
            status: 400, code: "Missing\(name)", message: "\(name) is mandatory for this action.")
    }

    /// The refusal of a parameter that cannot be.
    static func invalid(_ name: String) -> SecurityTokenRefusal {
        SecurityTokenRefusal(
            status: 400, code: "InvalidParameter.\(name)", message: "The parameter \(name) is wrongly formed.")
    }
}
