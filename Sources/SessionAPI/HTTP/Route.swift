import HTTPTypes
import OSSKit
import SessionModels

/// One endpoint: who may call it, how large its body may be and what answers it.
struct Route: Sendable {
    /// Who may call an endpoint.
    enum Access: Sendable {
        case anyone, user
    }

    /// The method; GET serves HEAD as well.
    let method: HTTPRequest.Method
    /// The paths.
    let pattern: RoutePattern
    /// Who may call it.
    let access: Access
    /// The most bytes of a body; nil for an endpoint that reads none.
    let bodyLimit: Int?
    /// Whether its answers hold tokens and must not be stored.
    let isSecret: Bool
    /// Makes the answer.
    let respond: @Sendable (Call) async throws -> Reply

    /// An endpoint that reads no body.
    static func get(
        _ pattern: RoutePattern, _ access: Access, _ respond: @escaping @Sendable (Call) async throws -> Reply
    ) -> Route {
        Route(method: .get, pattern: pattern, access: access, bodyLimit: nil, isSecret: false, respond: respond)
    }

    /// An endpoint of a user that reads a body.
    static func user(
        _ method: HTTPRequest.Method, _ pattern: RoutePattern, bodyLimit: Int,
        _ respond: @escaping @Sendable (Call) async throws -> Reply
    ) -> Route {
        Route(
            method: method, pattern: pattern, access: .user, bodyLimit: bodyLimit, isSecret: false, respond: respond)
    }

    /// An endpoint that reads credentials and answers tokens.
    static func account(
        _ pattern: RoutePattern, _ respond: @escaping @Sendable (Call) async throws -> Reply
    ) -> Route {
        Route(
            method: .post, pattern: pattern, access: .anyone, bodyLimit: SessionLimits.smallBodyBytes, isSecret: true,
            respond: respond)
    }
}

/// A path, or a path with one part that varies.
///
/// The part may hold anything, also slashes, where the pattern says `{name...}`: it is what lies between the pattern's
/// beginning and end. Source: session-api.md 4.1, rule 5.
struct RoutePattern: Sendable, ExpressibleByStringLiteral {
    private let prefix: [UInt8]
    private let suffix: [UInt8]
    private let hasPart: Bool
    private let partHoldsSlashes: Bool

    init(stringLiteral text: String) {
        let bytes = Array(text.utf8)
        guard let open = bytes.firstIndex(of: UInt8(ascii: "{")), let close = bytes.firstIndex(of: UInt8(ascii: "}"))
        else {
            (prefix, suffix, hasPart, partHoldsSlashes) = (bytes, [], false, false)
            return
        }
        prefix = Array(bytes[..<open])
        suffix = Array(bytes[(close + 1)...])
        hasPart = true
        partHoldsSlashes = bytes[open..<close].last == UInt8(ascii: ".")
    }

    /// The part that varies, still encoded; empty for a pattern without one; nil if the path does not match.
    func match(_ path: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
        guard hasPart else { return path.elementsEqual(prefix) ? path.prefix(0) : nil }
        guard path.count > prefix.count + suffix.count, path.starts(with: prefix),
            path.suffix(suffix.count).elementsEqual(suffix)
        else { return nil }
        let part = path.dropFirst(prefix.count).dropLast(suffix.count)
        return partHoldsSlashes || !part.contains(UInt8(ascii: "/")) ? part : nil
    }
}

/// What a handler gets: the request, judged as far as every route judges it.
struct Call: Sendable {
    /// The caller, or nil where anyone may call.
    let caller: UserID?
    /// The part of the path that varies, still encoded.
    let part: ArraySlice<UInt8>
    /// The path and the query, still encoded.
    let target: CallTarget
    /// The body, read as the plan's backend reads it.
    let content: RequestContent
    /// What the client's device calls itself, or nil.
    let device: String?
    /// Whether the change is to be made only if the document is, or is not, of a certain state.
    let hasPrecondition: Bool
    /// The IP address at the other end of the connection.
    let peerAddress: String
    /// When it happens, in microseconds since 1970.
    let nowMicroseconds: Int64

    /// The part of the path that varies, or nil if it is not percent-encoded UTF-8.
    ///
    /// Nobody decodes it again.
    var decodedPart: String? {
        PercentCoding.decodePath(part).flatMap { String(validating: $0, as: UTF8.self) }
    }

    /// The caller as the author of a change.
    ///
    /// - Throws: `UNAUTHORIZED` on a route that anyone may call.
    func author() throws(APIProblem) -> Author {
        Author(user: try user(), device: device, nowMicroseconds: nowMicroseconds)
    }

    /// The caller.
    ///
    /// - Throws: `UNAUTHORIZED` on a route that anyone may call.
    func user() throws(APIProblem) -> UserID {
        guard let caller else { throw APIProblem(.unauthorized, "Missing authorization token") }
        return caller
    }

    /// Refuses a condition: a client that sets one must not believe that it was looked at.
    func requireNoPrecondition() throws(APIProblem) {
        guard !hasPrecondition else {
            throw APIProblem(.badRequest, "If-Match and If-None-Match are not supported here")
        }
    }

    /// Reads the body, where a refusal becomes the 422 or 413 that the client is told.
    func read<Body>(_ body: (RequestContent) throws(RequestFault) -> Body) throws(APIProblem) -> Body {
        do {
            return try body(content)
        } catch {
            throw APIProblem(error)
        }
    }
}

/// A body whose bytes are made already.
struct MadeBody: Sendable {
    /// The bytes.
    let bytes: [UInt8]
    /// The right to so many of them, which ends when they are sent; nil for a small body.
    let turn: LargeAnswers.Turn?
}

/// What a handler answers.
struct Reply: Sendable {
    /// What is sent.
    enum Body: Sendable {
        /// A small value.
        case json(JSONOutput)
        /// Bytes that may be many.
        case made(MadeBody)
    }

    /// The status.
    let status: HTTPResponse.Status
    /// The body.
    let body: Body
    /// Headers beside those that every answer has.
    var headers: HTTPFields = [:]

    init(_ status: HTTPResponse.Status, _ body: JSONOutput) {
        self.status = status
        self.body = .json(body)
    }

    init(_ status: HTTPResponse.Status, _ body: MadeBody) {
        self.status = status
        self.body = .made(body)
    }
}
