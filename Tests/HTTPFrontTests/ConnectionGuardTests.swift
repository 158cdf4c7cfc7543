import Foundation
import HTTPFront
import NIOCore
import NIOEmbedded
import NIOHTTP1
import Testing

/// Lets the sending side be shut, which the embedded channel itself cannot do.
private final class HalfClose: ChannelOutboundHandler {
    typealias OutboundIn = ByteBuffer

    func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        if case .output = mode {
            promise?.succeed()
        } else {
            context.close(mode: mode, promise: promise)
        }
    }
}

/// What a connection sees when a request is refused, waits, or is answered early.
@Suite struct ConnectionGuardTests {
    private let channel: EmbeddedChannel
    private let slots: RequestSlots
    private let unsent = UnsentBytes()

    init() throws {
        var limits = FrontLimits()
        limits.lingerBytes = 100
        channel = EmbeddedChannel()
        slots = RequestSlots(limit: 1)
        try ConnectionGuard.addHTTP(
            to: channel.pipeline.syncOperations, limits: limits, slots: slots, unsent: unsent
        ) { refusal in
            FrontRefusalBody(contentType: "text/plain", text: refusal.message)
        }
        try channel.pipeline.syncOperations.addHandler(HalfClose(), position: .first)
        try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
    }

    private func send(_ text: String) throws {
        try channel.writeInbound(ByteBuffer(string: text))
    }

    /// Everything that was written since the last call.
    private func received() throws -> String {
        var text = ""
        while let buffer = try channel.readOutbound(as: ByteBuffer.self) { text += String(buffer: buffer) }
        return text
    }

    /// How many requests passed.
    private func passedHeads() throws -> Int {
        var count = 0
        while let part = try channel.readInbound(as: HTTPServerRequestPart.self) {
            if case .head = part { count += 1 }
        }
        return count
    }

    private func answer(_ status: HTTPResponseStatus) throws {
        let head = HTTPResponseHead(version: .http1_1, status: status, headers: ["Content-Length": "0"])
        try channel.writeOutbound(HTTPServerResponsePart.head(head))
        try channel.writeOutbound(HTTPServerResponsePart.end(nil))
    }

    @Test(arguments: [
        "Connection: Upgrade\r\nUpgrade: h2c\r\n", "Connection: keep-alive, upgrade\r\nUpgrade: websocket\r\n",
    ])
    func whoAsksForAnotherProtocolIsAnsweredAndToldThatNothingElseWillBe(fields: String) throws {
        try send("GET / HTTP/1.1\r\nHost: a\r\n\(fields)\r\n")
        #expect(try passedHeads() == 1)
        try answer(.ok)
        let found = try received()
        #expect(found.hasPrefix("HTTP/1.1 200") && found.contains("Connection: close"), "\(found)")
    }

    @Test func aGoodRequestPassesAndTheConnectionStaysOpen() throws {
        try send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(try passedHeads() == 1)
        try answer(.ok)
        let found = try received()
        #expect(found.hasPrefix("HTTP/1.1 200"))
        #expect(!found.lowercased().contains("connection: close"))
        #expect(channel.isActive)
    }

    @Test func twoHostsAreAnsweredOnceAndNothingPasses() throws {
        try send("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n")
        let found = try received()
        #expect(found.hasPrefix("HTTP/1.1 400"))
        #expect(found.lowercased().contains("connection: close"))
        #expect(try passedHeads() == 0)
        try send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(try passedHeads() == 0)
    }

    @Test func aRefusalWaitsForTheAnswersBeforeIt() throws {
        try send("GET / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\n\r\n")
        #expect(try received().isEmpty)
        try answer(.ok)
        let found = try received()
        let first = try #require(found.range(of: "HTTP/1.1 200"))
        let second = try #require(found.range(of: "HTTP/1.1 400"))
        #expect(first.lowerBound < second.lowerBound)
    }

    @Test func continueIsSentOnceAndOnlyWhenTheBodyIsWelcome() throws {
        try send("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n")
        #expect(try received().isEmpty)
        channel.triggerUserOutboundEvent(RequestBodyWelcome(), promise: nil)
        channel.triggerUserOutboundEvent(RequestBodyWelcome(), promise: nil)
        let found = try received()
        #expect(found == "HTTP/1.1 100 Continue\r\n\r\n")
        try send("abc")
        try answer(.ok)
        #expect(try received().hasPrefix("HTTP/1.1 200"))
        #expect(channel.isActive)
    }

    @Test func nobodyWhoDoesNotWaitIsToldToContinue() throws {
        try send("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n")
        channel.triggerUserOutboundEvent(RequestBodyWelcome(), promise: nil)
        #expect(try received().isEmpty)
    }

    @Test func anAnswerBeforeTheBodyEndsTheConnectionAfterFewBytes() throws {
        try send("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n")
        try answer(.forbidden)
        let found = try received()
        #expect(found.hasPrefix("HTTP/1.1 403"))
        #expect(found.lowercased().contains("connection: close"))
        #expect(channel.isActive)
        // The parser complains of a body that was cut off by our close.
        #expect(throws: HTTPParserError.self) { try send(String(repeating: "x", count: 101)) }
        #expect(!channel.isActive)
    }

    @Test func aSilentClientIsClosedAfterALinger() throws {
        try send("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n")
        try answer(.forbidden)
        channel.embeddedEventLoop.advanceTime(by: .milliseconds(999))
        #expect(channel.isActive)
        channel.embeddedEventLoop.advanceTime(by: .milliseconds(1))
        #expect(!channel.isActive)
    }

    @Test func anHTTP10ClientIsClosedAfterItsAnswer() throws {
        try send("GET / HTTP/1.0\r\nHost: a\r\n\r\n")
        try answer(.ok)
        #expect(try received().lowercased().contains("connection: close"))
        channel.embeddedEventLoop.advanceTime(by: .seconds(1))
        #expect(!channel.isActive)
    }

    @Test(arguments: [
        ("FOO / HTTP/1.1\r\n", "405"), ("GET / HTTP/x\r\n", "400"), ("GET / HTTP/1.1\r\nbad header\r\n", "400"),
    ])
    func aHeadThatCannotBeParsedIsAnswered(_ head: String, status: String) throws {
        _ = try? send(head + "Host: a\r\n\r\n")
        let found = try received()
        #expect(found.hasPrefix("HTTP/1.1 \(status)"))
        #expect(try passedHeads() == 0)
    }

    @Test func aRefusedHeadRequestHasNoBody() throws {
        try send("HEAD / HTTP/1.1\r\n\r\n")
        let found = try received()
        #expect(found.hasPrefix("HTTP/1.1 400"))
        #expect(found.hasSuffix("\r\n\r\n"))
    }

    @Test func aDrippedBodyIsCutAndAFastOneIsNot() throws {
        try send("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n")
        channel.read()
        channel.embeddedEventLoop.advanceTime(by: .seconds(10))
        #expect(channel.isActive)
        try send(String(repeating: "x", count: 10_240))
        channel.read()
        channel.embeddedEventLoop.advanceTime(by: .seconds(10))
        #expect(channel.isActive)
        try send(String(repeating: "x", count: 10_239))
        channel.read()
        #expect(throws: HTTPParserError.self) {
            channel.embeddedEventLoop.advanceTime(by: .seconds(10))
            try channel.throwIfErrorCaught()
        }
        #expect(!channel.isActive)
    }

    @Test func aRequestTooManyIsAnsweredAndClosed() throws {
        let isTaken = slots.enter()
        #expect(isTaken)
        try send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        let found = try received()
        #expect(found.hasPrefix("HTTP/1.1 503"))
        #expect(found.lowercased().contains("connection: close"))
        #expect(try passedHeads() == 0)
    }

    @Test func aRequestCountsUntilItsAnswerIsWritten() throws {
        try send("GET / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(try passedHeads() == 2)
        #expect(!slots.enter())
        try answer(.ok)
        #expect(!slots.enter())
        try answer(.ok)
        #expect(slots.enter())
    }

    @Test func bytesOfAnAnswerCountUntilTheyHaveLeft() throws {
        try send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        let head = HTTPResponseHead(version: .http1_1, status: .ok, headers: ["Content-Length": "5"])
        channel.write(HTTPServerResponsePart.head(head), promise: nil)
        channel.write(HTTPServerResponsePart.body(.byteBuffer(ByteBuffer(string: "hello"))), promise: nil)
        let waiting = unsent.count
        #expect(waiting == 5)
        channel.flush()
        channel.embeddedEventLoop.run()
        let left = unsent.count
        #expect(left == 0)
    }

    @Test func requestsAheadOfTheirAnswersAreFew() throws {
        for _ in 0..<100 { try send("GET / HTTP/1.1\r\nHost: a\r\n\r\n") }
        let passed = try passedHeads()
        #expect(passed == FrontLimits().requestsAhead)
        for _ in 0..<passed { try answer(.ok) }
        let found = try received()
        #expect(found.components(separatedBy: "HTTP/1.1 200").count == passed + 1)
        #expect(found.components(separatedBy: "HTTP/1.1 400").count == 2)
    }

    @Test func aConnectionThatGoesAwayCountsNoLonger() throws {
        try send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(!slots.enter())
        try channel.close().wait()
        #expect(slots.enter())
    }

    @Test func chunksThatAreMostlyFramingAreCut() throws {
        try send("PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
        let chunk = "1\r\nx\r\n"
        try send(String(repeating: chunk, count: 10_000))
        #expect(throws: HTTPParserError.invalidChunkSize) {
            try send(String(repeating: chunk, count: 60_000))
            try channel.throwIfErrorCaught()
        }
    }

    @Test func aChunkExtensionWithoutEndIsCut() throws {
        try send("PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1;x=")
        try send(String(repeating: "y", count: 60_000))
        #expect(throws: HTTPParserError.invalidChunkSize) {
            try send(String(repeating: "y", count: 10_000))
            try channel.throwIfErrorCaught()
        }
    }

    @Test func aLongBodyInOrdinaryChunksPasses() throws {
        try send("PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
        let chunk = "400;name=value\r\n" + String(repeating: "x", count: 1_024) + "\r\n"
        for _ in 0..<300 { try send(chunk) }
        try send("0\r\n\r\n")
        try answer(.ok)
        #expect(try received().hasPrefix("HTTP/1.1 200"))
        #expect(channel.isActive)
    }

    @Test func linesBeforeARequestAreNotEndless() throws {
        _ = try? send(String(repeating: "\r\n", count: 40_000))
        #expect(try received().hasPrefix("HTTP/1.1 400"))
    }

    @Test func whatFollowsARefusalIsCountedWhateverItIs() throws {
        try send("PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
        try answer(.forbidden)
        try send("1;x=" + String(repeating: "y", count: 90))
        #expect(channel.isActive)
        _ = try? send(String(repeating: "y", count: 7))
        #expect(!channel.isActive)
    }

    @Test func aServerThatDoesNotAskForBytesBlamesNobody() throws {
        try send("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n")
        channel.embeddedEventLoop.advanceTime(by: .seconds(60))
        #expect(channel.isActive)
    }

    @Test func aRequestThatTakesForEverIsCut() throws {
        try send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        channel.embeddedEventLoop.advanceTime(by: .hours(6))
        #expect(channel.isActive)
        channel.embeddedEventLoop.advanceTime(by: .seconds(20))
        #expect(!channel.isActive)
    }
}
