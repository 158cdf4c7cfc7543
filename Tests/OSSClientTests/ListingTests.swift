import OSSClient
import OSSKit
import Testing

@Suite struct ListingTests {
    private static func object(_ key: String) throws -> ListBucketResult.Object {
        .init(
            key: try ObjectKey(key), lastModifiedMilliseconds: 1_330_063_668_000, eTag: "\"A\"", sizeBytes: 1,
            owner: nil)
    }

    /// A store that lists some keys two at a time.
    private static func pages(_ keys: [String]) -> LoopbackServer.Script {
        { request, _ in
            do {
                let isSecond = try request.parameter("list-type") == "2"
                let token = try request.parameter(isSecond ? "continuation-token" : "marker") ?? ""
                let start = keys.firstIndex { token.utf8.lexicographicallyPrecedes($0.utf8) } ?? keys.endIndex
                let page = keys[start...].prefix(2)
                let next = start + 2 < keys.count ? page.last : nil
                let paging: ListBucketResult.Paging =
                    isSecond
                    ? .tokens(startAfter: nil, continuation: token, next: next) : .markers(marker: token, next: next)
                let result = ListBucketResult(
                    question: .init(bucket: "workspace", isURLEncoded: true), paging: paging,
                    objects: try page.map { try object($0) }, commonPrefixes: [])
                return .answer(200, body: result.write())
            } catch {
                return .answer(500)
            }
        }
    }

    @Test(arguments: [true, false])
    func pagesAreFetchedWhenTheyAreNeeded(isByMarker: Bool) async throws {
        // The two spellings of é are two keys, and as markers two places.
        let keys = ["a", "b", "e\u{301}", "f\u{1}", "é", "中"].sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        try await ClientUnderTest.run(Self.pages(keys)) { test, server in
            let list = test.client.objects(isByMarker: isByMarker)
            #expect(server.requests.isEmpty)
            var found: [[UInt8]] = []
            for try await entry in list {
                guard case .object(let object) = entry else { continue }
                found.append(object.key.bytes)
                if found.count == 3 { #expect(server.requests.count == 2) }
            }
            #expect(found == keys.map { Array($0.utf8) })
            #expect(server.requests.count == 3)
            for request in server.requests {
                #expect(try request.parameter("encoding-type") == "url")
                try ClientUnderTest.verify(request)
            }
            let first = try await list.collect(upTo: 1)
            #expect(first.count == 1 && server.requests.count == 4)
            #expect(try await list.collect(upTo: 0).isEmpty && server.requests.count == 4)
        }
    }

    @Test func keysThatAreOneToPeopleAreTwoPlaces() async throws {
        try await ClientUnderTest.run(Self.pages(["e\u{301}", "e\u{301}x", "é", "éx"])) { test, server in
            let found = try await test.client.objects(isByMarker: true).collect(upTo: 100)
            #expect(found.count == 4 && server.requests.count == 2)
        }
    }

    @Test func allOptionsAreSent() async throws {
        let empty = ListBucketResult(
            question: .init(bucket: "b"), paging: .tokens(startAfter: nil, continuation: nil, next: nil), objects: [],
            commonPrefixes: [])
        try await ClientUnderTest.run({ _, _ in .answer(200, body: empty.write()) }) { test, server in
            var options = ListObjectsOptions(prefix: "a b/", delimiter: "/", startAfter: "a b/c+")
            options.fetchesOwner = true
            options.maxKeys = 7
            _ = try await test.client.listObjectsV2(options, continuationToken: "t")
            let request = try #require(server.requests.first)
            let wanted = [
                "list-type": "2", "prefix": "a b/", "delimiter": "/", "start-after": "a b/c+", "fetch-owner": "true",
                "max-keys": "7", "continuation-token": "t", "encoding-type": "url",
            ]
            for (name, value) in wanted {
                #expect(try request.parameter(name) == value, "\(name)")
            }
            try ClientUnderTest.verify(request)
        }
    }

    @Test func objectsAndPrefixesComeInOrder() throws {
        let page = ListBucketResult(
            question: .init(bucket: "b", delimiter: "/"), paging: .markers(marker: "", next: nil),
            objects: [try Self.object("a"), try Self.object("c"), try Self.object("é")],
            commonPrefixes: ["b/", "d/", "中/"])
        let found = page.entries.map { entry in
            switch entry {
            case .object(let object): object.key.text
            case .commonPrefix(let prefix): prefix
            }
        }
        #expect(found == ["a", "b/", "c", "d/", "é", "中/"])
    }

    @Test func anEndpointThatGoesInCirclesIsNotFollowed() async throws {
        let result = ListBucketResult(
            question: .init(bucket: "b"), paging: .tokens(startAfter: nil, continuation: nil, next: "t"),
            objects: [try Self.object("a")], commonPrefixes: [])
        try await ClientUnderTest.run({ _, _ in .answer(200, body: result.write()) }) { test, server in
            await expectError("malformedAnswer") { _ = try await test.client.objects().collect(upTo: 100) }
            #expect(server.requests.count == 2)
        }
    }

    @Test(arguments: ["<IsTruncated>true</IsTruncated>", "<IsTruncated>maybe</IsTruncated>", "<Contents/>", "<x"])
    func aListThatCannotBeRightIsAnError(content: String) async throws {
        let body = "<ListBucketResult><KeyCount>0</KeyCount>\(content)</ListBucketResult>"
        try await ClientUnderTest.run({ _, _ in .answer(200, body: body) }) { test, _ in
            await expectError("malformedAnswer") { _ = try await test.client.objects().collect(upTo: 1) }
        }
    }

    @Test func versionsArePagedByKeyAndVersion() async throws {
        let script: LoopbackServer.Script = { request, number in
            do {
                var result = ListVersionsResult(
                    question: .init(bucket: "workspace", isURLEncoded: true),
                    nextMarker: number == 1 ? .init(key: "k é", versionID: "v1") : nil)
                result.entries = [
                    .init(
                        key: try ObjectKey("k é"), versionID: "v\(number)", isLatest: number == 1,
                        lastModifiedMilliseconds: 0)
                ]
                result.commonPrefixes = number == 2 ? ["p/"] : []
                return .answer(200, body: result.write())
            } catch {
                return .answer(500)
            }
        }
        try await ClientUnderTest.run(script) { test, server in
            let found = try await test.client.versions(.init(prefix: "k")).collect(upTo: 10)
            #expect(found.count == 3)
            #expect(found.last == .commonPrefix("p/"))
            let second = try #require(server.requests.last)
            #expect(try second.parameter("key-marker") == "k é")
            #expect(try second.parameter("version-id-marker") == "v1")
            #expect(try #require(server.requests.first).parameter("key-marker") == nil)
            try ClientUnderTest.verify(second)
        }
    }

    @Test func bucketsArePaged() async throws {
        let endpoints = BucketEndpoints(region: "cn-hangzhou", extranet: "e", intranet: "i")
        let script: LoopbackServer.Script = { _, number in
            let page = ListAllMyBucketsResult(
                owner: Owner(id: "1", displayName: "1"),
                buckets: [.init(name: "b-\(number)", createdAtMilliseconds: 0, endpoints: endpoints)],
                page: .init(nextMarker: number < 3 ? "b-\(number)" : nil))
            return .answer(200, body: page.write())
        }
        try await ClientUnderTest.run(script) { test, server in
            let found = try await test.client.service.buckets(prefix: "b").collect(upTo: 10).map(\.name)
            #expect(found == ["b-1", "b-2", "b-3"])
            #expect(
                server.requests.map { $0.head.uri } == [
                    "/?max-keys=1000&prefix=b", "/?max-keys=1000&prefix=b&marker=b-1",
                    "/?max-keys=1000&prefix=b&marker=b-2",
                ])
            for request in server.requests {
                try ClientUnderTest.verify(request)
            }
        }
    }
}
