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
    case scopeDenied = "SCOPE_DENIED"
    case sessionNotFound = "SESSION_NOT_FOUND"
    case notFound = "NOT_FOUND"
    case invalidCursor = "INVALID_CURSOR"
    case turnConflict = "TURN_CONFLICT"
    case chapterMismatch = "CHAPTER_MISMATCH"
    case sessionExists = "SESSION_EXISTS"
    case alreadyDecided = "ALREADY_DECIDED"
    case sessionDeleted = "SESSION_DELETED"
    case cursorExpired = "CURSOR_EXPIRED"
    case preconditionFailed = "PRECONDITION_FAILED"
    case preconditionRequired = "PRECONDITION_REQUIRED"
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
        case .badRequest, .invalidCursor, .invalidObjectKey, .emailAlreadyRegistered, .invalidVerificationCode: 400
        case .unauthorized, .invalidToken, .tokenExpired, .invalidUser, .invalidCredentials, .invalidRefreshToken,
            .refreshTokenExpired, .deviceMismatch:
            401
        case .sessionAccessDenied, .originDenied, .registrationClosed, .scopeDenied: 403
        case .sessionNotFound, .notFound: 404
        case .quotaExceeded, .limitReached, .turnConflict, .chapterMismatch, .sessionExists, .alreadyDecided: 409
        case .sessionDeleted, .cursorExpired: 410
        case .preconditionFailed: 412
        case .payloadTooLarge: 413
        case .targetTooLong: 414
        case .unsupportedMediaType: 415
        case .validationError, .uploadNotFound, .uploadSizeMismatch: 422
        case .preconditionRequired: 428
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
    /// The tag of what is there, quotes included, for a condition that it does not meet.
    package var etag: String?

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
        case .element(let index, let fault):
            self = APIProblem(fault).inElement(index)
        }
    }

    /// The refusal of one element of a list, counted from 0.
    func inElement(_ index: Int) -> APIProblem {
        var problem = self
        problem.details.append(("index", .integer(Int64(index))))
        return problem
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
    /// There is no such thing.
    static let notFound = APIProblem(.notFound, "Not found")
    /// The session was deleted.
    static let sessionDeleted = APIProblem(.sessionDeleted, "The session was deleted")
    /// The id belongs to another session.
    static let sessionExists = APIProblem(.sessionExists, "Another session has this id")
    /// The other content of a turn was decided about otherwise.
    static let alreadyDecided = APIProblem(.alreadyDecided, "It was decided otherwise")
    /// What a client was given to go on from is not that.
    static let invalidCursor = APIProblem(.invalidCursor, "The cursor is not one of ours")
    /// What a client has is too old, or from another time, to go on from.
    static let cursorExpired = APIProblem(.cursorExpired, "The cursor has expired")
    /// The session belongs to somebody else.
    static let sessionAccessDenied = APIProblem(.sessionAccessDenied, "Access denied")
    /// The token is good, but its user may not use the service.
    static let invalidUser = APIProblem(.invalidUser, "User not found or disabled")
    /// Something is overloaded for a moment.
    static let unavailable = APIProblem(.unavailable, "The service is busy, try again", retryAfterSeconds: 1)
    /// Something broke that is not the client's doing.
    static let internalError = APIProblem(.internalError, "Internal error")

    /// A turn or a session is of another chapter.
    static func chapterMismatch() -> APIProblem {
        APIProblem(.chapterMismatch, "The session belongs to another chapter")
    }

    /// Other content is stored under a turn's index, or none where some was believed to be.
    static func turnConflict(_ index: Int64, stored hash: [UInt8]?, _ session: SessionRecord) -> APIProblem {
        var problem = APIProblem(.turnConflict, "Another turn is stored")
        problem.details = [
            ("turn_index", .integer(index)), ("stored_hash", .optional(hash?.hexadecimal)),
            ("next_turn_index", .integer(session.nextTurnIndex)),
        ]
        return problem
    }

    /// What is there is not what the client believes; with the tag of what is there, if anything is.
    static func preconditionFailed(_ etag: String?) -> APIProblem {
        var problem = APIProblem(.preconditionFailed, "It has changed meanwhile")
        problem.etag = etag
        return problem
    }

    /// The client must say what it replaces.
    static func preconditionRequired(_ stored: DocumentRecord) -> APIProblem {
        var problem = APIProblem(.preconditionRequired, "If-Match or as_of_turn is needed")
        problem.etag = stored.etag
        return problem
    }

    /// A body, or one field of it, is longer than allowed; both in bytes.
    static func tooLarge(field: String, limit: Int, got: Int) -> APIProblem {
        var problem = APIProblem(.payloadTooLarge, "\(field) is too large")
        problem.details = [
            ("field", .string(field)), ("limit", .integer(Int64(limit))), ("got", .integer(Int64(got))),
        ]
        return problem
    }
}
