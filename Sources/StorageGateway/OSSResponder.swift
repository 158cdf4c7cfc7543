import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import NIOHTTP1
import OSSKit
import ObjectStore

/// What the HTTP server hands to the OSS surface with a request.
package struct OSSContext: InitializableFromSource, Sendable {
    /// The connection.
    let channel: any Channel
    /// The logger of the request.
    let logger: Logger

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

    /// Collects the three.
    package init(
        now: @escaping @Sendable () -> Int64, randomBits: @escaping @Sendable () -> UInt64,
        welcomeBody: @escaping @Sendable (any Channel) -> Void
    ) {
        self.now = now
        self.randomBits = randomBits
        self.welcomeBody = welcomeBody
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
    private let logger: Logger

    /// Makes the surface of a store.
    ///
    /// - Parameters:
    ///   - store: Where the objects are.
    ///   - keys: The access keys that may sign.
    ///   - configuration: What was told at start.
    ///   - environment: Time, randomness and the connection's own ways.
    ///   - logger: Where unexpected failures go.
    package init(
        store: DiskStore, keys: AccessKeyRing, configuration: SurfaceConfiguration, environment: SurfaceEnvironment,
        logger: Logger
    ) {
        self.store = store
        self.configuration = configuration
        self.environment = environment
        self.addressing = Addressing(virtualHostDomains: configuration.virtualHostDomains)
        self.authenticator = Authenticator(region: configuration.region, keys: keys)
        self.logger = logger
    }

    package func respond(to request: Request, context: OSSContext) async throws -> Response {
        let start = environment.now()
        let requestID = RequestID(unixSeconds: start / 1_000, random: environment.randomBits())
        let host = request.head.authority ?? ""
        var answer: OSSAnswer
        do {
            answer = try await self.answer(
                request, host: host, context: context, nowMilliseconds: start, requestID: requestID)
        } catch {
            let refusal = refusal(for: error, requestID: requestID).naming(method: request.method.rawValue)
            answer = ErrorAnswer.answer(
                refusal, requestID: requestID, hostID: host, isHead: request.method == .head)
        }
        answer.headers.insert(("x-oss-request-id", requestID.description), at: 0)
        answer.headers.insert(("Server", "AliyunOSS"), at: 0)
        answer.headers.append(("x-oss-server-time", String(max(0, environment.now() - start))))
        return answer.response
    }

    private func answer(
        _ request: Request, host: String, context: OSSContext, nowMilliseconds: Int64, requestID: RequestID
    ) async throws -> OSSAnswer {
        let target = try RequestTarget(request.head.path ?? "")
        let wire = WireRequest(
            method: request.method.rawValue, scheme: request.head.scheme ?? "http", host: host, target: target,
            headers: request.headers.map { WireHeader($0.name.rawName, $0.value) })
        let resource = try addressing.resource(host: host, target: target)
        if let key = resource.key { _ = try ObjectKey(bytes: key) }
        let requester = try authenticator.requester(
            of: wire, resource: resource, nowUnixSeconds: nowMilliseconds / 1_000)
        let level: ResourceLevel = resource.bucket == nil ? .service : resource.key == nil ? .bucket : .object
        guard let requester else { throw try await anonymousRefusal(wire, resource: resource, level: level) }
        let operation = try OperationTable.operation(for: wire, level: level)
        let channel = context.channel
        let call = OSSCall(
            request: wire, resource: resource, requester: requester, body: request.body,
            welcomeBody: { [environment] in environment.welcomeBody(channel) }, store: store,
            configuration: configuration,
            logger: { [logger] in
                var logger = logger
                logger[metadataKey: "request.id"] = "\(requestID)"
                return logger
            })
        // The server answers on the connection's event loop; only what takes long changes the thread.
        if operation.isQuick { return try await operation.answer(call) }
        return try await withTaskExecutorPreference(globalConcurrentExecutor) { try await operation.answer(call) }
    }

    /// Why a request without credentials is refused: no bucket is open to the public.
    ///
    /// Source: oss-wire facts 2.6 and 14.
    private func anonymousRefusal(
        _ request: WireRequest, resource: SignedResource, level: ResourceLevel
    ) async throws -> OSSError {
        guard level == .object, let bucket = resource.bucket else {
            return OSSError(
                .accessDenied, message: "Anonymous access is forbidden for this operation.", ec: "0003-00001201")
        }
        _ = try await store.bucket(try BucketName(bucket))
        let isOverride = request.target.query.contains { item in GetObject.overrides.contains { item.isNamed($0) } }
        if request.method == "GET", isOverride {
            return OSSError(
                .invalidRequest,
                message: "Request specific response headers cannot be used for anonymous GET requests.")
        }
        return OSSError(
            .accessDenied, message: "You have no right to access this object because of bucket acl.",
            ec: "0003-00000001", fields: [("BucketName", bucket)])
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

extension OSSError {
    /// `MethodNotAllowed` names the method; the store, which refuses delete markers so, does not know it.
    fileprivate func naming(method: String) -> OSSError {
        guard code == .methodNotAllowed, !fields.contains(where: { $0.name == "Method" }) else { return self }
        var refusal = self
        refusal.fields.insert(Field(name: "Method", value: method), at: 0)
        return refusal
    }
}
