import NIOCore

/// Closes a connection that is one too many, as soon as it is there and before a byte of it is read.
final class TurnedAway: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    func channelActive(context: ChannelHandlerContext) {
        context.close(promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {}
}
