import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import OSSKit
import SessionModels

/// Answers the session API: finds the route, judges token and body, and turns every refusal into its answer.
///
/// The order of judgement is route, token, body, existence, owner, rule. Source: session-api.md 4.1, rule 4.
package struct SessionResponder: HTTPResponder {
    package typealias Context = SessionRequestContext

    /// How much of a large body is sent at once.
    private static let pieceBytes = 256 * 1_024

    private let routes: [Route]
    private let gate: TokenGate
    private let crossOrigin: CrossOriginPolicy
    private let environment: SessionEnvironment

    init(
        routes: [Route], gate: TokenGate, crossOrigin: CrossOriginPolicy, environment: SessionEnvironment
    ) {
        self.routes = routes
        self.gate = gate
        self.crossOrigin = crossOrigin
        self.environment = environment
    }

    package func respond(to request: Request, context: SessionRequestContext) async throws -> Response {
        let requestID = Hexadecimal.lower(environment.randomBytes(16))
        var context = context
        context.logger[metadataKey: "request.id"] = "\(requestID)"
        var response = await answer(request, context)
        response.headers.append(contentsOf: crossOrigin.headers(for: request.head))
        response.headers[.requestID] = requestID
        response.headers[.xContentTypeOptions] = "nosniff"
        return request.method == .head ? withoutBody(response) : response
    }

    private func answer(_ request: Request, _ context: SessionRequestContext) async -> Response {
        if crossOrigin.isPreflight(request.head) { return preflight(request.head) }
        let raw = request.head.path ?? ""
        guard raw.utf8.count <= SessionLimits.targetBytes else {
            return response(for: APIProblem(.targetTooLong, "The request target is too long"), isSecret: false)
        }
        let target = CallTarget(raw)
        let split = RoutePattern.split(target.path)
        let matches = routes.compactMap { route in
            route.pattern.match(target.path, split: split).map { (route, $0) }
        }
        guard !matches.isEmpty else { return plain(.notFound, "Not Found") }
        guard let (route, parts) = matches.first(where: { $0.0.serves(request.method) }) else {
            var refusal = plain(.methodNotAllowed, "Method Not Allowed")
            refusal.headers[.allow] = matches.flatMap { $0.0.allowedMethods }.joined(separator: ", ")
            return refusal
        }
        do {
            let call = try await judge(request, route: route, parts: parts, target: target, context)
            let reply = try await route.respond(call)
            var answer =
                switch reply.body {
                case .json(let json): response(reply.status, json, isSecret: route.isSecret)
                case .made(let body): response(reply.status, body)
                case .none: Response(status: reply.status, headers: [.cacheControl: "private, no-cache"])
                }
            answer.headers.append(contentsOf: reply.headers)
            if call.content.isSanitized { answer.headers[.syncSanitized] = "1" }
            return answer
        } catch {
            return response(for: problem(error, context.logger), isSecret: route.isSecret)
        }
    }

    private func judge(
        _ request: Request, route: Route, parts: [ArraySlice<UInt8>], target: CallTarget,
        _ context: SessionRequestContext
    ) async throws -> Call {
        let caller =
            route.access != .anyone
            ? try await gate.caller(of: request.head, nowMicroseconds: environment.nowMicroseconds()) : nil
        let content = try await content(of: request, route)
        // A body may take minutes to arrive: the call happens when it is whole.
        return Call(
            caller: caller, parts: parts, target: target, content: content, device: device(of: request.head),
            precondition: Precondition(
                ifMatch: request.headers[.ifMatch], ifNoneMatch: request.headers[.ifNoneMatch]),
            isStrict: request.headers[.syncProtocol] == "2", clientTime: request.headers[.clientTime],
            peerAddress: context.peerAddress, nowMicroseconds: environment.nowMicroseconds())
    }

    private func content(of request: Request, _ route: Route) async throws -> RequestContent {
        guard let limit = route.bodyLimit else { return .absent }
        let coding = request.headers[.contentEncoding]?.lowercased() ?? "identity"
        guard coding == "identity" || coding == "gzip" else {
            throw APIProblem(.unsupportedMediaType, "This Content-Encoding is not supported")
        }
        var bytes = try await bytes(of: request, limit: limit)
        if coding == "gzip" { bytes = try Self.open(bytes, limit: limit) }
        do {
            let content = try RequestContent(bytes: bytes, contentType: request.headers[.contentType])
            if case .text = content, request.headers[.syncProtocol] == "2" {
                throw APIProblem(.unsupportedMediaType, "The body must be application/json")
            }
            return content
        } catch let fault as RequestFault {
            throw APIProblem(fault)
        }
    }

    private func bytes(of request: Request, limit: Int) async throws -> [UInt8] {
        if let announced = request.headers[.contentLength].flatMap({ DecimalNumber.parse($0) }), announced > limit {
            throw APIProblem.tooLarge(field: "body", limit: limit, got: Int(announced))
        }
        do {
            return Array(try await request.body.collect(upTo: limit).readableBytesView)
        } catch is NIOTooManyBytesError {
            throw APIProblem.tooLarge(field: "body", limit: limit, got: limit + 1)
        } catch {
            throw APIProblem(.badRequest, "The request's body is not whole")
        }
    }

    /// Opens a compressed body; what is in it counts for the limit.
    private static func open(_ bytes: [UInt8], limit: Int) throws(APIProblem) -> [UInt8] {
        guard !bytes.isEmpty else { return [] }
        do throws(GzipText.Failure) {
            return try GzipText.open(bytes, limit: limit)
        } catch {
            switch error {
            case .malformed: throw APIProblem(.badRequest, "The request's body is not gzip")
            case .tooLarge: throw APIProblem.tooLarge(field: "body", limit: limit, got: limit + 1)
            }
        }
    }

    /// The device's name for itself: 1 to 255 printable ASCII characters; anything else counts as none.
    private func device(of request: HTTPRequest) -> String? {
        guard let device = request.headerFields[.deviceID] else { return nil }
        let isName = (1...255).contains(device.utf8.count) && device.utf8.allSatisfy { (0x20...0x7E).contains($0) }
        return isName ? device : nil
    }
}

// MARK: - Answers

extension SessionResponder {
    /// What the client is told about an error; one that is not its doing is logged once.
    private func problem(_ error: any Error, _ logger: Logger) -> APIProblem {
        if let problem = error as? APIProblem { return problem }
        if error is CancellationError { return .unavailable }
        logger.error("request failed", metadata: ["error": "\(String(describing: error).prefix(500))"])
        return .internalError
    }

    private func response(for problem: APIProblem, isSecret: Bool) -> Response {
        var answer = response(.init(code: problem.code.status), problem.json, isSecret: isSecret)
        if problem.code.status == 401 { answer.headers[.wwwAuthenticate] = "Bearer" }
        if let etag = problem.etag { answer.headers[.eTag] = etag }
        if let seconds = problem.retryAfterSeconds { answer.headers[.retryAfter] = String(seconds) }
        return answer
    }

    private func response(_ status: HTTPResponse.Status, _ body: JSONOutput, isSecret: Bool) -> Response {
        let bytes = body.bytes
        return Response(
            status: status, headers: headers(contentBytes: bytes.count, isSecret: isSecret),
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
    }

    /// Sends bytes in pieces, each after the client took the one before; the body's turn ends with them.
    private func response(_ status: HTTPResponse.Status, _ body: MadeBody) -> Response {
        Response(
            status: status,
            headers: headers(contentBytes: body.bytes.count, isSecret: false, contentType: body.contentType),
            body: ResponseBody(contentLength: body.bytes.count) { writer in
                var rest = body.bytes[...]
                while !rest.isEmpty {
                    try await writer.write(ByteBuffer(bytes: rest.prefix(Self.pieceBytes)))
                    rest = rest.dropFirst(Self.pieceBytes)
                }
                try await writer.finish(nil)
            })
    }

    private func headers(
        contentBytes: Int, isSecret: Bool, contentType: String = "application/json"
    ) -> HTTPFields {
        [
            .contentType: contentType, .contentLength: String(contentBytes),
            .cacheControl: isSecret ? "no-store" : "private, no-cache",
        ]
    }

    /// The answer to HEAD, which keeps the length of what GET would send.
    private func withoutBody(_ response: Response) -> Response {
        var answer = Response(status: response.status)
        answer.headers = response.headers
        return answer
    }

    /// A refusal of the route table, in the words of the plan's framework.
    private func plain(_ status: HTTPResponse.Status, _ detail: String) -> Response {
        response(status, .object([("detail", .string(detail))]), isSecret: false)
    }

    private func preflight(_ request: HTTPRequest) -> Response {
        guard let headers = crossOrigin.preflightHeaders(for: request) else {
            return response(for: APIProblem(.originDenied, "This origin may not call"), isSecret: false)
        }
        var answer = Response(status: .noContent)
        for name in [HTTPField.Name.accessControlAllowMethods, .accessControlAllowHeaders, .accessControlMaxAge] {
            answer.headers[name] = headers[name]
        }
        return answer
    }
}

extension Route {
    /// Whether the route answers a method; one that answers GET answers HEAD.
    fileprivate func serves(_ method: HTTPRequest.Method) -> Bool {
        self.method == method || (self.method == .get && method == .head)
    }

    fileprivate var allowedMethods: [String] {
        method == .get ? ["GET", "HEAD"] : [method.rawValue]
    }
}
