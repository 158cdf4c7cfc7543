import NIOCore
import OSSClient
import OSSKit
import Testing

@Suite struct OSSClientTests {
    /// The headers of an answer about an object whose content is `hello`.
    static let helloHeaders = [
        ("ETag", "\"5D41402ABC4B2A76B9719D911017C592\""), ("Last-Modified", "Fri, 24 Feb 2012 06:07:48 GMT"),
        ("x-oss-hash-crc64ecma", "11177612005948864433"), ("Content-Type", "text/plain"), ("X-Oss-Meta-Author", "a"),
    ]
    static let helloCRC64: UInt64 = 11_177_612_005_948_864_433

    private static func refusal(_ code: OSSErrorCode) -> LoopbackAnswer {
        let document = ErrorDocument.write(OSSError(code), requestID: "R", hostID: "h")
        return .answer(
            code.status,
            [("Content-Type", "application/xml"), ("x-oss-err", ErrorDocument.headerValue(of: document))],
            body: document)
    }

    @Test func headTellsTheFactsOfAnObject() async throws {
        let script: LoopbackServer.Script = { _, _ in
            .answer(200, Self.helloHeaders + [("Content-Length", "5")])
        }
        try await ClientUnderTest.run(script) { test, server in
            let found = try await test.client.headObject(try ObjectKey("a b/é+.txt"))
            #expect(found.sizeBytes == 5)
            #expect(found.eTag == "\"5D41402ABC4B2A76B9719D911017C592\"")
            #expect(found.lastModifiedUnixSeconds == 1_330_063_668)
            #expect(found.crc64 == Self.helloCRC64)
            #expect(found.contentType == "text/plain")
            #expect(found.userMetadata == ["author": "a"])
            let request = try #require(server.requests.first)
            #expect(request.head.method == .HEAD)
            #expect(request.head.uri == "/workspace/a%20b/%C3%A9%2B.txt")
            try ClientUnderTest.verify(request)
        }
    }

    @Test(arguments: [
        "a//b", "a///", "a/../b", "./a", ".", "..", "a/..", "%2F", "a%20b", "a+b", "a b", " ", "?&=#", "~", "*'()!",
        "\"<>|^`{}[]@:;,$\\", "中文/é/e\u{301}", "👨‍👩‍👧", "a\u{1}\n\u{7F}", "\u{FEFF}x", String(repeating: "k", count: 1_023),
    ])
    func everyKeyArrivesAsItIs(key: String) async throws {
        let script: LoopbackServer.Script = { _, _ in .answer(204) }
        try await ClientUnderTest.run(script) { test, server in
            try await test.client.deleteObject(try ObjectKey(key))
            let request = try #require(server.requests.first)
            let found = try request.wireRequest().target.pathStyleResource()
            #expect(found.bucket == "workspace")
            #expect(found.key == Array(key.utf8))
            try ClientUnderTest.verify(request)
        }
    }

    @Test(arguments: [refusal(.noSuchKey), .answer(404)])
    func aMissingObjectIsRecognised(answer: LoopbackAnswer) async throws {
        try await ClientUnderTest.run({ _, _ in answer }) { test, server in
            let found = await #expect(throws: ServiceError.self) {
                try await test.client.headObject(try ObjectKey("k"))
            }
            #expect(found?.isMissingObject == true)
            #expect(server.requests.count == 1)
        }
    }

    @Test func aMissingBucketIsNoMissingObject() async throws {
        try await ClientUnderTest.run({ _, _ in Self.refusal(.noSuchBucket) }) { test, _ in
            let found = await #expect(throws: ServiceError.self) {
                try await test.client.headObject(try ObjectKey("k"))
            }
            #expect(found?.isMissingObject == false)
            #expect(found?.isCode(.noSuchBucket) == true)
            #expect(found?.ec == "0015-00000101")
        }
    }

    @Test func smallObjectsAreFetched() async throws {
        try await ClientUnderTest.run({ _, _ in .answer(200, Self.helloHeaders, body: "hello") }) { test, server in
            let found = try await test.client.getObject(try ObjectKey("k"), maximumBytes: 5)
            #expect(String(buffer: found.content) == "hello")
            #expect(found.metadata.crc64 == Self.helloCRC64)
            try ClientUnderTest.verify(try #require(server.requests.first))
        }
    }

    @Test func anObjectThatIsTooLongIsNotFetched() async throws {
        try await ClientUnderTest.run({ _, _ in .answer(200, Self.helloHeaders, body: "hello") }) { test, server in
            let found = await #expect(throws: OSSClientError.self) {
                try await test.client.getObject(try ObjectKey("k"), maximumBytes: 4)
            }
            guard case .bodyTooLong(maximumBytes: 4)? = found else {
                Issue.record("\(String(describing: found))")
                return
            }
            #expect(server.requests.count == 1)
        }
    }

    @Test func wrongBytesAreFetchedAgain() async throws {
        let script: LoopbackServer.Script = { _, number in
            .answer(200, Self.helloHeaders, body: number < 3 ? "hellx" : "hello")
        }
        try await ClientUnderTest.run(script) { test, server in
            let found = try await test.client.getObject(try ObjectKey("k"), maximumBytes: 100)
            #expect(String(buffer: found.content) == "hello")
            #expect(server.requests.count == 3)
        }
    }

    @Test func aTruncatedBodyIsFetchedAgain() async throws {
        let script: LoopbackServer.Script = { _, number in
            number == 1
                ? .answer(200, Self.helloHeaders + [("Content-Length", "5")], body: "hel")
                : .answer(200, Self.helloHeaders, body: "hello")
        }
        try await ClientUnderTest.run(script) { test, server in
            let found = try await test.client.getObject(try ObjectKey("k"), maximumBytes: 100)
            #expect(String(buffer: found.content) == "hello")
            #expect(server.requests.count == 2)
        }
    }

    @Test func aStreamEndsWithItsChecksum() async throws {
        let script: LoopbackServer.Script = { request, _ in
            .answer(200, Self.helloHeaders, body: request.head.uri.hasSuffix("good") ? "hello" : "hellx")
        }
        try await ClientUnderTest.run(script) { test, _ in
            var content = ByteBuffer()
            for try await piece in try await test.client.streamObject(try ObjectKey("good")).content {
                content.writeImmutableBuffer(piece)
            }
            #expect(String(buffer: content) == "hello")
            let bad = try await test.client.streamObject(try ObjectKey("bad")).content
            let found = await #expect(throws: OSSClientError.self) {
                for try await _ in bad {}
            }
            guard case .wrongChecksum? = found else {
                Issue.record("\(String(describing: found))")
                return
            }
        }
    }

    @Test func anObjectIsStored() async throws {
        try await ClientUnderTest.run({ _, _ in .answer(200, Self.helloHeaders) }) { test, server in
            let found = try await test.client.putObject(
                try ObjectKey("k"), content: ByteBuffer(string: "hello"), contentType: "text/plain",
                userMetadata: ["author": "a"])
            #expect(found.crc64 == Self.helloCRC64)
            #expect(found.eTag == "\"5D41402ABC4B2A76B9719D911017C592\"")
            let request = try #require(server.requests.first)
            #expect(request.head.method == .PUT)
            #expect(String(buffer: request.body) == "hello")
            #expect(request.head.headers["Content-Type"] == ["text/plain"])
            #expect(request.head.headers["Content-Length"] == ["5"])
            #expect(request.head.headers["x-oss-meta-author"] == ["a"])
            try ClientUnderTest.verify(request)
        }
    }

    @Test func anUploadThatArrivedWrongIsAnError() async throws {
        try await ClientUnderTest.run({ _, _ in .answer(200, Self.helloHeaders) }) { test, server in
            let found = await #expect(throws: OSSClientError.self) {
                try await test.client.putObject(try ObjectKey("k"), content: ByteBuffer(string: "other"))
            }
            guard case .wrongChecksum? = found else {
                Issue.record("\(String(describing: found))")
                return
            }
            #expect(server.requests.count == 3)
        }
    }

    @Test func anObjectIsDeleted() async throws {
        try await ClientUnderTest.run({ _, _ in .answer(204) }) { test, server in
            try await test.client.deleteObject(try ObjectKey("k"))
            let request = try #require(server.requests.first)
            #expect(request.head.method == .DELETE)
            try ClientUnderTest.verify(request)
        }
    }

    @Test func theBucketIsMadeAndDescribed() async throws {
        let wanted = BucketInfo(
            name: "workspace", createdAtMilliseconds: 1_330_063_668_000,
            endpoints: BucketEndpoints(region: "cn-hangzhou", extranet: "a", intranet: "b"),
            owner: Owner(id: "1", displayName: "1"))
        let script: LoopbackServer.Script = { request, _ in
            request.head.method == .PUT ? .answer(200) : .answer(200, body: wanted.write())
        }
        try await ClientUnderTest.run(script) { test, server in
            try await test.client.putBucket()
            let found = try await test.client.getBucketInfo()
            #expect(found == wanted)
            #expect(server.requests.map(\.head.uri) == ["/workspace/", "/workspace/?bucketInfo"])
            for request in server.requests {
                try ClientUnderTest.verify(request)
            }
        }
    }

    @Test(arguments: ["<html></html>", "", "<BucketInfo/>", "<BucketInfo>"])
    func aMalformedAnswerIsAnError(body: String) async throws {
        try await ClientUnderTest.run({ _, _ in .answer(200, body: body) }) { test, server in
            let found = await #expect(throws: OSSClientError.self) { try await test.client.getBucketInfo() }
            guard case .malformedAnswer? = found else {
                Issue.record("\(String(describing: found))")
                return
            }
            #expect(server.requests.count == 1)
        }
    }

    @Test func aRedirectIsNotFollowed() async throws {
        let script: LoopbackServer.Script = { _, _ in .answer(301, [("Location", "/elsewhere")]) }
        try await ClientUnderTest.run(script) { test, server in
            let found = await #expect(throws: ServiceError.self) {
                try await test.client.getObject(try ObjectKey("k"), maximumBytes: 1)
            }
            #expect(found?.status == 301)
            #expect(server.requests.count == 1)
        }
    }

    @Test func aFailedCallbackIsAnError() async throws {
        let body = "<Error><Code>CallbackFailed</Code><Message>Error status : 502.</Message></Error>"
        try await ClientUnderTest.run({ _, _ in .answer(203, body: body) }) { test, _ in
            let found = await #expect(throws: ServiceError.self) {
                try await test.client.putObject(try ObjectKey("k"), content: ByteBuffer())
            }
            #expect(found?.code == "CallbackFailed")
        }
    }

    @Test(arguments: OSSClient.SignatureVersion.allCases)
    func presignedURLsAreForThePublicEndpoint(version: OSSClient.SignatureVersion) async throws {
        let script: LoopbackServer.Script = { _, _ in .hangUp }
        try await ClientUnderTest.run(script, configure: { $0.presignedURLs = version }) { test, server in
            let put = try await test.client.presignPut(
                try ObjectKey("a/b.txt"), terms: .init(contentType: "text/plain", sizeBytes: 5), lifetimeSeconds: 300)
            let get = try await test.client.presignGet(
                try ObjectKey("a/b.txt"), lifetimeSeconds: 300, fileName: "Übung 1.txt")
            #expect(put.url.hasPrefix("https://workspace.oss.example.org/a/b.txt?"))
            #expect(get.url.hasPrefix("https://workspace.oss.example.org/a/b.txt?response-content-disposition="))
            #expect(put.method == "PUT" && get.method == "GET")
            let names = put.requiredHeaders.map(\.name)
            #expect(names == (version == .v4 ? ["Content-Type", "Content-Length"] : ["Content-Type"]))
            #expect(put.expiresAtUnixSeconds == ClientUnderTest.now + 300)
            #expect(server.requests.isEmpty)
        }
    }
}
