import HTTPFront
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import NIOHTTP1
import OSSKit
import ObjectStore

/// What the HTTP server hands to the OSS surface with a request.
package struct OSSContext: InitializableFromSource, TracedContext, Sendable {
    /// The connection.
    let channel: any Channel
    /// The logger of the request.
    let logger: Logger
    /// What is found out about the request.
    package let trace = RequestTrace()

    package init(source: ApplicationRequestContextSource) {
        channel = source.channel
        logger = source.logger
    }
}

/// What the OSS surface takes from outside instead of asking the machine for it.
package struct SurfaceEnvironment: Sendable {
    /// The time now, in milliseconds since 1970, UTC.
    package let now: @Sendable () -> Int64
    /// 64 random bits, for request ids.
    package let randomBits: @Sendable () -> UInt64
    /// Tells a client on this connection that waits for `100 Continue` to send its body.
    package let welcomeBody: @Sendable (any Channel) -> Void
    /// Sends callbacks; nil if none are sent.
    package let callbacks: (any CallbackSender)?

    /// Collects the four.
    package init(
        now: @escaping @Sendable () -> Int64, randomBits: @escaping @Sendable () -> UInt64,
        welcomeBody: @escaping @Sendable (any Channel) -> Void, callbacks: (any CallbackSender)? = nil
    ) {
        self.now = now
        self.randomBits = randomBits
        self.welcomeBody = welcomeBody
        self.callbacks = callbacks
    }
}

extension SurfaceEnvironment {
    /// So many random bytes.
    func randomBytes(_ count: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        while bytes.count < count {
            withUnsafeBytes(of: randomBits()) { bytes.append(contentsOf: $0) }
        }
        return Array(bytes.prefix(count))
    }
}

/// Who may send requests.
package struct SurfaceCallers: Sendable {
    /// The access keys that may sign.
    let keys: AccessKeyRing
    /// What makes and opens the tokens of temporary access keys; nil where there are none.
    let tokens: SecurityTokens?

    /// Collects the two.
    package init(keys: AccessKeyRing, tokens: SecurityTokens? = nil) {
        self.keys = keys
        self.tokens = tokens
    }
}

/// Answers requests as OSS answers them.
package struct OSSResponder: HTTPResponder {
    package typealias Context = OSSContext

    private let store: DiskStore
    private let configuration: SurfaceConfiguration
    private let environment: SurfaceEnvironment
    private let addressing: Addressing
    private let authenticator: Authenticator
    private let surroundings: AccessGate.Surroundings
    private let securityTokens: SecurityTokenService?
    private let logs: AccessLogs?
    private let logger: Logger

    /// Makes the surface of a store.
    ///
    /// - Parameters:
    ///   - store: Where the objects are.
    ///   - callers: Who may sign.
    ///   - configuration: What was told at start.
    ///   - environment: Time, randomness and the connection's own ways.
    ///   - logs: Where the requests of buckets that want it are written down; nil for nowhere.
    ///   - logger: Where unexpected failures go.
    package init(
        store: DiskStore, callers: SurfaceCallers, configuration: SurfaceConfiguration,
        environment: SurfaceEnvironment, logs: AccessLogs? = nil, logger: Logger
    ) {
        self.store = store
        self.logs = logs
        self.configuration = configuration
        self.environment = environment
        self.addressing = Addressing(configuration)
        self.authenticator = Authenticator(region: configuration.region, keys: callers.keys, tokens: callers.tokens)
        self.surroundings = AccessGate.Surroundings(
            store: store, documents: AccessDocuments(of: store), region: configuration.region,
            publicACLLists: configuration.publicACLLists)
        self.securityTokens = callers.tokens.map { tokens in
            SecurityTokenService(
                keys: callers.keys, tokens: tokens, longestSeconds: configuration.securityTokenSeconds)
        }
        self.logger = logger
    }

    /// Makes the surface of a store which makes no temporary access keys.
    package init(
        store: DiskStore, keys: AccessKeyRing, configuration: SurfaceConfiguration, environment: SurfaceEnvironment,
        logger: Logger
    ) {
        self.init(
            store: store, callers: SurfaceCallers(keys: keys), configuration: configuration, environment: environment,
            logger: logger)
    }

    package func respond(to request: Request, context: OSSContext) async throws -> Response {
        let start = environment.now()
        let requestID = RequestID(unixSeconds: start / 1_000, random: environment.randomBits())
        let host = request.head.authority ?? ""
        var answer: OSSAnswer
        let origin = CallOrigin(
            requestID: requestID, milliseconds: start, channel: context.channel, trace: SurfaceTrace(context.trace))
        var code: OSSErrorCode?
        do {
            answer = try await self.answer(request, host: host, origin: origin)
        } catch {
            let refusal = refusal(for: error, requestID: requestID).naming(method: request.method.rawValue)
            answer = ErrorAnswer.answer(
                refusal, requestID: requestID, hostID: host, isHead: request.method == .head)
            code = refusal.code
        }
        answer.headers += await crossOriginHeaders(for: request, host: host)
        answer.headers.insert(("x-oss-request-id", requestID.description), at: 0)
        answer.headers.insert(("Server", "AliyunOSS"), at: 0)
        answer.headers.append(("x-oss-server-time", String(max(0, environment.now() - start))))
        let response = answer.response
        await log(origin, response, code)
        return response
    }

    /// Writes a request down for its bucket, if that wants it.
    private func log(_ origin: CallOrigin, _ response: Response, _ code: OSSErrorCode?) async {
        let facts = origin.trace.facts
        guard let logs, let request = facts.request, let resource = facts.resource else { return }
        await logs.note(
            AccessLogEntry(
                request: request, resource: resource, address: origin.clientAddress, requester: facts.requester,
                operation: origin.trace.operation, requestID: origin.requestID.description,
                milliseconds: origin.milliseconds,
                spentMilliseconds: max(0, environment.now() - origin.milliseconds),
                status: response.status.code, sentBytes: response.headers[.contentLength], errorCode: code?.rawValue))
    }

    /// What hosts mean now, those that buckets bound included.
    private func currentAddressing() async throws -> Addressing {
        guard configuration.bindsUnprovenDomains else { return addressing }
        return addressing.adding(try await store.bucketsByName(of: .cname))
    }

    /// What a page of another origin is told with the answer; a preflight was told already.
    private func crossOriginHeaders(for request: Request, host: String) async -> [(name: String, value: String)] {
        guard let name = HTTPField.Name("origin"), let origin = request.headers[name], request.method != .options,
            let target = try? RequestTarget(request.head.path ?? ""),
            let resource = try? await currentAddressing().resource(host: host, target: target)
        else { return [] }
        let wire = WireRequest(
            method: request.method.rawValue, scheme: request.head.scheme ?? "http", host: host, target: target,
            headers: [WireHeader("Origin", origin)])
        return await CrossOrigin(store: store).headers(wire, resource)
    }

    private func answer(
        _ request: Request, host: String, origin: CallOrigin
    ) async throws -> OSSAnswer {
        let target = try RequestTarget(request.head.path ?? "")
        let wire = WireRequest(
            method: request.method.rawValue, scheme: request.head.scheme ?? "http", host: host, target: target,
            headers: request.headers.map { WireHeader($0.name.rawName, $0.value) })
        let addressing = try await currentAddressing()
        let named = try addressing.resource(host: host, target: target)
        origin.trace.note(wire, named)
        if let callbacks = environment.callbacks, CallbackPublicKey.isAsked(wire, resource: named) {
            return try await CallbackPublicKey.answer(callbacks)
        }
        if let key = named.key { _ = try ObjectKey(bytes: key) }
        if let securityTokens, SecurityTokenRequest.isOne(wire, named) {
            return try await answer(wire, request.body, by: securityTokens, origin)
        }
        if wire.method == "OPTIONS" {
            origin.trace.note(operation: named.key == nil ? "OptionBucket" : "OptionObject")
            return try await CrossOrigin(store: store).preflight(wire, named)
        }
        let stranger = call(wire, named, body: request.body, origin: origin)
        // A form says in its body who sends it.
        if PostObject.isMeant(by: wire, level: named.level) {
            origin.trace.note(operation: "PostObject")
            return try await withTaskExecutorPreference(globalConcurrentExecutor) {
                try await PostObject.answer(stranger, authenticator)
            }
        }
        let (requester, resource) = try authenticator.authenticate(
            wire, resource: named, otherReading: try otherReading(of: wire, addressing),
            nowUnixSeconds: origin.unixSeconds)
        origin.trace.note(wire, resource)
        origin.trace.note(requester)
        if let key = resource.key { _ = try ObjectKey(bytes: key) }
        let known = stranger.replacing(request: wire, resource: resource, requester: requester)
        if S3Dialect.isSpoken(in: known) {
            return try await S3Dialect.answer(known, level: resource.level) { try await answer($0) }
        }
        guard requester.isAnonymous, let site = try await Website.found(wire, resource, in: store) else {
            return try await answer(known)
        }
        let visit = WebsiteVisit(
            request: wire, key: resource.key, bucketInPath: addressing.isPathStyle(host: host) ? resource.bucket : nil)
        // Each page that the website shows instead is asked for as if its own name had come.
        return try await site.answer(visit) { key in
            try await answer(
                known.replacing(request: wire, resource: SignedResource(bucket: resource.bucket, key: key)))
        }
    }

    /// A call of somebody who is not known yet.
    private func call(
        _ wire: WireRequest, _ resource: SignedResource, body: RequestBody, origin: CallOrigin
    ) -> OSSCall {
        let channel = origin.channel
        let access = AccessGate(
            wire, by: .anonymous,
            AccessGate.Arrival(
                access: .notYetKnown, sourceAddress: { channel.remoteAddress?.ipAddress },
                nowUnixSeconds: origin.unixSeconds),
            in: surroundings)
        return OSSCall(
            request: wire, resource: resource, access: access, admittedBucket: nil, body: body,
            welcomeBody: { [environment] in environment.welcomeBody(channel) }, store: store,
            configuration: configuration, environment: environment, origin: origin,
            logger: { [logger] in
                var logger = logger
                logger[metadataKey: "request.id"] = "\(origin.requestID)"
                return logger
            })
    }

    /// Answers a call of somebody who is known, or known to be nobody, in OSS's words.
    private func answer(_ known: OSSCall) async throws -> OSSAnswer {
        let (found, needed) = try operation(
            for: known.request, level: known.resource.level, by: known.requester)
        if case .success(let operation) = found { known.origin.trace.note(operation: operation.name) }
        let access = known.access.asking(for: needed)
        let bucket = try await access.admit(known.resource)
        let operation = try found.get()
        let call = known.admitted(by: access, to: bucket)
        try await RefererRules.require(call)
        if let bucket { try await RequestPayment.require(call, bucket) }
        // The server answers on the connection's event loop; only what takes long changes the thread.
        if operation.isQuick { return try await operation.answer(call) }
        return try await withTaskExecutorPreference(globalConcurrentExecutor) { try await operation.answer(call) }
    }

    /// What clients mean by a request who write a blank in a path as `+`; nil if its path has none.
    ///
    /// Source: assumption A-091.
    private func otherReading(
        of request: WireRequest, _ addressing: Addressing
    ) throws(OSSError) -> SignedResource? {
        guard request.target.rawPath.utf8.contains(UInt8(ascii: "+")) else { return nil }
        let path = request.target.rawPath.replacing("+", with: "%20")
        return try addressing.resource(host: request.host, target: RequestTarget(path))
    }

    /// The operation that a request asks for, and the right that it needs.
    ///
    /// What is not there is told to those with a signature at once, and to others only if they may do what is there.
    private func operation(
        for request: WireRequest, level: ResourceLevel, by requester: Requester
    ) throws(OSSError) -> (Result<Operation, OSSError>, OperationAccess) {
        guard requester.isAnonymous else {
            let operation = try OperationTable.operation(for: request, level: level)
            return (.success(operation), operation.access)
        }
        let isOverride = request.target.query.contains { item in GetObject.overrides.contains { item.isNamed($0) } }
        if level == .object, request.method == "GET", isOverride {
            throw OSSError(
                .invalidRequest,
                message: "Request specific response headers cannot be used for anonymous GET requests.")
        }
        do {
            let operation = try OperationTable.operation(for: request, level: level)
            return (.success(operation), operation.access)
        } catch {
            return (.failure(error), OperationAccess.ofUnknown(method: request.method, level: level))
        }
    }

    /// Answers a call of the security token service, whose signature covers its body.
    private func answer(
        _ wire: WireRequest, _ body: RequestBody, by service: SecurityTokenService, _ origin: CallOrigin
    ) async throws -> OSSAnswer {
        environment.welcomeBody(origin.channel)
        var bytes: [UInt8] = []
        for try await chunk in body {
            guard bytes.count + chunk.readableBytes <= Limits.securityTokenCallBytes else {
                throw OSSError(.entityTooLarge)
            }
            bytes.append(contentsOf: chunk.readableBytesView)
        }
        let call = try SecurityTokenRequest(wire, body: bytes)
        do {
            let issued = try service.answer(
                call, nowUnixSeconds: origin.unixSeconds, randomBytes: environment.randomBytes)
            return SecurityTokenAnswer.answer(issued, requestID: origin.requestID, isJSON: call.wantsJSON)
        } catch {
            return SecurityTokenAnswer.refusal(
                error, requestID: origin.requestID, hostID: wire.host, isJSON: call.wantsJSON)
        }
    }

    /// The refusal that a client is told; anything that is none is logged and told as an internal error.
    private func refusal(for error: any Error, requestID: RequestID) -> OSSError {
        switch error {
        case let refusal as OSSError:
            return refusal
        case is HTTPParserError, is IOError, is ChannelError:
            // The client broke its own framing or went away in the middle of its body.
            return OSSError(.incompleteBody)
        case StoreFailure.closed, StoreFailure.writesStopped, is CancellationError:
            return OSSError(.serviceUnavailable, headers: [("Retry-After", "5")])
        default:
            logger.error(
                "request failed",
                metadata: ["request.id": "\(requestID)", "error": "\(String(reflecting: error))"])
            return OSSError(.internalError)
        }
    }
}

extension SignedResource {
    /// The level of what it names.
    var level: ResourceLevel { bucket == nil ? .service : key == nil ? .bucket : .object }
}

extension OSSError {
    /// `MethodNotAllowed` names the method; the store, which refuses delete markers so, does not know it.
    fileprivate func naming(method: String) -> OSSError {
        guard code == .methodNotAllowed, !fields.contains(where: { $0.name == "Method" }) else { return self }
        var refusal = self
        refusal.fields.insert(Field(name: "Method", value: method), at: 0)
        return refusal
    }
}
