import NIOCore
import NIOHTTP1

/// An outbound event: the request was authenticated, so that a waiting client may now send its body.
package struct RequestBodyWelcome: Sendable {
    /// Makes the event.
    package init() {}
}

/// Stands between the HTTP parser and the rest: refuses bad heads, answers `Expect`, and ends refused connections.
///
/// After an answer that was given before the whole request was there, it sends `Connection: close`, shuts the sending
/// side, takes at most `FrontLimits.lingerBytes` more, and closes. Nobody's body is drained without limit, and nobody
/// keeps a connection by sending or reading next to nothing.
package final class ConnectionGuard: ChannelDuplexHandler {
    package typealias InboundIn = HTTPServerRequestPart
    package typealias InboundOut = HTTPServerRequestPart
    package typealias OutboundIn = HTTPServerResponsePart
    package typealias OutboundOut = HTTPServerResponsePart

    private enum State {
        /// Requests pass.
        case open
        /// A head was refused while earlier answers are still to be written; nobody reads what follows it.
        case refusing(FrontRefusal, isHead: Bool)
        /// The last answer is out; nobody reads what follows.
        case lingering
    }

    /// What is remembered of a request until its answer is written.
    private struct PendingRequest {
        let keepsAlive: Bool
        let startedAt: NIODeadline
        var awaitsContinue: Bool
        var isWhole = false
    }

    private let limits: FrontLimits
    private let slots: RequestSlots
    private let unsent: UnsentBytes
    private let meter: WireMeter
    private let socket: SocketEnd
    private let refusalBody: @Sendable (FrontRefusal) -> FrontRefusalBody
    private var state = State.open
    private var pending: [PendingRequest] = []
    /// Whether this connection is counted as one that has a request.
    private var isCounted = false
    private var closesAfterAnswer = false
    private var lingerTimer: Scheduled<Void>?
    private var pace = ConnectionPace()
    private var paceTimer: Scheduled<Void>?

    private init(
        limits: FrontLimits, slots: RequestSlots, unsent: UnsentBytes, wire: (socket: SocketEnd, meter: WireMeter),
        refusalBody: @escaping @Sendable (FrontRefusal) -> FrontRefusalBody
    ) {
        self.limits = limits
        self.slots = slots
        self.unsent = unsent
        self.socket = wire.socket
        self.meter = wire.meter
        self.refusalBody = refusalBody
    }

    /// Puts the HTTP/1.1 parser into a connection's pipeline, with the guard behind it.
    package static func addHTTP(
        to pipeline: ChannelPipeline.SynchronousOperations, limits: FrontLimits, slots: RequestSlots,
        unsent: UnsentBytes = UnsentBytes(), refusalBody: @escaping @Sendable (FrontRefusal) -> FrontRefusalBody
    ) throws {
        var decoderLimits = NIOHTTPDecoderLimitConfiguration()
        decoderLimits.maxHeaderFieldSize = limits.headerFieldBytes
        decoderLimits.maxHeaderListSize = limits.headerListBytes
        decoderLimits.maxHeaderFieldCount = limits.headerFieldCount
        let socket = SocketEnd()
        try pipeline.addHandler(socket, position: .first)
        let meter = WireMeter(limits: limits, socket: socket)
        try pipeline.addHandler(meter)
        try pipeline.configureHTTPServerPipeline(
            withPipeliningAssistance: false, withErrorHandling: false, withOutboundHeaderValidation: true,
            withEncoderConfiguration: .init(), withDecoderLimitConfiguration: decoderLimits)
        try pipeline.addHandler(
            ConnectionGuard(
                limits: limits, slots: slots, unsent: unsent, wire: (socket, meter), refusalBody: refusalBody))
    }

    package func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard case .open = state else { return }
        switch unwrapInboundIn(data) {
        case .head(let head):
            if let refusal = RequestHeadCheck.refusal(of: head) {
                refuse(context: context, refusal, isHead: head.method == .HEAD)
                return
            }
            guard pending.count < limits.requestsAhead else {
                refuse(context: context, .tooFarAhead, isHead: head.method == .HEAD)
                return
            }
            // Of requests that are sent one behind the other, one at a time is answered.
            if !isCounted { isCounted = slots.enter() }
            guard isCounted else {
                refuse(context: context, .overloaded, isHead: head.method == .HEAD)
                return
            }
            // The parser takes whatever follows such a request for another protocol, and says nothing of it.
            let mayBeLast = head.headers.contains(name: "Upgrade")
            pending.append(
                PendingRequest(
                    keepsAlive: head.isKeepAlive && !mayBeLast, startedAt: context.eventLoop.now,
                    awaitsContinue: head.version == .http1_1 && head.headers.contains(name: "Expect")))
            watchPace(context: context)
        case .body(let bytes):
            pace.received(bytes.readableBytes)
            meter.received(bodyBytes: bytes.readableBytes)
            if !pending.isEmpty { pending[pending.count - 1].awaitsContinue = false }
        case .end:
            meter.requestEnded()
            if !pending.isEmpty { pending[pending.count - 1].isWhole = true }
        }
        context.fireChannelRead(data)
    }

    package func channelReadComplete(context: ChannelHandlerContext) {
        pace.isWaitingForBytes = false
        context.fireChannelReadComplete()
        if case .lingering = state { context.read() }
    }

    package func read(context: ChannelHandlerContext) {
        pace.isWaitingForBytes = true
        context.read()
    }

    package func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // In the middle of a body the reader of the body is told; a head that cannot be parsed has no reader.
        guard let parserError = error as? HTTPParserError, case .open = state, pending.allSatisfy(\.isWhole) else {
            context.fireErrorCaught(error)
            return
        }
        refuse(context: context, parserError == .invalidMethod ? .methodUnknown : .malformed, isHead: false)
    }

    package func triggerUserOutboundEvent(
        context: ChannelHandlerContext, event: Any, promise: EventLoopPromise<Void>?
    ) {
        guard event is RequestBodyWelcome else {
            context.triggerUserOutboundEvent(event, promise: promise)
            return
        }
        if let request = pending.first, request.awaitsContinue {
            pending[0].awaitsContinue = false
            pace.reset()
            let head = HTTPResponseHead(version: .http1_1, status: .continue)
            context.writeAndFlush(wrapOutboundOut(.head(head)), promise: nil)
        }
        promise?.succeed()
    }

    package func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        switch unwrapOutboundIn(data) {
        case .head(var head):
            let request = pending.first
            closesAfterAnswer = request.map { !$0.keepsAlive || !$0.isWhole } ?? true
            if head.headers["Connection"].contains(where: { $0.lowercased() == "close" }) { closesAfterAnswer = true }
            if closesAfterAnswer { head.headers.replaceOrAdd(name: "Connection", value: "close") }
            context.write(wrapOutboundOut(.head(head)), promise: followed(promise, context: context))
        case .body(let bytes):
            context.write(data, promise: followed(promise, bytes: bytes.readableBytes, context: context))
        case .end:
            if !pending.isEmpty { pending.removeFirst() }
            if pending.isEmpty { uncount() }
            context.write(data, promise: followed(promise, context: context))
            if closesAfterAnswer {
                end(context: context)
            } else if case .refusing(let refusal, let isHead) = state, pending.isEmpty {
                answer(context: context, refusal, isHead: isHead)
            }
        }
    }

    package func channelInactive(context: ChannelHandlerContext) {
        lingerTimer?.cancel()
        paceTimer?.cancel()
        uncount()
        context.fireChannelInactive()
    }

    private func uncount() {
        guard isCounted else { return }
        isCounted = false
        slots.leave()
    }
}

// MARK: - Refusals and the end of a connection

extension ConnectionGuard {
    private func refuse(context: ChannelHandlerContext, _ refusal: FrontRefusal, isHead: Bool) {
        if pending.isEmpty {
            answer(context: context, refusal, isHead: isHead)
        } else {
            state = .refusing(refusal, isHead: isHead)
            meter.drop()
        }
    }

    private func answer(context: ChannelHandlerContext, _ refusal: FrontRefusal, isHead: Bool) {
        let content = refusalBody(refusal)
        let body = context.channel.allocator.buffer(string: isHead ? "" : content.text)
        var headers = HTTPHeaders(content.headers.map { ($0.name, $0.value) })
        headers.add(name: "Content-Type", value: content.contentType)
        headers.add(name: "Content-Length", value: String(body.readableBytes))
        headers.add(name: "Connection", value: "close")
        let status = HTTPResponseStatus(statusCode: refusal.status.code)
        let head = HTTPResponseHead(version: .http1_1, status: status, headers: headers)
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        context.write(wrapOutboundOut(.body(.byteBuffer(body))), promise: nil)
        context.write(wrapOutboundOut(.end(nil)), promise: nil)
        end(context: context)
    }

    /// Ends the connection after the last answer: shuts the sending side, and closes when the client has, or soon.
    ///
    /// To close at once would send a reset where input waits unread, and the reset could eat the answer.
    private func end(context: ChannelHandlerContext) {
        state = .lingering
        meter.drop()
        context.flush()
        context.close(mode: .output, promise: nil)
        let loopBound = NIOLoopBound(socket, eventLoop: context.eventLoop)
        lingerTimer = context.eventLoop.scheduleTask(in: .milliseconds(limits.lingerMilliseconds)) {
            loopBound.value.close()
        }
        context.read()
    }
}

// MARK: - Pace

extension ConnectionGuard {
    /// A promise that notes, when the bytes of a write have left, that the reader still takes some.
    private func followed(
        _ promise: EventLoopPromise<Void>?, bytes: Int = 0, context: ChannelHandlerContext
    ) -> EventLoopPromise<Void> {
        let promise = promise ?? context.eventLoop.makePromise()
        pace.writing(at: context.eventLoop.now)
        let loopBound = NIOLoopBound(self, eventLoop: context.eventLoop)
        let eventLoop = context.eventLoop
        unsent.add(bytes)
        promise.futureResult.whenComplete { [unsent] _ in
            unsent.remove(bytes)
            loopBound.value.pace.written(at: eventLoop.now)
        }
        return promise
    }

    /// Looks at the pace again and again while a request is under way.
    private func watchPace(context: ChannelHandlerContext) {
        guard paceTimer == nil else { return }
        pace.reset()
        schedulePaceCheck(context: context)
    }

    private func schedulePaceCheck(context: ChannelHandlerContext) {
        let loopBound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        paceTimer = context.eventLoop.scheduleTask(in: .seconds(limits.paceIntervalSeconds)) {
            let (connection, context) = loopBound.value
            connection.checkPace(context: context)
        }
    }

    private func checkPace(context: ChannelHandlerContext) {
        paceTimer = nil
        guard let oldest = pending.first else { return }
        let now = context.eventLoop.now
        let isBodyDue = pending.last.map { !$0.isWhole && !$0.awaitsContinue } ?? false
        let isTooSlow = isBodyDue && pace.isBodyTooSlow(least: limits.leastBodyBytesPerInterval)
        // A large piece takes long to leave; that some of it does shows in what is left of it.
        let buffered = (try? context.channel.syncOptions?.getOption(.bufferedWritableBytes)) ?? 0
        pace.buffered(buffered, at: now)
        let isStalled = pace.isWriteStalled(at: now, after: .seconds(limits.writeStallSeconds))
        let isTooLong = now - oldest.startedAt > .seconds(limits.requestSeconds)
        guard !isTooSlow, !isStalled, !isTooLong else {
            socket.abort()
            return
        }
        pace.startInterval()
        schedulePaceCheck(context: context)
    }
}
