import AsyncHTTPClient
import NIOCore
import NIOHTTP1

/// Ends a connection that is silent while we wait for it.
///
/// We wait for it while bytes that were written have not left, while the answer to a whole request has not come, and
/// while more of an answer was asked for. Whoever is slow on this side, be it the source of an upload or the reader of a
/// download, is not waited for by the connection, and so may be slow.
final class SilenceWatch: ChannelDuplexHandler {
    typealias InboundIn = HTTPClientResponsePart
    typealias InboundOut = HTTPClientResponsePart
    typealias OutboundIn = HTTPClientRequestPart
    typealias OutboundOut = HTTPClientRequestPart

    private let longest: TimeAmount
    private var timer: Scheduled<Void>?
    /// Since when the connection has been silent, if it is waited for.
    private var silentSince = NIODeadline.now()
    private var unfinishedWrites = 0
    /// Whether more was asked of the network; a new connection begins so.
    private var isReading = true
    /// Whether a whole request has been handed over whose answer has not ended.
    private var isAnswerDue = false

    private init(longest: TimeAmount) {
        self.longest = longest
    }

    /// Adds a watch to a connection of the HTTP client.
    ///
    /// It sits where requests are not yet bytes and answers are bytes no more.
    static func add(to channel: any Channel, longest: TimeAmount) -> EventLoopFuture<Void> {
        channel.eventLoop.submit {
            let pipeline = channel.pipeline.syncOperations
            let decoder = try pipeline.handler(type: ByteToMessageHandler<HTTPResponseDecoder>.self)
            try pipeline.addHandler(SilenceWatch(longest: longest), position: .after(decoder))
        }
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        switch unwrapOutboundIn(data) {
        case .head: isAnswerDue = false
        case .body: break
        case .end: isAnswerDue = true
        }
        let written = promise ?? context.eventLoop.makePromise()
        unfinishedWrites += 1
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        written.futureResult.whenComplete { _ in
            let (watch, context) = bound.value
            watch.unfinishedWrites -= 1
            watch.noteSign(context)
        }
        noteSign(context)
        context.write(data, promise: written)
    }

    func read(context: ChannelHandlerContext) {
        isReading = true
        noteSign(context)
        context.read()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        isReading = false
        if case .end = unwrapInboundIn(data) { isAnswerDue = false }
        noteSign(context)
        context.fireChannelRead(data)
    }

    func channelInactive(context: ChannelHandlerContext) {
        stop()
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        stop()
    }

    private var isWaiting: Bool { unfinishedWrites > 0 || (isReading && isAnswerDue) }

    /// Begins to count anew: something came or went, or is waited for from now on.
    private func noteSign(_ context: ChannelHandlerContext) {
        silentSince = .now()
        if isWaiting, timer == nil, context.channel.isActive {
            schedule(after: longest, context)
        }
    }

    /// Looks again after a time.
    ///
    /// That costs less than a timer for each piece.
    private func schedule(after time: TimeAmount, _ context: ChannelHandlerContext) {
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        timer = context.eventLoop.scheduleTask(in: time) {
            let (watch, context) = bound.value
            watch.look(context)
        }
    }

    private func look(_ context: ChannelHandlerContext) {
        timer = nil
        guard isWaiting else { return }
        let silence = NIODeadline.now() - silentSince
        guard silence >= longest else { return schedule(after: longest - silence, context) }
        context.fireErrorCaught(isAnswerDue ? HTTPClientError.readTimeout : HTTPClientError.writeTimeout)
        context.close(promise: nil)
    }

    private func stop() {
        timer?.cancel()
        timer = nil
        isAnswerDue = false
        isReading = false
    }
}
