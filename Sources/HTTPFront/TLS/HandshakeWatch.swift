import NIOCore
import NIOSSL
import NIOTLS

/// Ends a connection whose TLS handshake takes too long, and words the errors of TLS as those of a connection.
final class HandshakeWatch: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    private let longest: TimeAmount
    private var timer: Scheduled<Void>?

    /// Makes the watch of one connection.
    init(longest: TimeAmount) {
        self.longest = longest
    }

    func channelActive(context: ChannelHandlerContext) {
        let loopBound = NIOLoopBound(context, eventLoop: context.eventLoop)
        timer = context.eventLoop.scheduleTask(in: longest) { loopBound.value.close(promise: nil) }
        context.fireChannelActive()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .handshakeCompleted = event as? TLSUserEvent { stop() }
        context.fireUserInboundEventTriggered(event)
    }

    func channelInactive(context: ChannelHandlerContext) {
        stop()
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // To whoever reads a body it is all the same why the connection ended.
        let isOfTLS = error is NIOSSLError || error is BoringSSLError || error is NIOSSLExtraError
        context.fireErrorCaught(isOfTLS ? ChannelError.inputClosed : error)
    }

    private func stop() {
        timer?.cancel()
        timer = nil
    }
}
