import Foundation
import NIOCore

/// Stands right behind the socket and closes it at once, past everything that would first say goodbye.
///
/// TLS closes by telling the other side and waiting for its word, and takes what it sends until then. Whoever sends too
/// much, or too little, is not waited for.
final class SocketEnd: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private var context: ChannelHandlerContext?

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
    }

    /// Closes the socket; without effect where it is closed already.
    func close() {
        context?.close(promise: nil)
    }

    /// Closes the socket and drops what it still had to send, which the system would else keep for a silent reader.
    func abort() {
        guard let context else { return }
        guard let socket = context.channel as? any SocketOptionProvider else { return close() }
        let loopBound = NIOLoopBound(self, eventLoop: context.eventLoop)
        socket.setSoLinger(linger(l_onoff: 1, l_linger: 0)).whenComplete { _ in loopBound.value.close() }
    }
}
