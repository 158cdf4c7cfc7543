import NIOCore
import OSSClient
import OSSKit
import Testing

@Suite struct RetryPolicyTests {
    @Test(arguments: [
        (1, 0.0, Duration.zero), (1, 0.5, .milliseconds(100)), (2, 0.5, .milliseconds(200)),
        (3, 0.5, .milliseconds(400)),
        (8, 0.5, .seconds(10)), (1_000_000, 0.5, .seconds(10)), (Int.max, 0.5, .seconds(10)),
        (0, 0.5, .milliseconds(100)),
        (Int.min, 0.5, .milliseconds(100)),
    ])
    func pausesDoubleUpToTheLongest(attempt: Int, random: Double, wanted: Duration) {
        let found = RetryPolicy().pause(afterAttempt: attempt, random: random)
        #expect(found == wanted)
    }
}

@Suite struct RetryTests {
    @Test(arguments: [401, 408, 429, 500, 502, 503, 504])
    func whatMayPassIsTriedAgain(status: Int) async throws {
        let script: LoopbackServer.Script = { _, number in number < 3 ? .answer(status) : .answer(204) }
        try await ClientUnderTest.run(script) { test, server in
            try await test.client.deleteObject(try ObjectKey("k"))
            #expect(server.requests.count == 3)
            #expect(test.pauses.all == [.milliseconds(100), .milliseconds(200)])
        }
    }

    @Test(arguments: [304, 400, 403, 404, 405, 409, 411, 412, 416, 501])
    func whatWillNotPassIsNotTriedAgain(status: Int) async throws {
        try await ClientUnderTest.run({ _, _ in .answer(status) }) { test, server in
            let found = await #expect(throws: ServiceError.self) {
                try await test.client.deleteObject(try ObjectKey("k"))
            }
            #expect(found?.status == status)
            #expect(server.requests.count == 1)
            #expect(test.pauses.all.isEmpty)
        }
    }

    @Test(arguments: [1, 2, 5])
    func attemptsHaveAnEnd(attempts: Int) async throws {
        try await ClientUnderTest.run(
            { _, _ in .answer(503) }, configure: { $0.retries.maximumAttempts = attempts }
        ) { test, server in
            let found = await #expect(throws: ServiceError.self) {
                try await test.client.deleteObject(try ObjectKey("k"))
            }
            #expect(found?.status == 503)
            #expect(server.requests.count == attempts)
        }
    }

    @Test func aBodyIsSentWholeEachTime() async throws {
        let script: LoopbackServer.Script = { _, number in
            number == 1 ? .answer(503) : .answer(200, OSSClientTests.helloHeaders)
        }
        try await ClientUnderTest.run(script) { test, server in
            try await test.client.putObject(try ObjectKey("k"), content: ByteBuffer(string: "hello"))
            #expect(server.requests.map { String(buffer: $0.body) } == ["hello", "hello"])
        }
    }

    @Test func aBrokenConnectionIsTriedAgain() async throws {
        let script: LoopbackServer.Script = { _, number in number < 3 ? .hangUp : .answer(204) }
        try await ClientUnderTest.run(script) { test, server in
            try await test.client.deleteObject(try ObjectKey("k"))
            #expect(server.requests.count >= 3)
        }
    }

    @Test func anEndpointOutOfReachIsToldSo() async throws {
        let server = try await LoopbackServer.start { _, _ in .hangUp }
        let url = server.url
        try await server.stop()
        try await ClientUnderTest.run(endpoint: url, configure: { $0.retries.maximumAttempts = 2 }) { test in
            let found = await #expect(throws: OSSClientError.self) {
                try await test.client.deleteObject(try ObjectKey("k"))
            }
            guard case .unreachable? = found else {
                Issue.record("\(String(describing: found))")
                return
            }
            #expect(test.pauses.all.count == 1)
        }
    }
}
