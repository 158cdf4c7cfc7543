import Foundation
import NIOCore
import OSSClient
import OSSKit
import Testing

@Suite struct ObjectCallTests {
    static let hello = OSSClientTests.helloHeaders

    /// Pieces of a text, one for each of its characters.
    struct Pieces: AsyncSequence, Sendable {
        let text: String

        struct AsyncIterator: AsyncIteratorProtocol {
            var rest: Substring

            mutating func next() async throws -> ByteBuffer? {
                rest.popFirst().map { ByteBuffer(string: String($0)) }
            }
        }

        func makeAsyncIterator() -> AsyncIterator { AsyncIterator(rest: text[...]) }
    }

    private static func folder() throws -> URL {
        let folder = FileManager.default.temporaryDirectory.appending(path: "client-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        return folder
    }

    @Test(arguments: [5, nil] as [Int64?])
    func aStreamIsStored(length: Int64?) async throws {
        try await ClientUnderTest.run({ _, _ in .answer(200, Self.hello) }) { test, server in
            let found = try await test.client.putObject(
                try ObjectKey("k"), .stream(Pieces(text: "hello"), lengthBytes: length))
            #expect(found.crc64 == OSSClientTests.helloCRC64)
            let request = try #require(server.requests.first)
            #expect(String(buffer: request.body) == "hello")
            #expect(request.header("Content-Length") == length.map { String($0) })
            #expect(request.header("Transfer-Encoding") == (length == nil ? "chunked" : nil))
            try ClientUnderTest.verify(request)
        }
    }

    @Test(arguments: [4, 6] as [Int64])
    func aStreamOfAnotherLengthIsAnError(length: Int64) async throws {
        try await ClientUnderTest.run({ _, _ in .answer(200, Self.hello) }) { test, _ in
            await expectError("wrongLength") {
                try await test.client.putObject(
                    try ObjectKey("k"), .stream(Pieces(text: "hello"), lengthBytes: length))
            }
        }
    }

    @Test func aStreamIsNotRepeatedButAReplayableOneIs() async throws {
        let script: LoopbackServer.Script = { _, number in number == 1 ? .answer(503) : .answer(200, Self.hello) }
        try await ClientUnderTest.run(script) { test, server in
            await expectError("503") {
                try await test.client.putObject(
                    try ObjectKey("k"), .stream(Pieces(text: "hello"), lengthBytes: 5))
            }
            #expect(server.requests.count == 1)
        }
        try await ClientUnderTest.run(script) { test, server in
            let body = UploadBody.replayable(lengthBytes: 5) { Pieces(text: "hello") }
            try await test.client.putObject(try ObjectKey("k"), body)
            #expect(server.requests.map { String(buffer: $0.body) } == ["hello", "hello"])
        }
    }

    @Test func aSourceThatFailsIsTold() async throws {
        struct Broken: AsyncSequence, Sendable {
            struct SourceFailure: Error {}
            struct AsyncIterator: AsyncIteratorProtocol {
                mutating func next() async throws -> ByteBuffer? { throw SourceFailure() }
            }
            func makeAsyncIterator() -> AsyncIterator { AsyncIterator() }
        }
        try await ClientUnderTest.run({ _, _ in .answer(200, Self.hello) }) { test, server in
            await expectError("SourceFailure") {
                try await test.client.putObject(
                    try ObjectKey("k"), .replayable(lengthBytes: 5) { Broken() })
            }
            #expect(test.pauses.all.isEmpty)
            #expect(server.requests.isEmpty)
        }
    }

    @Test func aFileIsStoredAndFetched() async throws {
        let folder = try Self.folder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let source = folder.appending(path: "source").path
        let target = folder.appending(path: "target").path
        let bytes = (0..<700_001).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        try Data(bytes).write(to: URL(filePath: source))
        let text = String(repeating: "x", count: 300_000)
        let script: LoopbackServer.Script = { request, _ in
            let headers = Self.hello.filter { $0.0 != "x-oss-hash-crc64ecma" }
            return request.head.method == .PUT
                ? .answer(
                    200, headers + [("x-oss-hash-crc64ecma", String(CRC64.of(Array(request.body.readableBytesView))))])
                : .answer(200, headers + [("x-oss-hash-crc64ecma", String(CRC64.of(Array(text.utf8))))], body: text)
        }
        try await ClientUnderTest.run(script) { test, server in
            let stored = try await test.client.putObject(try ObjectKey("k"), .file(source))
            #expect(stored.crc64 == CRC64.of(bytes))
            #expect(server.requests.first?.body.readableBytes == bytes.count)
            let metadata = try await test.client.getObject(try ObjectKey("k"), intoFile: target)
            #expect(metadata.sizeBytes == 300_000)
            #expect(try String(contentsOfFile: target, encoding: .utf8) == text)
        }
        let left = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
        #expect(left == ["source", "target"])
    }

    @Test func aDownloadThatFailsLeavesTheOldFileAndNoOther() async throws {
        let folder = try Self.folder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let target = folder.appending(path: "target").path
        try Data("old".utf8).write(to: URL(filePath: target))
        try await ClientUnderTest.run({ _, _ in .answer(200, Self.hello, body: "hellx") }) { test, server in
            await expectError("wrongChecksum") {
                try await test.client.getObject(try ObjectKey("k"), intoFile: target)
            }
            #expect(server.requests.count == 3)
            await expectError("file(") {
                try await test.client.getObject(try ObjectKey("k"), intoFile: target + "/below")
            }
            // A folder that is not there is no fault of the endpoint's.
            #expect(server.requests.count == 4)
        }
        #expect(try String(contentsOfFile: target, encoding: .utf8) == "old")
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["target"])
    }

    @Test func aMissingFileIsNotSent() async throws {
        await expectError("open") { _ = try await UploadBody.file("/nowhere/at/all") }
    }

    @Test func allOptionsOfAnUploadAreSent() async throws {
        try await ClientUnderTest.run({ _, _ in .answer(200, Self.hello, body: "{}") }) { test, server in
            var options = PutObjectOptions(contentType: "text/plain")
            options.properties.cacheControl = "no-cache"
            options.properties.contentDisposition = "attachment"
            options.properties.contentEncoding = "identity"
            options.properties.contentLanguage = "en"
            options.properties.expires = "Fri, 24 Feb 2012 06:07:48 GMT"
            options.properties.userMetadata = ["b": "2", "a": "1"]
            options.properties.tags = [Tag("k 1", "v&"), Tag("l", "")]
            options.properties.acl = .publicRead
            options.properties.storageClass = "IA"
            options.properties.serverSideEncryption = "AES256"
            options.forbidsOverwrite = true
            options.contentMD5 = "XUFAKrxLKna5cZ2REBfFkg=="
            options.callback = UploadCallback(urls: ["http://example.com"], body: "a")
            options.trafficLimitBitsPerSecond = 819_200
            let found = try await test.client.putObject(try ObjectKey("k"), .text("hello"), options)
            #expect(found.callbackAnswer.map { String(buffer: $0) } == "{}")
            let request = try #require(server.requests.first)
            let wanted = [
                "Content-Type": "text/plain", "Cache-Control": "no-cache", "Content-Disposition": "attachment",
                "Content-Encoding": "identity", "Content-Language": "en", "Expires": "Fri, 24 Feb 2012 06:07:48 GMT",
                "x-oss-meta-a": "1", "x-oss-meta-b": "2", "x-oss-tagging": "k%201=v%26&l=",
                "x-oss-object-acl": "public-read", "x-oss-storage-class": "IA",
                "x-oss-server-side-encryption": "AES256",
                "x-oss-forbid-overwrite": "true", "Content-MD5": "XUFAKrxLKna5cZ2REBfFkg==",
                "x-oss-traffic-limit": "819200",
            ]
            for (name, value) in wanted {
                #expect(request.header(name) == value, "\(name)")
            }
            #expect(request.header("x-oss-callback") != nil)
            try ClientUnderTest.verify(request)
        }
    }

    @Test func whatForbidsOverwritingIsNotRepeated() async throws {
        try await ClientUnderTest.run({ _, _ in .answer(503) }) { test, server in
            var options = PutObjectOptions()
            options.forbidsOverwrite = true
            await expectError("503") { try await test.client.putObject(try ObjectKey("k"), .text("a"), options) }
            var copy = CopyObjectOptions()
            copy.forbidsOverwrite = true
            await expectError("503") {
                try await test.client.copyObject(from: .init(key: try ObjectKey("a")), to: try ObjectKey("b"), copy)
            }
            #expect(server.requests.count == 2)
        }
    }

    @Test(
        arguments: [
            (.bytes(0...499), "bytes=0-499", "bytes 0-4/5", true), (.bytes(1...2), "bytes=1-2", "bytes 1-2/5", true),
            (.from(3), "bytes=3-", "bytes 3-4/5", true), (.last(2), "bytes=-2", "bytes 3-4/5", true),
            (.last(9), "bytes=-9", "bytes 0-4/5", true), (.bytes(1...2), "bytes=1-2", "bytes 0-1/5", false),
            (.bytes(1...2), "bytes=1-2", "bytes 1-3/5", false), (.from(3), "bytes=3-", "bytes 3-3/5", false),
            (.last(2), "bytes=-2", "bytes 0-1/5", false), (.bytes(1...2), "bytes=1-2", "bytes 1-2/*", false),
            (.bytes(1...2), "bytes=1-2", "bytes 2-1/5", false), (.bytes(1...2), "bytes=1-2", "rows 1-2/5", false),
        ] as [(ObjectRange, String, String, Bool)])
    func onlyTheRangeThatWasAskedForIsTaken(range: ObjectRange, sent: String, answered: String, isTaken: Bool)
        async throws
    {
        let script: LoopbackServer.Script = { _, _ in
            .answer(206, Self.hello + [("Content-Range", answered)], body: "xx")
        }
        try await ClientUnderTest.run(script) { test, server in
            let options = GetObjectOptions(range: range)
            if isTaken {
                let found = try await test.client.getObject(try ObjectKey("k"), maximumBytes: 10, options)
                // The checksum in the answer is that of the whole object.
                #expect(String(buffer: found.content) == "xx")
                #expect(found.metadata.contentRange?.totalBytes == 5)
            } else {
                await expectError("malformedAnswer") {
                    _ = try await test.client.getObject(try ObjectKey("k"), maximumBytes: 10, options)
                }
            }
            let request = try #require(server.requests.first)
            #expect(request.header("Range") == sent)
            #expect(request.header("x-oss-range-behavior") == "standard")
        }
    }

    @Test func aWholeObjectIsNoAnswerToARange() async throws {
        try await ClientUnderTest.run({ _, _ in .answer(200, Self.hello, body: "hello") }) { test, _ in
            await expectError("malformedAnswer") {
                _ = try await test.client.streamObject(try ObjectKey("k"), .init(range: .from(2)))
            }
        }
    }

    @Test func conditionsOverridesAndVersionsAreSent() async throws {
        try await ClientUnderTest.run({ _, _ in .answer(304) }) { test, server in
            var options = GetObjectOptions(versionID: "v/1")
            options.conditions.ifMatch = "\"A\""
            options.conditions.ifNoneMatch = "\"B\""
            options.conditions.ifModifiedSince = 1_330_063_668
            options.conditions.ifUnmodifiedSince = 1_330_063_669
            options.overrides.contentType = "text/plain; charset=utf-8"
            options.overrides.expires = "0"
            options.process = "image/resize,w_100"
            let found = await #expect(throws: ServiceError.self) {
                _ = try await test.client.streamObject(try ObjectKey("k"), options)
            }
            #expect(found?.isNotModified == true)
            let request = try #require(server.requests.first)
            #expect(request.header("If-Match") == "\"A\"")
            #expect(request.header("If-None-Match") == "\"B\"")
            #expect(request.header("If-Modified-Since") == "Fri, 24 Feb 2012 06:07:48 GMT")
            #expect(request.header("If-Unmodified-Since") == "Fri, 24 Feb 2012 06:07:49 GMT")
            #expect(try request.parameter("versionId") == "v/1")
            #expect(try request.parameter("response-content-type") == "text/plain; charset=utf-8")
            #expect(try request.parameter("x-oss-process") == "image/resize,w_100")
            try ClientUnderTest.verify(request)
        }
    }

    @Test func anAppendIsCheckedOverTheWholeObject() async throws {
        let script: LoopbackServer.Script = { request, number in
            .answer(
                200,
                [
                    ("x-oss-next-append-position", number == 3 ? "4" : "11"),
                    ("x-oss-hash-crc64ecma", "5981764153023615706"),
                ])
        }
        try await ClientUnderTest.run(script) { test, server in
            let found = try await test.client.appendObject(
                try ObjectKey("k"), position: 5, .text(" world"), .init(crc64SoFar: OSSClientTests.helloCRC64))
            #expect(found.nextPosition == 11)
            #expect(found.crc64 == 5_981_764_153_023_615_706)
            let request = try #require(server.requests.first)
            #expect(request.head.uri.hasSuffix("?append&position=5"))
            try ClientUnderTest.verify(request)
            await expectError("wrongChecksum") {
                try await test.client.appendObject(
                    try ObjectKey("k"), position: 5, .text(" worlD"), .init(crc64SoFar: OSSClientTests.helloCRC64))
            }
            await expectError("malformedAnswer") {
                try await test.client.appendObject(try ObjectKey("k"), position: 5, .text("x"))
            }
            #expect(server.requests.count == 3)
        }
    }

    @Test(arguments: [LoopbackAnswer.answer(503), .answer(500), .answer(401), .hangUp])
    func anAppendIsNeverRepeated(answer: LoopbackAnswer) async throws {
        try await ClientUnderTest.run({ _, _ in answer }) { test, server in
            await #expect(throws: (any Error).self) {
                try await test.client.appendObject(try ObjectKey("k"), position: 0, .text("a"))
            }
            #expect(server.requests.count == 1)
            #expect(test.pauses.all.isEmpty)
        }
    }

    @Test func aCopyNamesItsSource() async throws {
        let document = CopyObjectResult(eTag: "\"A\"", lastModifiedMilliseconds: 1_330_063_668_000).write()
        let script: LoopbackServer.Script = { _, _ in
            .answer(200, [("x-oss-copy-source-version-id", "s"), ("x-oss-version-id", "t")], body: document)
        }
        try await ClientUnderTest.run(script) { test, server in
            var options = CopyObjectOptions(replacingProperties: ObjectProperties(contentType: "text/plain"))
            options.conditions.ifMatch = "\"B\""
            options.replacesTags = true
            options.acl = .private
            options.storageClass = "IA"
            let source = CopySource(bucket: try BucketName("other"), key: try ObjectKey("a b/+é"), versionID: "v&1")
            let found = try await test.client.copyObject(from: source, to: try ObjectKey("c"), options)
            #expect(found.eTag == "\"A\"" && found.versionID == "t" && found.sourceVersionID == "s")
            let request = try #require(server.requests.first)
            #expect(request.header("x-oss-copy-source") == "/other/a%20b/%2B%C3%A9?versionId=v%261")
            #expect(request.header("x-oss-copy-source-if-match") == "\"B\"")
            #expect(request.header("x-oss-metadata-directive") == "REPLACE")
            #expect(request.header("x-oss-tagging-directive") == "Replace")
            #expect(request.header("x-oss-object-acl") == "private")
            #expect(request.header("Content-Type") == "text/plain")
            try ClientUnderTest.verify(request)
            try await test.client.copyObject(from: .init(key: try ObjectKey("a")), to: try ObjectKey("b"))
            let second = try #require(server.requests.last)
            #expect(second.header("x-oss-copy-source") == "/workspace/a")
            #expect(second.header("x-oss-metadata-directive") == nil)
        }
    }

    @Test func manyAreDeletedAThousandAtATime() async throws {
        let script: LoopbackServer.Script = { request, _ in
            guard let asked = try? DeleteRequest(document: request.body.readableBytesView) else { return .answer(204) }
            let deleted = asked.objects.filter { $0.key.text != "k5" }.map {
                DeleteResult.Deleted(key: $0.key, versionID: $0.versionID)
            }
            return .answer(200, body: asked.isQuiet ? "" : DeleteResult(deleted: deleted, isURLEncoded: true).write())
        }
        try await ClientUnderTest.run(script) { test, server in
            let keys = try (0..<2_001).map { try ObjectKey("k\($0)") } + [ObjectKey("a\u{1}b")]
            let found = try await test.client.deleteObjects(keys: keys)
            #expect(found.deleted.count == 2_001)
            #expect(found.unconfirmed.map(\.key.text) == ["k5"])
            let methods = server.requests.map(\.head.method)
            // What XML cannot hold is deleted by itself: as U+FFFD it would be another key.
            #expect(methods == [.POST, .POST, .DELETE, .POST])
            #expect(server.requests[2].head.uri == "/workspace/a%01b")
            for request in server.requests where request.head.method == .POST {
                let body = Array(request.body.readableBytesView)
                #expect(request.header("Content-MD5") == Base64.encode(MD5Digest.of(body)))
                try ClientUnderTest.verify(request)
            }
            let quiet = try await test.client.deleteObjects(keys: keys.prefix(3), isQuiet: true)
            #expect(quiet.deleted.isEmpty && quiet.unconfirmed.isEmpty)
            let none = try await test.client.deleteObjects(keys: [])
            #expect(none.deleted.isEmpty && server.requests.count == 5)
        }
    }

    @Test func aBatchIsRepeated() async throws {
        let result = DeleteResult(deleted: [.init(key: try ObjectKey("a"))], isURLEncoded: false).write()
        try await ClientUnderTest.run({ _, number in number == 1 ? .answer(503) : .answer(200, body: result) }) {
            test, server in
            let found = try await test.client.deleteObjects(keys: [try ObjectKey("a")])
            #expect(found.deleted.count == 1 && server.requests.count == 2)
        }
    }

    @Test func deletionsTellOfVersions() async throws {
        let script: LoopbackServer.Script = { _, _ in
            .answer(204, [("x-oss-version-id", "v"), ("x-oss-delete-marker", "true")])
        }
        try await ClientUnderTest.run(script) { test, server in
            let found = try await test.client.deleteObject(try ObjectKey("k"), versionID: "v")
            #expect(found.versionID == "v" && found.isDeleteMarker)
            #expect(server.requests.first?.head.uri == "/workspace/k?versionId=v")
        }
    }

    @Test func linksAreMadeAndRead() async throws {
        let script: LoopbackServer.Script = { request, number in
            number == 3 ? .answer(200) : .answer(200, [("x-oss-symlink-target", "a%2Fb%20%C3%A9"), ("ETag", "\"A\"")])
        }
        try await ClientUnderTest.run(script) { test, server in
            try await test.client.putSymlink(try ObjectKey("link"), to: try ObjectKey("a/b é"))
            let found = try await test.client.getSymlink(try ObjectKey("link"))
            #expect(found.key == (try ObjectKey("a/b é")) && found.eTag == "\"A\"")
            #expect(server.requests.first?.header("x-oss-symlink-target") == "a%2Fb%20%C3%A9")
            await expectError("malformedAnswer") { _ = try await test.client.getSymlink(try ObjectKey("link")) }
        }
    }

    @Test func tagsACLsAndRestoresAreAskedFor() async throws {
        let policy = AccessControlPolicy(owner: Owner(id: "1", displayName: "1"), grant: ObjectACL.publicRead)
        let script: LoopbackServer.Script = { request, _ in
            switch (request.head.method, request.head.uri.split(separator: "?").last) {
            case (.GET, "tagging&versionId=v"): .answer(200, body: Tagging([Tag("a", "b")]).write())
            case (.GET, "acl"): .answer(200, body: policy.write())
            case (.POST, "restore"): .answer(202)
            default: .answer(200)
            }
        }
        try await ClientUnderTest.run(script) { test, server in
            let key = try ObjectKey("k")
            #expect(try await test.client.getObjectTagging(key, versionID: "v").tags == [Tag("a", "b")])
            try await test.client.putObjectTagging(key, [Tag("c", "d")])
            try await test.client.deleteObjectTagging(key)
            #expect(try await test.client.getObjectACL(key).grant == .publicRead)
            try await test.client.putObjectACL(key, .default)
            let wishes = RestoreRequest(days: 2, tier: .expedited)
            #expect(try await test.client.restoreObject(key, wishes) == .accepted)
            #expect(try await test.client.restoreObject(key, versionID: "v") == .alreadyRestored)
            let requests = server.requests
            #expect(try Tagging(document: requests[1].body.readableBytesView).tags == [Tag("c", "d")])
            #expect(requests[4].header("x-oss-object-acl") == "default")
            #expect(try RestoreRequest(document: requests[5].body.readableBytesView) == wishes)
            #expect(requests[6].body.readableBytes == 0)
            for request in requests {
                try ClientUnderTest.verify(request)
            }
        }
    }
}
