import NIOCore
import NIOHTTP1
import NIOPosix
import OSSKit
import Synchronization

/// A request as the server on loopback got it.
struct ReceivedRequest: Sendable {
    let head: HTTPRequestHead
    let body: ByteBuffer

    /// The request as a verifier wants it.
    func wireRequest() throws -> WireRequest {
        WireRequest(
            method: head.method.rawValue, scheme: "http", host: head.headers.first(name: "Host") ?? "",
            target: try RequestTarget(head.uri), headers: head.headers.map { WireHeader($0.name, $0.value) })
    }
}

/// What the server on loopback does with a request.
enum LoopbackAnswer: Sendable {
    /// Sends an answer; `Content-Length` is that of the body unless the headers say otherwise.
    case answer(Int, [(String, String)] = [], body: String = "")
    /// Closes the connection without an answer.
    case hangUp
    /// Keeps the connection, and never answers.
    case silence
}

/// An HTTP server on a free port of loopback that follows a script and remembers what it was sent.
final class LoopbackServer: Sendable {
    typealias Script = @Sendable (ReceivedRequest, Int) -> LoopbackAnswer

    private let channel: any Channel
    private let received: ReceivedRequests

    private init(channel: any Channel, received: ReceivedRequests) {
        self.channel = channel
        self.received = received
    }

    /// Starts a server; the script is given each request and its number, from 1.
    static func start(_ script: @escaping Script) async throws -> LoopbackServer {
        let received = ReceivedRequests()
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline()
                    try channel.pipeline.syncOperations.addHandler(
                        ScriptHandler(received: received, script: script))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        return LoopbackServer(channel: channel, received: received)
    }

    /// The server as an endpoint.
    var url: String { "http://127.0.0.1:\(channel.localAddress?.port ?? 0)" }
    /// What was sent so far, in order.
    var requests: [ReceivedRequest] { received.all }

    /// Closes the port.
    func stop() async throws {
        try await channel.close()
    }
}

private final class ReceivedRequests: Sendable {
    private let storage = Mutex<[ReceivedRequest]>([])

    var all: [ReceivedRequest] { storage.withLock { $0 } }

    /// Remembers a request and gives its number.
    func append(_ request: ReceivedRequest) -> Int {
        storage.withLock {
            $0.append(request)
            return $0.count
        }
    }
}

private final class ScriptHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let received: ReceivedRequests
    private let script: LoopbackServer.Script
    private var head: HTTPRequestHead?
    private var body = ByteBuffer()

    init(received: ReceivedRequests, script: @escaping LoopbackServer.Script) {
        self.received = received
        self.script = script
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            self.head = head
            body.clear()
        case .body(let piece):
            body.writeImmutableBuffer(piece)
        case .end:
            guard let head else { return }
            let request = ReceivedRequest(head: head, body: body)
            let number = received.append(request)
            send(script(request, number), to: head, context: context)
        }
    }

    private func send(_ answer: LoopbackAnswer, to request: HTTPRequestHead, context: ChannelHandlerContext) {
        guard case .answer(let status, let fields, let text) = answer else {
            if case .hangUp = answer {
                context.close(promise: nil)
            }
            return
        }
        var headers = HTTPHeaders(fields)
        let isBodyless = request.method == .HEAD || status == 204
        if !headers.contains(name: "Content-Length"), status != 204 {
            headers.add(name: "Content-Length", value: String(text.utf8.count))
        }
        let promised = headers.first(name: "Content-Length").flatMap { DecimalNumber.parse($0) } ?? 0
        let head = HTTPResponseHead(version: .http1_1, status: .init(statusCode: status), headers: headers)
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        if !isBodyless {
            context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(string: text)))), promise: nil)
        }
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        // A body that is shorter than its head promised ends with the connection.
        if !isBodyless, promised > text.utf8.count {
            context.close(promise: nil)
        }
    }
}
