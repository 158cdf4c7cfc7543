import NIOCore
import NIOHTTP1

/// Counts the bytes of a connection as they come from the wire, before anybody reads them as HTTP.
///
/// What frames a body, such as chunk extensions, is not part of it and has no limit of its own; so a request may take
/// only so many times its body. After a refusal, the rest is counted here and read by nobody.
final class WireMeter: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    private enum State {
        /// Bytes are passed on.
        case counting
        /// Bytes are dropped, as long as there are no more than these.
        case dropping(remainingBytes: Int)
    }

    private let limits: FrontLimits
    private let socket: SocketEnd
    private var state = State.counting
    private var wireBytes = 0
    private var bodyBytes = 0

    /// Makes the meter of one connection.
    init(limits: FrontLimits, socket: SocketEnd) {
        self.limits = limits
        self.socket = socket
    }

    /// Notes that a request ended, and counts anew.
    func requestEnded() {
        wireBytes = 0
        bodyBytes = 0
    }

    /// Notes bytes of a body.
    func received(bodyBytes count: Int) {
        bodyBytes += count
    }

    /// Drops what comes from now on, and closes the connection if it is much.
    func drop() {
        if case .counting = state { state = .dropping(remainingBytes: limits.lingerBytes) }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let count = unwrapInboundIn(data).readableBytes
        if case .dropping(let remaining) = state {
            state = .dropping(remainingBytes: remaining - count)
            if remaining < count { socket.close() }
            return
        }
        wireBytes += count
        // The parser and the guard have seen these bytes when the call returns.
        context.fireChannelRead(data)
        guard wireBytes > limits.wireBytesBesideBody + limits.wireBytesPerBodyByte * bodyBytes else { return }
        drop()
        context.fireErrorCaught(HTTPParserError.invalidChunkSize)
    }
}
