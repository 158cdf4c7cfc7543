import NIOCore
import OSSClient
import OSSKit
import Synchronization
import Testing

@Suite struct ClockCorrectionTests {
    /// A server whose clock is another one, and which refuses signatures of other times as OSS does.
    private static func server(ahead seconds: Int64, tells: String) -> LoopbackServer.Script {
        { request, _ in
            let time = ClientUnderTest.now + seconds
            let signed = request.header("x-oss-date").flatMap { ISO8601.parseBasic($0) } ?? 0
            guard abs(signed - time) > Limits.clockSkewSeconds else {
                return .answer(
                    request.head.method == .PUT || request.head.method == .POST ? 200 : 204,
                    [("ETag", "\"A\""), ("x-oss-next-append-position", "1")])
            }
            var error = OSSError(tells == "day" ? .invalidArgument : .requestTimeTooSkewed)
            if tells == "day" { error.ec = "0002-00000212" }
            if tells == "body" {
                let text = ISO8601.format(unixMilliseconds: time * 1_000)
                error.fields.append(.init(name: "ServerTime", value: text))
            }
            return .refusal(error, headers: tells == "nothing" ? [] : [("Date", HTTPDate.format(unixSeconds: time))])
        }
    }

    @Test(arguments: [901, -901, 86_400, -86_400, 172_800, -172_800] as [Int64], ["body", "header", "day"])
    func aClockThatIsOffIsSet(seconds: Int64, tells: String) async throws {
        try await ClientUnderTest.run(Self.server(ahead: seconds, tells: tells)) { test, server in
            try await test.client.deleteObject(try ObjectKey("k"))
            #expect(server.requests.count == 2)
            let found = test.client.clockCorrection
            #expect(found.offsetSeconds == seconds && found.repairCount == 1 && found.refusalCount == 0)
            // Copies and clients made from it know the time as well.
            try await test.client.adding(headers: []).service.bucket(try BucketName("other"))
                .deleteObject(try ObjectKey("k"))
            #expect(server.requests.count == 3)
            try ClientUnderTest.verify(try #require(server.requests.last), now: ClientUnderTest.now + seconds)
            let url = try await test.client.presignGet(try ObjectKey("k"), lifetimeSeconds: 60)
            #expect(url.expiresAtUnixSeconds == ClientUnderTest.now + seconds + 60)
        }
    }

    @Test(arguments: [172_801, -172_801, 1_000_000_000, -1_000_000_000] as [Int64])
    func aTimeThatCannotBeIsNotBelieved(seconds: Int64) async throws {
        try await ClientUnderTest.run(Self.server(ahead: seconds, tells: "body")) { test, server in
            let found = await #expect(throws: ServiceError.self) {
                try await test.client.deleteObject(try ObjectKey("k"))
            }
            #expect(found?.isCode(.requestTimeTooSkewed) == true)
            #expect(server.requests.count == 1)
            let clock = test.client.clockCorrection
            #expect(clock.offsetSeconds == 0 && clock.repairCount == 0 && clock.refusalCount == 1)
        }
    }

    @Test func aRefusalThatNamesNoTimeIsFinal() async throws {
        try await ClientUnderTest.run(Self.server(ahead: 3_600, tells: "nothing")) { test, server in
            await expectError("RequestTimeTooSkewed") { try await test.client.deleteObject(try ObjectKey("k")) }
            #expect(server.requests.count == 1)
            let clock = test.client.clockCorrection
            #expect(clock.offsetSeconds == 0 && clock.repairCount == 0 && clock.refusalCount == 0)
        }
    }

    @Test func anEndpointThatContradictsItselfIsNotAskedForEver() async throws {
        let date = HTTPDate.format(unixSeconds: ClientUnderTest.now)
        let script: LoopbackServer.Script = { _, _ in
            .refusal(OSSError(.requestTimeTooSkewed), headers: [("Date", date)])
        }
        try await ClientUnderTest.run(script) { test, server in
            await expectError("RequestTimeTooSkewed") { try await test.client.deleteObject(try ObjectKey("k")) }
            #expect(server.requests.count == 1)
        }
        // A clock that jumps each time ends with the attempts.
        let jumping: LoopbackServer.Script = { _, number in
            let time = ClientUnderTest.now + Int64(number) * 7_200
            return .refusal(
                OSSError(.requestTimeTooSkewed), headers: [("Date", HTTPDate.format(unixSeconds: time))])
        }
        try await ClientUnderTest.run(jumping) { test, server in
            await expectError("RequestTimeTooSkewed") { try await test.client.deleteObject(try ObjectKey("k")) }
            #expect(server.requests.count == 3)
        }
    }

    /// Nothing was done when the time was refused, so an append can be sent again, but not a body that is gone.
    @Test func whatWasRefusedForItsTimeWasNotDone() async throws {
        let script = Self.server(ahead: 3_600, tells: "body")
        try await ClientUnderTest.run(script) { test, server in
            try await test.client.appendObject(try ObjectKey("k"), position: 0, .text("a"))
            #expect(server.requests.count == 2)
        }
        try await ClientUnderTest.run(script) { test, server in
            let stream = ObjectCallTests.Pieces(text: "a")
            await expectError("RequestTimeTooSkewed") {
                try await test.client.putObject(try ObjectKey("k"), .stream(stream, lengthBytes: 1))
            }
            #expect(server.requests.count == 1)
            // But now the time is known.
            #expect(test.client.clockCorrection.offsetSeconds == 3_600)
        }
    }
}

@Suite struct RequestTests {
    @Test func whateverHasNoMethodCanBeSent() async throws {
        let script: LoopbackServer.Script = { _, _ in
            .answer(200, [("x-oss-request-id", "R"), ("X-A", "b")], body: "hi")
        }
        try await ClientUnderTest.run(script) { test, server in
            var request = OSSRequest(
                method: "POST", key: try ObjectKey("a"), query: [QueryItem("seal"), QueryItem("position", "5")],
                headers: [WireHeader("If-Match", "x")], body: .text("body"))
            request.signedHeaders = ["if-match", "host"]
            let found = try await test.client.send(request)
            #expect(found.status == 200 && found.requestID == "R" && found.header("x-a") == "b")
            #expect(String(buffer: try await found.body.collect(upTo: 10)) == "hi")
            let sent = try #require(server.requests.first)
            #expect(sent.head.uri == "/workspace/a?seal&position=5")
            #expect(sent.header("Authorization")?.contains("AdditionalHeaders=host;if-match") == true)
            try ClientUnderTest.verify(sent)
        }
    }

    @Test func aHeaderThatIsNotThereCannotBeSigned() async throws {
        try await ClientUnderTest.run({ _, _ in .answer(200) }) { test, server in
            var request = OSSRequest(method: "GET")
            request.signedHeaders = ["range"]
            let final = request
            await expectError("missingHeader") { _ = try await test.client.send(final) }
            #expect(server.requests.isEmpty)
        }
    }

    @Test func anyCallCanBeGivenMore() async throws {
        try await ClientUnderTest.run({ _, _ in .answer(204) }) { test, server in
            let client = test.client
                .adding(headers: [WireHeader("x-oss-request-payer", "someone")], query: [QueryItem("versionId", "1")])
                .adding(headers: [WireHeader("X-Oss-Request-Payer", "requester")])
            try await client.deleteObject(try ObjectKey("k"), versionID: "2")
            let request = try #require(server.requests.first)
            #expect(request.head.headers["x-oss-request-payer"] == ["requester"])
            #expect(request.head.uri == "/workspace/k?versionId=1")
            try ClientUnderTest.verify(request)
            try await test.client.deleteObject(try ObjectKey("k"))
            #expect(server.requests.last?.header("x-oss-request-payer") == nil)
        }
    }

    @Test func requestsCanBeSignedByTheOldRules() async throws {
        try await ClientUnderTest.run({ _, _ in .answer(204) }, configure: { $0.signatures = .v1 }) { test, server in
            try await test.client.deleteObject(try ObjectKey("a b"), versionID: "v")
            let request = try #require(server.requests.first)
            #expect(request.header("Authorization")?.hasPrefix("OSS LTAI5tExample:") == true)
            try ClientUnderTest.verify(request)
        }
    }

    @Test func aCloudBoxHasItsOwnScope() async throws {
        let configure: (inout OSSClient.Configuration) -> Void = { $0.product = "oss-cloudbox" }
        try await ClientUnderTest.run({ _, _ in .answer(204) }, configure: configure) { test, server in
            try await test.client.deleteObject(try ObjectKey("k"))
            let found = server.requests.first?.header("Authorization")
            #expect(found?.contains("/cn-hangzhou/oss-cloudbox/aliyun_v4_request") == true)
        }
    }

    @Test(
        arguments: [
            (nil, "127.0.0.1", "/workspace/k"), (Endpoint.Style.virtualHost, "workspace.127.0.0.1", "/k"),
            (.path, "127.0.0.1", "/workspace/k"), (.cname, "127.0.0.1", "/k"),
        ] as [(Endpoint.Style?, String, String)])
    func everyStyleAddressesTheBucketInItsWay(style: Endpoint.Style?, host: String, path: String) throws {
        let endpoint = try Endpoint("http://127.0.0.1:9000", style: style)
        let resource = SignedResource(bucket: "workspace", key: Array("k".utf8))
        #expect(endpoint.url(of: resource) == "http://\(host):9000\(path)")
    }

    @Test(arguments: [Endpoint.Style.path, .cname])
    func theSignatureNamesTheBucketInEveryStyle(style: Endpoint.Style) async throws {
        let server = try await LoopbackServer.start { _, _ in .answer(204) }
        let url = server.url
        try await ClientUnderTest.run(
            endpoint: url,
            configure: { configuration in
                guard let endpoint = try? Endpoint(url, style: style) else { return }
                configuration.store = OSSConfiguration(endpoint: endpoint, region: "cn-hangzhou")
            }
        ) { test in
            try await test.client.deleteObject(try ObjectKey("a b"))
            let request = try #require(server.requests.first)
            #expect(request.head.uri == (style == .path ? "/workspace/a%20b" : "/a%20b"))
            let read = try RequestAuthentication.read(
                try request.wireRequest(), resource: SignedResource(bucket: "workspace", key: Array("a b".utf8)),
                conditions: .init(region: "cn-hangzhou", nowUnixSeconds: ClientUnderTest.now))
            guard case .presented(let presented) = read else {
                Issue.record("the request is not signed")
                return
            }
            _ = try presented.verify(with: ClientUnderTest.secret)
        }
        try await server.stop()
    }

    @Test func whatIsPublicNeedsNoSignature() async throws {
        try await ClientUnderTest.run({ _, _ in .answer(204) }, credentials: .anonymous) { test, server in
            try await test.client.deleteObject(try ObjectKey("k"))
            #expect(server.requests.first?.header("Authorization") == nil)
            #expect(server.requests.first?.header("x-oss-date") == nil)
            await expectError("noCredentials") {
                _ = try await test.client.presignGet(try ObjectKey("k"), lifetimeSeconds: 60)
            }
        }
    }

    @Test func cancellingEndsARequestAndItsRepetition() async throws {
        try await ClientUnderTest.run({ _, _ in .answer(503) }) { test, server in
            let task = Task {
                withUnsafeCurrentTask { $0?.cancel() }
                try await test.client.deleteObject(try ObjectKey("k"))
            }
            let result = await task.result
            #expect(throws: CancellationError.self) { try result.get() }
            #expect(server.requests.isEmpty)
        }
    }
}

@Suite struct BucketCallTests {
    @Test func aBucketIsMadeAsItIsWanted() async throws {
        try await ClientUnderTest.run({ _, _ in .answer(200) }) { test, server in
            var options = PutBucketOptions(acl: .publicRead)
            options.storageClass = "IA"
            options.dataRedundancyType = "ZRS"
            options.resourceGroupID = "rg"
            options.tags = [Tag("a", "b c")]
            try await test.client.putBucket(options)
            let request = try #require(server.requests.first)
            let body = try CreateBucketConfiguration(document: request.body.readableBytesView)
            #expect(body == CreateBucketConfiguration(storageClass: "IA", dataRedundancyType: "ZRS"))
            #expect(request.header("x-oss-acl") == "public-read")
            #expect(request.header("x-oss-resource-group-id") == "rg")
            #expect(request.header("x-oss-bucket-tagging") == "a=b%20c")
            try ClientUnderTest.verify(request)
        }
    }

    @Test func documentsAreFetchedSetAndRemoved() async throws {
        let cors = CORSConfiguration(rules: [.init(allowedOrigins: ["*"], allowedMethods: ["GET"])])
        let script: LoopbackServer.Script = { request, _ in
            switch request.head.method {
            case .GET: .answer(200, body: cors.write())
            case .PUT: .answer(200)
            default: .answer(204)
            }
        }
        try await ClientUnderTest.run(script) { test, server in
            #expect(try await test.client.getBucketDocument(CORSConfiguration.self) == cors)
            try await test.client.putBucketDocument(cors)
            try await test.client.deleteBucketDocument(CORSConfiguration.self)
            await expectError("malformedAnswer") {
                _ = try await test.client.getBucketDocument(VersioningConfiguration.self)
            }
            let requests = server.requests
            #expect(requests.map(\.head.uri).allSatisfy { $0 == "/workspace/?cors" || $0.hasSuffix("?versioning") })
            #expect(try CORSConfiguration(document: requests[1].body.readableBytesView) == cors)
            #expect(requests[1].header("Content-Type") == "application/xml")
            let digest = Base64.encode(MD5Digest.of(Array(requests[1].body.readableBytesView)))
            #expect(requests[1].header("Content-MD5") == digest)
            for request in requests {
                try ClientUnderTest.verify(request)
            }
        }
    }

    @Test func otherCallsAskForWhatTheyAreCalled() async throws {
        let acl = AccessControlPolicy(owner: Owner(id: "1", displayName: "1"), grant: BucketACL.publicReadWrite)
        let script: LoopbackServer.Script = { request, _ in
            switch (request.head.method, request.head.uri.split(separator: "?").last) {
            case (.GET, "stat"): .answer(200, body: BucketStat().write())
            case (.GET, "acl"): .answer(200, body: acl.write())
            case (.GET, "versioning"): .answer(200, body: VersioningConfiguration(.suspended).write())
            case (.GET, "policy"): .answer(200, body: "{}")
            case (.GET, "location"): .answer(200, body: LocationConstraint.write(region: "cn-beijing"))
            default: .answer(200, [("x-oss-worm-id", "w")])
            }
        }
        try await ClientUnderTest.run(script) { test, server in
            let client = test.client
            #expect(try await client.getBucketStat() == BucketStat())
            #expect(try await client.getBucketACL().grant == .publicReadWrite)
            try await client.putBucketACL(.private)
            #expect(try await client.getBucketVersioning() == .suspended)
            try await client.putBucketVersioning(.enabled)
            #expect(try await client.getBucketPolicy() == "{}")
            try await client.putBucketPolicy("{\"Version\":\"1\"}")
            try await client.deleteBucketPolicy()
            #expect(try await client.getBucketLocation() == "cn-beijing")
            #expect(try await client.initiateBucketWorm(retentionDays: 1) == "w")
            try await client.lockBucketWorm(id: "w")
            try await client.extendBucketWorm(id: "w", retentionDays: 2)
            try await client.abortBucketWorm()
            try await client.deleteBucket()
            let found = server.requests.map { "\($0.head.method) \($0.head.uri.dropFirst("/workspace/".count))" }
            #expect(
                found == [
                    "GET ?stat", "GET ?acl", "PUT ?acl", "GET ?versioning", "PUT ?versioning", "GET ?policy",
                    "PUT ?policy", "DELETE ?policy", "GET ?location", "POST ?worm", "POST ?wormId=w",
                    "POST ?wormId=w&wormExtend", "DELETE ?worm", "DELETE ",
                ])
            for request in server.requests {
                try ClientUnderTest.verify(request)
            }
        }
    }
}
