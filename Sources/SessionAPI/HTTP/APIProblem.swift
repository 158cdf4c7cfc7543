import HTTPTypes
import SessionModels

/// The codes of the error envelope, each with its status.
///
/// Source: session-api.md 4.3.
package enum APIErrorCode: String, Sendable, CaseIterable {
    case badRequest = "BAD_REQUEST"
    case validationError = "VALIDATION_ERROR"
    case unauthorized = "UNAUTHORIZED"
    case invalidToken = "INVALID_TOKEN"
    case tokenExpired = "TOKEN_EXPIRED"
    case invalidUser = "INVALID_USER"
    case invalidCredentials = "INVALID_CREDENTIALS"
    case invalidRefreshToken = "INVALID_REFRESH_TOKEN"
    case refreshTokenExpired = "REFRESH_TOKEN_EXPIRED"
    case deviceMismatch = "DEVICE_MISMATCH"
    case emailAlreadyRegistered = "EMAIL_ALREADY_REGISTERED"
    case invalidVerificationCode = "INVALID_VERIFICATION_CODE"
    case registrationClosed = "REGISTRATION_CLOSED"
    case sessionAccessDenied = "SESSION_ACCESS_DENIED"
    case originDenied = "ORIGIN_DENIED"
    case sessionNotFound = "SESSION_NOT_FOUND"
    case invalidObjectKey = "INVALID_OBJECT_KEY"
    case quotaExceeded = "QUOTA_EXCEEDED"
    case limitReached = "LIMIT_REACHED"
    case payloadTooLarge = "PAYLOAD_TOO_LARGE"
    case targetTooLong = "URI_TOO_LONG"
    case unsupportedMediaType = "UNSUPPORTED_MEDIA_TYPE"
    case uploadNotFound = "UPLOAD_NOT_FOUND"
    case uploadSizeMismatch = "UPLOAD_SIZE_MISMATCH"
    case tooManyRequests = "TOO_MANY_REQUESTS"
    case internalError = "INTERNAL"
    case unavailable = "UNAVAILABLE"
    case storageFull = "STORAGE_FULL"

    /// The HTTP status of the answer.
    package var status: Int {
        switch self {
        case .badRequest, .invalidObjectKey, .emailAlreadyRegistered, .invalidVerificationCode: 400
        case .unauthorized, .invalidToken, .tokenExpired, .invalidUser, .invalidCredentials, .invalidRefreshToken,
            .refreshTokenExpired, .deviceMismatch:
            401
        case .sessionAccessDenied, .originDenied, .registrationClosed: 403
        case .sessionNotFound: 404
        case .quotaExceeded, .limitReached: 409
        case .payloadTooLarge: 413
        case .targetTooLong: 414
        case .unsupportedMediaType: 415
        case .validationError, .uploadNotFound, .uploadSizeMismatch: 422
        case .tooManyRequests: 429
        case .internalError: 500
        case .unavailable, .storageFull: 503
        }
    }

    /// The text in the envelope.
    var wireText: String {
        self == .invalidObjectKey ? APIErrorCode.validationError.rawValue : rawValue
    }
}

/// A refusal that the client is told.
///
/// Its message holds nothing that the client did not send: no path, no SQL, no secret.
package struct APIProblem: Error, Sendable {
    /// Which refusal it is.
    package let code: APIErrorCode
    /// One sentence for people.
    package let message: String
    /// Values that a program may want, in order; absent for the plan's codes.
    package var details: [(String, JSONOutput)] = []
    /// The rows of a 422, in order.
    package var issues: [ValidationIssue] = []
    /// When to try again, in seconds.
    package var retryAfterSeconds: Int?

    /// Makes a refusal.
    package init(_ code: APIErrorCode, _ message: String, retryAfterSeconds: Int? = nil) {
        self.code = code
        self.message = message
        self.retryAfterSeconds = retryAfterSeconds
    }

    /// The refusal of a body.
    init(_ fault: RequestFault) {
        switch fault {
        case .invalid(let issues):
            self.init(.validationError, issues.first?.summary ?? "The request is invalid")
            self.issues = issues
        case .tooLarge(let field, let limit, let got):
            self = .tooLarge(field: field, limit: limit, got: got)
        }
    }

    /// The answer's body: both shapes for a 422 with rows, else the envelope.
    var json: JSONOutput {
        var envelope: [(String, JSONOutput)] = [("code", .string(code.wireText)), ("message", .string(message))]
        if !details.isEmpty { envelope.append(("details", .object(details))) }
        guard !issues.isEmpty else { return .object([("error", .object(envelope))]) }
        return .object([("detail", .array(issues.map(\.json))), ("error", .object(envelope))])
    }

    /// There is no such session.
    static let sessionNotFound = APIProblem(.sessionNotFound, "Session not found")
    /// The session belongs to somebody else.
    static let sessionAccessDenied = APIProblem(.sessionAccessDenied, "Access denied")
    /// The token is good, but its user may not use the service.
    static let invalidUser = APIProblem(.invalidUser, "User not found or disabled")
    /// Something is overloaded for a moment.
    static let unavailable = APIProblem(.unavailable, "The service is busy, try again", retryAfterSeconds: 1)
    /// Something broke that is not the client's doing.
    static let internalError = APIProblem(.internalError, "Internal error")

    /// A body, or one field of it, is longer than allowed; both in bytes.
    static func tooLarge(field: String, limit: Int, got: Int) -> APIProblem {
        var problem = APIProblem(.payloadTooLarge, "\(field) is too large")
        problem.details = [
            ("field", .string(field)), ("limit", .integer(Int64(limit))), ("got", .integer(Int64(got))),
        ]
        return problem
    }
}
