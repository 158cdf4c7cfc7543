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
/// side, takes at most `FrontLimits.lingerBytes` more, and closes. Nobody's body is drained without limit.
package final class ConnectionGuard: ChannelDuplexHandler {
    package typealias InboundIn = HTTPServerRequestPart
    package typealias InboundOut = HTTPServerRequestPart
    package typealias OutboundIn = HTTPServerResponsePart
    package typealias OutboundOut = HTTPServerResponsePart

    private enum State {
        /// Requests pass.
        case open
        /// A head was refused while earlier answers are still to be written.
        case refusing(FrontRefusal)
        /// The last answer is out; so many bytes more are taken.
        case lingering(remainingBytes: Int)
    }

    /// What is remembered of a request until its answer is written.
    private struct PendingRequest {
        let keepsAlive: Bool
        var awaitsContinue: Bool
        var isWhole = false
    }

    private let limits: FrontLimits
    private let refusalBody: @Sendable (FrontRefusal) -> FrontRefusalBody
    private var state = State.open
    private var pending: [PendingRequest] = []
    private var closesAfterAnswer = false
    private var lingerTimer: Scheduled<Void>?

    /// Makes the guard of one connection.
    package init(limits: FrontLimits, refusalBody: @escaping @Sendable (FrontRefusal) -> FrontRefusalBody) {
        self.limits = limits
        self.refusalBody = refusalBody
    }

    package func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard case .open = state else {
            linger(context: context, part: unwrapInboundIn(data))
            return
        }
        switch unwrapInboundIn(data) {
        case .head(let head):
            if let refusal = RequestHeadCheck.refusal(of: head) {
                refuse(context: context, refusal)
                return
            }
            pending.append(
                PendingRequest(
                    keepsAlive: head.isKeepAlive,
                    awaitsContinue: head.version == .http1_1 && head.headers.contains(name: "Expect")))
        case .body:
            if !pending.isEmpty { pending[pending.count - 1].awaitsContinue = false }
        case .end:
            if !pending.isEmpty { pending[pending.count - 1].isWhole = true }
        }
        context.fireChannelRead(data)
    }

    package func channelReadComplete(context: ChannelHandlerContext) {
        context.fireChannelReadComplete()
        if case .lingering = state { context.read() }
    }

    package func triggerUserOutboundEvent(context: ChannelHandlerContext, event: Any, promise: EventLoopPromise<Void>?)
    {
        guard event is RequestBodyWelcome else {
            context.triggerUserOutboundEvent(event, promise: promise)
            return
        }
        if let request = pending.first, request.awaitsContinue {
            pending[0].awaitsContinue = false
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
            context.write(wrapOutboundOut(.head(head)), promise: promise)
        case .body:
            context.write(data, promise: promise)
        case .end:
            let isWhole = pending.first?.isWhole ?? false
            if !pending.isEmpty { pending.removeFirst() }
            context.write(data, promise: promise)
            if closesAfterAnswer {
                end(context: context, isWhole: isWhole)
            } else if case .refusing(let refusal) = state, pending.isEmpty {
                answer(context: context, refusal)
            }
        }
    }

    package func channelInactive(context: ChannelHandlerContext) {
        lingerTimer?.cancel()
        context.fireChannelInactive()
    }

    private func refuse(context: ChannelHandlerContext, _ refusal: FrontRefusal) {
        if pending.isEmpty {
            answer(context: context, refusal)
        } else {
            state = .refusing(refusal)
        }
    }

    private func answer(context: ChannelHandlerContext, _ refusal: FrontRefusal) {
        let content = refusalBody(refusal)
        let body = context.channel.allocator.buffer(string: content.text)
        var headers = HTTPHeaders(content.headers.map { ($0.name, $0.value) })
        headers.add(name: "Content-Type", value: content.contentType)
        headers.add(name: "Content-Length", value: String(body.readableBytes))
        headers.add(name: "Connection", value: "close")
        let status = HTTPResponseStatus(statusCode: refusal.status.code)
        let head = HTTPResponseHead(version: .http1_1, status: status, headers: headers)
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        context.write(wrapOutboundOut(.body(.byteBuffer(body))), promise: nil)
        context.write(wrapOutboundOut(.end(nil)), promise: nil)
        end(context: context, isWhole: false)
    }

    /// Ends the connection after the last answer: at once if nothing more can come, else after lingering.
    private func end(context: ChannelHandlerContext, isWhole: Bool) {
        state = .lingering(remainingBytes: limits.lingerBytes)
        context.flush()
        guard !isWhole else {
            context.close(promise: nil)
            return
        }
        context.close(mode: .output, promise: nil)
        let loopBound = NIOLoopBound(context, eventLoop: context.eventLoop)
        lingerTimer = context.eventLoop.scheduleTask(in: .milliseconds(limits.lingerMilliseconds)) {
            loopBound.value.close(promise: nil)
        }
        context.read()
    }

    private func linger(context: ChannelHandlerContext, part: HTTPServerRequestPart) {
        guard case .lingering(let remaining) = state else { return }
        switch part {
        case .head: break
        case .end: context.close(promise: nil)
        case .body(let bytes):
            let left = remaining - bytes.readableBytes
            state = .lingering(remainingBytes: left)
            if left < 0 { context.close(promise: nil) }
        }
    }
}
