import SessionAPI
import Testing

@Suite struct FileRoutesTests {
    private static let files = "/v1/storage/workspace/files"
    private static let quota = "/v1/storage/workspace/quota"

    @Test func filesComeInPagesThatSkipNothing() async throws {
        try await Fixture().run { client in
            for number in 0..<7 { try await client.submit("f\(number).py", 10) }
            var names: [String] = []
            var path = Self.files + "?limit=3"
            for _ in 0..<4 {
                let page = try await client.send(.get, path)
                names += page.members(of: "filename")
                guard let cursor = try? page.text("next_cursor"), cursor != "null" else { break }
                path = Self.files + "?limit=3&cursor=\(cursor)"
            }
            let wanted = (0..<7).reversed().map { "f\($0).py" }
            #expect(names == wanted)
            let all = try await client.send(.get, Self.files)
            #expect(!all.body.contains("next_cursor"))
            #expect(all.members(of: "filename") == wanted)
        }
    }

    @Test(arguments: ["limit=0", "limit=1001", "limit=x", "cursor=x", "cursor=", "cursor=Zi4xLngA"])
    func aPageThatCannotBeIsRefused(_ query: String) async throws {
        try await Fixture().run { client in
            let answer = try await client.send(.get, Self.files + "?" + query)
            #expect([400, 422].contains(answer.status))
            #expect(!answer.body.contains("409") && !answer.body.lowercased().contains("quota"))
        }
    }

    @Test func aClientThatHasTheListGetsNoneUntilItsLinksAreOld() async throws {
        try await Fixture().run { client in
            try await client.submit("a.py", 10)
            let first = try await client.send(.get, Self.files)
            let etag = try #require(first.headers[.eTag])
            let known = ["If-None-Match": etag]
            let same = try await client.send(.get, Self.files, headers: known)
            #expect([same.status, same.body.utf8.count] == [304, 0])
            client.fixture.clock.advance(seconds: 1_800)
            let old = try await client.send(.get, Self.files, headers: known)
            #expect(old.status == 200)
            try await client.submit("b.py", 10)
            let changed = try await client.send(
                .get, Self.files, headers: ["If-None-Match": old.headers[.eTag] ?? ""])
            #expect(changed.status == 200)
        }
    }

    @Test func aChaptersFilesAreListedAndDeletedByName() async throws {
        try await Fixture().run { client in
            try await client.submit("a.py", 10, chapter: "c1/第一")
            try await client.submit("b.py", 20)
            let path = "/v1/storage/workspace/chapter-files/c1%2F%E7%AC%AC%E4%B8%80"
            let list = try await client.send(.get, path)
            #expect(list.members(of: "filename") == ["a.py"])
            let deleted = try await client.send(.delete, path + "/a.py")
            let again = try await client.send(.delete, path + "/a.py")
            #expect([deleted.body, again.body] == [#"{"deleted":true}"#, #"{"deleted":true}"#])
            let rest = try await client.send(.get, Self.files)
            #expect(rest.members(of: "filename") == ["b.py"])
        }
    }

    @Test func aDeletedFileChargesUntilItsObjectIsGone() async throws {
        try await Fixture(change: { $0.quotaBytes = 100 }).run { client in
            try await client.submit("a.py", 100)
            let id = try #require(try await client.send(.get, Self.files).members(of: "id").first)
            _ = try await client.send(.delete, Self.files + "/\(id)")
            let pending = try await client.send(.get, Self.quota)
            #expect(
                [try pending.text("used_bytes"), try pending.text("pending_delete_bytes")] == ["0", "100"])
            let early = try await client.uploadURL("b.py", 1)
            #expect(early.refusal == "409 QUOTA_EXCEEDED")
            client.fixture.clock.advance(seconds: 365)
            let late = try await client.uploadURL("b.py", 100)
            #expect(late.status == 200)
            #expect(client.fixture.storage?.keys == [])
        }
    }

    @Test func aDeletedFileWhoseURLsAreSettledChargesUntilTheStoreHasConfirmed() async throws {
        try await Fixture(change: { $0.quotaBytes = 100 }).run { client in
            try await client.submit("a.py", 100)
            client.fixture.clock.advance(seconds: 365)
            _ = try await client.fixture.settle()
            client.fixture.storage?.isReachable = false
            _ = try await client.send(.delete, "/v1/storage/workspace/chapter-files/c1/a.py")
            let away = try await client.uploadURL("b.py", 1)
            client.fixture.storage?.isReachable = true
            client.fixture.clock.advance(seconds: 62)
            let back = try await client.uploadURL("b.py", 100)
            #expect([away.refusal, back.refusal] == ["409 QUOTA_EXCEEDED", "200 -"])
        }
    }

    @Test func aDeleteThatTheStoreDidNotDoIsTriedAgain() async throws {
        try await Fixture().run { client in
            try await client.submit("a.py", 100)
            client.fixture.clock.advance(seconds: 365)
            _ = try await client.fixture.settle()
            _ = try await client.send(.delete, "/v1/storage/workspace/chapter-files/c1/a.py")
            client.fixture.storage?.isReachable = false
            _ = try await client.fixture.settle()
            client.fixture.storage?.isReachable = true
            let during = try await client.uploadURL("a.py", 5)
            #expect(during.refusal == "503 UNAVAILABLE")
            #expect(during.headers[.retryAfter] == "60")
            client.fixture.clock.advance(seconds: 62)
            _ = try await client.fixture.settle()
            let quota = try await client.send(.get, Self.quota)
            #expect(client.fixture.storage?.keys == [])
            #expect(try quota.text("entries") == "[]")
        }
    }

    @Test func aDeleteThatIsOlderThanAnUploadLeavesIt() async throws {
        try await Fixture().run { client in
            try await client.submit("a.py", 10)
            client.fixture.clock.advance(seconds: 365)
            _ = try await client.fixture.settle()
            _ = try await client.send(.delete, "/v1/storage/workspace/chapter-files/c1/a.py")
            try await client.submit("a.py", 20)
            _ = try await client.fixture.settle()
            client.fixture.clock.advance(seconds: 8_000)
            _ = try await client.fixture.settle()
            let list = try await client.send(.get, Self.files)
            #expect(list.members(of: "file_size_bytes") == ["20"])
            #expect(client.fixture.storage?.keys.count == 1)
            let quota = try await client.send(.get, Self.quota)
            #expect([try quota.text("used_bytes"), try quota.text("pending_delete_bytes")] == ["20", "0"])
        }
    }

    @Test func aConfirmAfterTheDeleteBringsTheFileBack() async throws {
        try await Fixture().run { client in
            try await client.submit("a.py", 10)
            _ = try await client.send(.delete, "/v1/storage/workspace/chapter-files/c1/a.py")
            let back = try await client.confirm("a.py")
            #expect(back.status == 201)
            client.fixture.clock.advance(seconds: 365)
            _ = try await client.fixture.settle()
            #expect(client.fixture.storage?.keys.count == 1)
        }
    }

    @Test func whatALateUploadLeftIsFoundAtTheSecondLook() async throws {
        try await Fixture().run { client in
            let key = "user/\(Client.alice)/workspace/c1/a.py"
            _ = try await client.uploadURL("a.py", 10)
            client.fixture.clock.advance(seconds: 365)
            _ = try await client.fixture.settle()
            client.fixture.storage?.put(key, sizeBytes: 10)
            client.fixture.clock.advance(seconds: 3_600)
            _ = try await client.fixture.settle()
            #expect(client.fixture.storage?.keys == [])
        }
    }

    @Test func theQuotaNamesWhatHoldsEachByte() async throws {
        try await Fixture(change: { $0.quotaBytes = 100 }).run { client in
            try await client.submit("a.py", 10)
            _ = try await client.uploadURL("a.py", 30)
            _ = try await client.uploadURL("b.py", 40)
            let quota = try await client.send(.get, Self.quota)
            let sums = try ["used_bytes", "reserved_bytes", "pending_delete_bytes", "limit_bytes"].map {
                try quota.text($0)
            }
            #expect(sums == ["10", "60", "0", "100"])
            #expect(quota.members(of: "state") == ["confirmed", "reserved"])
            #expect(quota.members(of: "charged_bytes") == ["30", "40"])
        }
    }

    @Test func aURLThatCannotBeSignedReservesNothing() async throws {
        try await Fixture(change: { $0.quotaBytes = 100 }).run { client in
            client.fixture.storage?.isReachable = false
            let refused = try await client.uploadURL("a.py", 100)
            #expect(refused.refusal == "503 UNAVAILABLE")
            #expect(refused.headers[.retryAfter] == "5")
            client.fixture.storage?.isReachable = true
            let granted = try await client.uploadURL("b.py", 100)
            #expect(granted.status == 200)
        }
    }
}

extension Answer {
    /// The values of a member wherever it stands, in order, as text.
    func members(of name: String) -> [String] {
        body.split(separator: "\"\(name)\":").dropFirst().map { rest in
            String(rest.prefix { $0 != "," && $0 != "}" && $0 != "]" }).replacing("\"", with: "")
        }
    }
}

extension Client {
    /// Asks for a URL.
    func uploadURL(_ name: String, _ size: Int, chapter: String = "c1") async throws -> Answer {
        try await send(
            .post, "/v1/storage/workspace/upload-url",
            #"{"chapter_id":"\#(chapter)","filename":"\#(name)","file_size_bytes":\#(size)}"#)
    }

    /// Confirms an upload.
    func confirm(_ name: String, chapter: String = "c1") async throws -> Answer {
        try await send(
            .post, "/v1/storage/workspace/confirm",
            #"{"oss_key":"user/\#(Client.alice)/workspace/\#(chapter)/\#(name)","filename":"\#(name)","#
                + #""chapter_id":"\#(chapter)","file_size_bytes":1}"#)
    }

    /// Uploads a file and confirms it.
    func submit(_ name: String, _ size: Int, chapter: String = "c1") async throws {
        let key = try await uploadURL(name, size, chapter: chapter).text("oss_key")
        fixture.storage?.put(key, sizeBytes: Int64(size), modifiedAtSeconds: fixture.clock.nowSeconds)
        let confirmed = try await confirm(name, chapter: chapter)
        #expect(confirmed.status == 201, "\(confirmed.body)")
        fixture.clock.advance(seconds: 1)
    }
}
