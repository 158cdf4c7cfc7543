import HTTPTypes
import OSSKit
import SessionModels

/// One endpoint: who may call it, how large its body may be and what answers it.
struct Route: Sendable {
    /// Who may call an endpoint.
    enum Access: Sendable {
        /// Everybody, without a token.
        case anyone
        /// A user.
        case user
        /// A user, or the bearer of a token for the session that is the first part of the path.
        case session
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

    /// An endpoint of a user that deletes something.
    static func delete(
        _ pattern: RoutePattern, _ respond: @escaping @Sendable (Call) async throws -> Reply
    ) -> Route {
        Route(method: .delete, pattern: pattern, access: .user, bodyLimit: nil, isSecret: false, respond: respond)
    }

    /// An endpoint of a user that reads a body.
    static func user(
        _ method: HTTPRequest.Method, _ pattern: RoutePattern, bodyLimit: Int,
        _ respond: @escaping @Sendable (Call) async throws -> Reply
    ) -> Route {
        Route(
            method: method, pattern: pattern, access: .user, bodyLimit: bodyLimit, isSecret: false, respond: respond)
    }

    /// An endpoint of a session that a token for it may call; without a limit it reads no body.
    static func session(
        _ method: HTTPRequest.Method, _ pattern: RoutePattern, bodyLimit: Int? = nil,
        _ respond: @escaping @Sendable (Call) async throws -> Reply
    ) -> Route {
        Route(
            method: method, pattern: pattern, access: .session, bodyLimit: bodyLimit, isSecret: false,
            respond: respond)
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

/// A path some of whose parts vary.
///
/// A part is what lies between two slashes. The part of a pattern that says `{name...}` may hold slashes: it is what
/// lies between the pattern's beginning and end, and the only one of its pattern. Source: session-api.md 4.1, rule 5.
struct RoutePattern: Sendable, ExpressibleByStringLiteral {
    private enum Shape: Sendable {
        /// Parts between slashes; nil for one that varies.
        case parts([[UInt8]?])
        /// What lies between a beginning and an end.
        case between([UInt8], [UInt8])
    }

    private let shape: Shape

    init(stringLiteral text: String) {
        let bytes = Array(text.utf8)
        if let open = bytes.firstIndex(of: UInt8(ascii: "{")), let close = bytes.firstIndex(of: UInt8(ascii: "}")),
            bytes[open..<close].last == UInt8(ascii: ".")
        {
            shape = .between(Array(bytes[..<open]), Array(bytes[(close + 1)...]))
        } else {
            shape = .parts(Self.split(bytes[...]).map { $0.first == UInt8(ascii: "{") ? nil : Array($0) })
        }
    }

    /// The parts of a path that `match` takes.
    static func split(_ path: ArraySlice<UInt8>) -> [ArraySlice<UInt8>] {
        path.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
    }

    /// The parts that vary, still encoded, in their order; nil if the path does not match.
    func match(_ path: ArraySlice<UInt8>, split parts: [ArraySlice<UInt8>]) -> [ArraySlice<UInt8>]? {
        switch shape {
        case .parts(let wanted):
            guard wanted.count == parts.count else { return nil }
            var found: [ArraySlice<UInt8>] = []
            for (want, part) in zip(wanted, parts) {
                if let want {
                    guard part.elementsEqual(want) else { return nil }
                } else {
                    guard !part.isEmpty else { return nil }
                    found.append(part)
                }
            }
            return found
        case .between(let prefix, let suffix):
            guard path.count > prefix.count + suffix.count, path.starts(with: prefix),
                path.suffix(suffix.count).elementsEqual(suffix)
            else { return nil }
            return [path.dropFirst(prefix.count).dropLast(suffix.count)]
        }
    }
}

/// What a handler gets: the request, judged as far as every route judges it.
struct Call: Sendable {
    /// The caller, or nil where anyone may call.
    let caller: UserID?
    /// The parts of the path that vary, still encoded.
    let parts: [ArraySlice<UInt8>]
    /// The path and the query, still encoded.
    let target: CallTarget
    /// The body, read as the plan's backend reads it.
    let content: RequestContent
    /// What the client's device calls itself, or nil.
    let device: String?
    /// What must hold for a change to be made, or for an answer to have a body.
    let precondition: Precondition
    /// Whether the client speaks version 2: refusals instead of silence, and full bodies.
    let isStrict: Bool
    /// What the client says that the time is, or nil.
    let clientTime: String?
    /// The IP address at the other end of the connection.
    let peerAddress: String
    /// When it happens, in microseconds since 1970.
    let nowMicroseconds: Int64

    /// The first part of the path that varies, or nil if it is not percent-encoded UTF-8.
    ///
    /// Nobody decodes it again.
    var decodedPart: String? { decodedPart(0) }

    /// A part of the path that varies, counted from 0, or nil if it is not percent-encoded UTF-8.
    func decodedPart(_ number: Int) -> String? {
        guard parts.indices.contains(number) else { return nil }
        return PercentCoding.decodePath(parts[number]).flatMap { String(validating: $0, as: UTF8.self) }
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
    /// What they are.
    var contentType = "application/json"
}

/// What a handler answers.
struct Reply: Sendable {
    /// What is sent.
    enum Body: Sendable {
        /// A small value.
        case json(JSONOutput)
        /// Bytes that may be many.
        case made(MadeBody)
        /// Nothing: the client has it.
        case none
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

    /// An answer without a body, such as that the client has what it would get.
    init(_ status: HTTPResponse.Status) {
        self.status = status
        body = .none
    }
}
