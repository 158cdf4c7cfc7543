import SessionAPI
import SessionModels
import Testing

@Suite struct UploadRoutesTests {
    private static let quota = 104_857_600

    @Test func aFileIsUploadedConfirmedAndListed() async throws {
        try await Fixture().run { client in
            let key = "user/\(Client.alice)/workspace/c1/a.py"
            let url = try await upload(client, "a.py", 10)
            #expect(
                url.body
                    == #"{"presigned_url":"https://store.example/\#(key)?size=10&expires=300","oss_key":"\#(key)","#
                    + #""required_headers":{"Content-Type":"text/plain"}}"#)
            let early = try await confirm(client, "a.py")
            #expect(early.refusal == "422 UPLOAD_NOT_FOUND")
            try put(client, "a.py", 10)
            let confirmed = try await confirm(client, "a.py")
            let again = try await confirm(client, "a.py")
            let wanted = #"{"quota_used_bytes":10,"quota_limit_bytes":104857600}"#
            #expect([confirmed.body, again.body] == [wanted, wanted])
            #expect([confirmed.status, again.status] == [201, 201])
            let files = try await client.send(.get, "/v1/storage/workspace/files")
            #expect(files.body.contains(#""download_url":"https://store.example/\#(key)?get"}]"#))
        }
    }

    @Test func theWholeQuotaFitsAndOneByteMoreDoesNot() async throws {
        try await Fixture().run { client in
            let over = try await upload(client, "a.py", Self.quota + 1)
            let exact = try await upload(client, "a.py", Self.quota)
            let more = try await upload(client, "b.py", 1)
            let nothing = try await upload(client, "b.py", 0)
            #expect([over.status, exact.status, more.status, nothing.status] == [409, 200, 409, 200])
            #expect(over.body == #"{"error":{"code":"QUOTA_EXCEEDED","message":"存储空间不足 (已用 0MB / 100MB)"}}"#)
            try put(client, "a.py", Self.quota)
            let confirmed = try await confirm(client, "a.py", size: Self.quota)
            #expect(confirmed.body == #"{"quota_used_bytes":104857600,"quota_limit_bytes":104857600}"#)
            client.fixture.clock.advance(seconds: 301)
            let full = try await upload(client, "b.py", 1)
            #expect(try full.text("error", "message") == "存储空间不足 (已用 100MB / 100MB)")
        }
    }

    @Test func aHundredAtOnceWithRoomForFiftyAreFifty() async throws {
        try await Fixture(change: { $0.quotaBytes = 50 * 1_000 }).run { client in
            let answers = try await together(100) { try await upload(client, "f\($0).py", 1_000) }
            let granted = answers.count { $0.status == 200 }
            let refused = answers.count { $0.refusal == "409 QUOTA_EXCEEDED" }
            #expect([granted, refused] == [50, 50])
        }
    }

    @Test func aSmallerURLForAKeyFreesNothingUntilTheLargerIsSettled() async throws {
        try await Fixture(change: { $0.quotaBytes = 100 }).run { client in
            _ = try await upload(client, "a.py", 60)
            client.fixture.clock.advance(seconds: 100)
            _ = try await upload(client, "a.py", 1)
            try put(client, "a.py", 1)
            let confirmed = try await confirm(client, "a.py")
            #expect(confirmed.status == 201)
            let early = try await upload(client, "b.py", 50)
            client.fixture.clock.advance(seconds: 364)
            let stillEarly = try await upload(client, "b.py", 50)
            client.fixture.clock.advance(seconds: 1)
            let late = try await upload(client, "b.py", 50)
            #expect([early.status, stillEarly.status, late.status] == [409, 409, 200])
        }
    }

    @Test func aKeyIsChargedOnceForItsLargestURL() async throws {
        try await Fixture(change: { $0.quotaBytes = 100 }).run { client in
            let sizes = [10, 100, 50]
            var statuses: [Int] = []
            for size in sizes { statuses.append(try await upload(client, "a.py", size).status) }
            #expect(statuses == [200, 200, 200])
            let other = try await upload(client, "b.py", 1)
            #expect(other.status == 409)
        }
    }

    @Test func anotherUsersFilesAreNotCharged() async throws {
        try await Fixture(change: { $0.quotaBytes = 100 }).run { client in
            _ = try await upload(client, "a.py", 100)
            let other = try await upload(client, "a.py", 100, as: Client.bob)
            #expect(other.status == 200)
        }
    }

    @Test func sixtyFiveUnfinishedUploadsAreOneTooMany() async throws {
        try await Fixture().run { client in
            let answers = try await together(65) { try await upload(client, "f\($0).py", 1) }
            #expect(answers.count { $0.status == 200 } == 64)
            let refused = try #require(answers.first { $0.status != 200 })
            #expect(refused.refusal == "429 TOO_MANY_REQUESTS")
            #expect(!refused.body.contains("409") && !refused.body.lowercased().contains("quota"))
            client.fixture.clock.advance(seconds: 305)
            let later = try await upload(client, "g.py", 1)
            #expect(later.status == 200)
        }
    }

    @Test(arguments: [0, 9, 11, 104_857_601] as [Int64])
    func anObjectOfAnotherLengthIsDeletedAndRefused(_ size: Int64) async throws {
        try await Fixture().run { client in
            _ = try await upload(client, "a.py", 10)
            try put(client, "a.py", size)
            let answer = try await confirm(client, "a.py")
            #expect(answer.refusal == "422 UPLOAD_SIZE_MISMATCH")
            #expect(client.fixture.storage?.keys == [])
            let files = try await client.send(.get, "/v1/storage/workspace/files")
            #expect(files.body == #"{"files":[],"quota_used_bytes":0,"quota_limit_bytes":104857600}"#)
        }
    }

    @Test func aClientsSizeIsReadAndNotBelieved() async throws {
        try await Fixture().run { client in
            _ = try await upload(client, "a.py", 10)
            try put(client, "a.py", 10)
            let answer = try await confirm(client, "a.py", size: 999_999_999)
            #expect(try answer.text("quota_used_bytes") == "10")
        }
    }

    @Test func aNewerURLThatWasNotUsedConfirmsNothing() async throws {
        try await Fixture().run { client in
            _ = try await upload(client, "a.py", 10)
            try put(client, "a.py", 10)
            _ = try await confirm(client, "a.py")
            _ = try await upload(client, "a.py", 20)
            let unused = try await confirm(client, "a.py")
            #expect(unused.refusal == "422 UPLOAD_NOT_FOUND")
            try put(client, "a.py", 20)
            let used = try await confirm(client, "a.py")
            #expect(try used.text("quota_used_bytes") == "20")
        }
    }

    @Test func anOlderObjectOfAnotherLengthIsNoUploadAndStays() async throws {
        try await Fixture().run { client in
            let key = "user/\(Client.alice)/workspace/c1/a.py"
            _ = try await upload(client, "a.py", 10)
            try put(client, "a.py", 10)
            _ = try await confirm(client, "a.py")
            client.fixture.storage?.put(key, sizeBytes: 60, modifiedAtSeconds: client.fixture.clock.nowSeconds + 99)
            client.fixture.clock.advance(seconds: 100)
            _ = try await upload(client, "a.py", 20)
            let answer = try await confirm(client, "a.py")
            #expect(answer.refusal == "422 UPLOAD_NOT_FOUND")
            #expect(client.fixture.storage?.keys == [key])
            let files = try await client.send(.get, "/v1/storage/workspace/files")
            #expect(try files.text("quota_used_bytes") == "10")
        }
    }

    @Test(arguments: [(10, 7, "201 -"), (10, 8, "201 -"), (20, 7, "422 UPLOAD_NOT_FOUND")] as [(Int, UInt64, String)])
    func theSameContentAgainWithinASecondIsConfirmedAgain(
        _ announced: Int, _ content: UInt64, _ wanted: String
    ) async throws {
        try await Fixture().run { client in
            let key = "user/\(Client.alice)/workspace/c1/a.py"
            _ = try await upload(client, "a.py", 10)
            client.fixture.storage?.put(key, sizeBytes: 10, content: 7)
            _ = try await confirm(client, "a.py")
            _ = try await upload(client, "a.py", announced)
            client.fixture.storage?.put(key, sizeBytes: 10, content: content)
            let again = try await confirm(client, "a.py")
            #expect(again.refusal == wanted)
            let files = try await client.send(.get, "/v1/storage/workspace/files")
            #expect(try files.text("quota_used_bytes") == "10")
        }
    }

    @Test func aURLEndsWithItsReservationHoweverLongThatTook() async throws {
        try await Fixture(change: { $0.uploadURLLifetimeSeconds = 4 }).run { client in
            client.fixture.clock.slowDown(secondsPerRead: 5)
            let full = try await upload(client, "a.py", 10)
            client.fixture.clock.slowDown(secondsPerRead: 7)
            let shorter = try await upload(client, "a.py", 10)
            #expect(try full.text("presigned_url").hasSuffix("&expires=4"))
            #expect(try shorter.text("presigned_url").hasSuffix("&expires=2"))
            client.fixture.clock.slowDown(secondsPerRead: 9)
            let late = try await upload(client, "a.py", 10)
            #expect(late.refusal == "503 UNAVAILABLE")
        }
    }

    @Test func aFileThatIsSubmittedAgainTakesTheFirstPlaceOfTheList() async throws {
        try await Fixture().run { client in
            for name in ["a.py", "b.py", "a.py"] {
                client.fixture.clock.advance(seconds: 1)
                _ = try await upload(client, name, 10)
                try put(client, name, 10)
                _ = try await confirm(client, name)
            }
            let files = try await client.send(.get, "/v1/storage/workspace/files?chapter_id=c1")
            let names = try JSONDocument(files.body.utf8).root.last("files")?.elements?.map {
                $0.last("filename")?.string
            }
            #expect(names == ["a.py", "b.py"])
            let others = try await client.send(.get, "/v1/storage/workspace/files?chapter_id=c2")
            #expect(try others.text("files") == "[]")
            #expect(try others.text("quota_used_bytes") == "20")
        }
    }

    @Test func anUploadIsChargedAfterItsURLExpiredAndCanBeConfirmedUntilItIsSettled() async throws {
        try await Fixture(change: { $0.quotaBytes = 100 }).run { client in
            _ = try await upload(client, "a.py", 60)
            try put(client, "a.py", 60)
            client.fixture.clock.advance(seconds: 364)
            let other = try await upload(client, "b.py", 60)
            let late = try await confirm(client, "a.py")
            #expect([other.refusal, late.refusal] == ["409 QUOTA_EXCEEDED", "201 -"])
        }
    }

    @Test(arguments: [
        "user/\(Client.bob)/workspace/c1/a.py", "user/\(Client.alice)/workspace/c2/a.py",
        "user/\(Client.alice)/workspace/c1/b.py", "user/\(Client.alice)/workspace/c1/a.py/",
        "/user/\(Client.alice)/workspace/c1/a.py", "user/\(Client.alice)/workspace/c1/../c1/a.py", "",
        "user/\(Client.alice)/workspace/c1/a.p\u{FF59}",
    ])
    func aKeyOfAnybodyOrAnythingElseIsRefused(_ key: String) async throws {
        try await Fixture().run { client in
            client.fixture.storage?.put(key, sizeBytes: 10)
            let answer = try await confirm(client, "a.py", key: key)
            #expect(answer.refusal == "400 VALIDATION_ERROR")
        }
    }

    @Test func aKeyInAnotherNormalFormIsAnotherKey() async throws {
        try await Fixture().run { client in
            let answer = try await confirm(
                client, "caf\u{E9}.py", key: "user/\(Client.alice)/workspace/c1/cafe\u{301}.py")
            #expect(answer.refusal == "400 VALIDATION_ERROR")
        }
    }

    @Test(arguments: ["../../b.py", "a/b.py", "a\\\\b.py", "a?b", "a#b", ".", "..", "", "a\\n"])
    func aNameThatLeavesItsPlaceIsRefused(_ name: String) async throws {
        try await Fixture().run { client in
            let answer = try await upload(client, name, 10)
            let chapter = try await upload(client, "a.py", 10, chapter: name == "a/b.py" ? "a//b" : name)
            #expect([answer.refusal, chapter.refusal] == ["422 VALIDATION_ERROR", "422 VALIDATION_ERROR"])
        }
    }

    @Test func aStoreThatCannotBeReachedIsUnavailableAndSaysWhen() async throws {
        try await Fixture().run { client in
            _ = try await upload(client, "a.py", 10)
            client.fixture.storage?.isReachable = false
            let answers = [
                try await upload(client, "b.py", 10), try await confirm(client, "a.py"),
            ]
            #expect(answers.map(\.refusal) == ["503 UNAVAILABLE", "503 UNAVAILABLE"])
            #expect(answers.map { $0.headers[.retryAfter] } == ["5", "5"])
        }
    }

    @Test func clientsAreTrustedOnlyWhereThereIsNoStore() async throws {
        let fixtures = [
            try Fixture(storage: nil, change: { $0.confirmMode = .verifying }),
            try Fixture(change: { $0.confirmMode = .trusting }),
        ]
        for fixture in fixtures {
            let found = await #expect(throws: SessionConfigurationError.self) { try await fixture.run { _ in } }
            #expect(found?.option == "confirmMode")
        }
    }

    @Test func aTrustedClientCannotPassTheQuotaEither() async throws {
        try await Fixture(storage: nil).run { client in
            let over = try await confirm(client, "a.py", size: Self.quota + 1)
            let exact = try await confirm(client, "a.py", size: Self.quota)
            let more = try await confirm(client, "b.py", size: 1)
            #expect([over.status, exact.status, more.status] == [409, 201, 409])
        }
    }

    @Test func noMessageButTheQuotasHoldsWhatTheDesktopLooksFor() {
        // What no endpoint of files answers.
        let ofSessions: Set<APIErrorCode> = [
            .limitReached, .turnConflict, .chapterMismatch, .sessionExists, .alreadyDecided,
        ]
        for code in APIErrorCode.allCases where code != .quotaExceeded {
            let text = "\(code.status) \(code.rawValue)".lowercased()
            #expect(!text.contains("quota"))
            if !ofSessions.contains(code) { #expect(!text.contains("409")) }
        }
    }

    private func upload(
        _ client: Client, _ name: String, _ size: Int, chapter: String = "c1", as user: String = Client.alice
    ) async throws -> Answer {
        try await client.send(
            .post, "/v1/storage/workspace/upload-url",
            #"{"chapter_id":"\#(chapter)","filename":"\#(name)","file_size_bytes":\#(size)}"#, as: user)
    }

    private func confirm(
        _ client: Client, _ name: String, size: Int = 10, key: String? = nil
    ) async throws -> Answer {
        let key = key ?? "user/\(Client.alice)/workspace/c1/\(name)"
        return try await client.send(
            .post, "/v1/storage/workspace/confirm",
            #"{"oss_key":"\#(key)","filename":"\#(name)","chapter_id":"c1","file_size_bytes":\#(size)}"#)
    }

    private func put(_ client: Client, _ name: String, _ size: some BinaryInteger) throws {
        try #require(client.fixture.storage).put(
            "user/\(Client.alice)/workspace/c1/\(name)", sizeBytes: Int64(size))
    }
}
