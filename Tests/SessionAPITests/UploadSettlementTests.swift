import SessionAPI
import Synchronization
import Testing

@Suite struct UploadSettlementTests {
    @Test func aLargeURLUsedAfterASmallConfirmIsChargedForWhatItStored() async throws {
        try await Fixture(change: { $0.quotaBytes = 100 }).run { client in
            _ = try await upload(client, "a.py", 60)
            _ = try await upload(client, "a.py", 1)
            try put(client, "a.py", 1)
            _ = try await confirm(client, "a.py")
            try put(client, "a.py", 60)
            client.fixture.clock.advance(seconds: 301)
            let expired = try await upload(client, "b.py", 41)
            client.fixture.clock.advance(seconds: 64)
            let settled = try await upload(client, "b.py", 41)
            let fits = try await upload(client, "b.py", 40)
            let used = try await usedBytes(client)
            #expect([expired.status, settled.status, fits.status] == [409, 409, 200])
            #expect(used == "60")
        }
    }

    @Test func anObjectThatNobodyConfirmsIsDeletedBeforeItsChargeEnds() async throws {
        try await Fixture(change: { $0.quotaBytes = 100 }).run { client in
            _ = try await upload(client, "a.py", 100)
            try put(client, "a.py", 100)
            client.fixture.clock.advance(seconds: 364)
            let early = try await client.fixture.settle()
            let full = try await upload(client, "b.py", 1)
            #expect(early == 0)
            #expect(full.status == 409)
            client.fixture.clock.advance(seconds: 1)
            let fits = try await upload(client, "b.py", 100)
            #expect(fits.status == 200)
            #expect(client.fixture.storage?.keys == [])
            let late = try await confirm(client, "a.py")
            #expect(late.refusal == "422 UPLOAD_NOT_FOUND")
        }
    }

    @Test func aConfirmedFileIsSettledOnceAndStaysAsItIs() async throws {
        try await Fixture().run { client in
            _ = try await upload(client, "a.py", 10)
            try put(client, "a.py", 10)
            _ = try await confirm(client, "a.py")
            let before = try await client.send(.get, "/v1/storage/workspace/files")
            client.fixture.clock.advance(seconds: 365)
            let counts = [try await client.fixture.settle(), try await client.fixture.settle()]
            let after = try await client.send(.get, "/v1/storage/workspace/files")
            let again = try await confirm(client, "a.py")
            #expect(counts == [1, 0])
            #expect(after.body == before.body)
            #expect(again.status == 201)
        }
    }

    @Test func anUnusedNewerURLLeavesTheFileAlone() async throws {
        try await Fixture().run { client in
            _ = try await upload(client, "a.py", 10)
            try put(client, "a.py", 10)
            _ = try await confirm(client, "a.py")
            _ = try await upload(client, "a.py", 20)
            client.fixture.clock.advance(seconds: 365)
            _ = try await client.fixture.settle()
            let again = try await confirm(client, "a.py")
            #expect(try again.text("quota_used_bytes") == "10")
        }
    }

    @Test func whileTheStoreIsAwayEverythingKeepsCharging() async throws {
        try await Fixture(change: { $0.quotaBytes = 100 }).run { client in
            _ = try await upload(client, "a.py", 100)
            client.fixture.storage?.isReachable = false
            client.fixture.clock.advance(seconds: 90_000)
            let away = try await upload(client, "b.py", 1)
            let none = try await client.fixture.settle()
            client.fixture.storage?.isReachable = true
            // Nobody knows what became of the deletes until they can no longer be under way.
            let doubtful = try await upload(client, "b.py", 1)
            client.fixture.clock.advance(seconds: 60)
            let back = try await upload(client, "b.py", 1)
            #expect(
                [away.refusal, doubtful.refusal, back.refusal]
                    == ["409 QUOTA_EXCEEDED", "409 QUOTA_EXCEEDED", "200 -"])
            #expect(none == 0)
        }
    }

    @Test func aURLThatIsAskedForDuringASettlementWaitsAndKeepsItsUpload() async throws {
        try await Fixture().run { client in
            _ = try await upload(client, "a.py", 10)
            try put(client, "a.py", 10)
            client.fixture.clock.advance(seconds: 365)
            let asking = Mutex<Task<Answer, any Error>?>(nil)
            client.fixture.storage?.beforeDelete = {
                asking.withLock { $0 = Task { try await upload(client, "a.py", 20) } }
            }
            let count = try await client.fixture.settle()
            client.fixture.storage?.beforeDelete = nil
            let url = try await asking.withLock { $0 }?.value
            #expect(count == 1)
            #expect(url?.status == 200)
            try put(client, "a.py", 20)
            let none = try await client.fixture.settle()
            let confirmed = try await confirm(client, "a.py")
            #expect(none == 0)
            #expect(try confirmed.text("quota_used_bytes") == "20")
        }
    }

    @Test func aNewerURLPutsTheSettlementOff() async throws {
        try await Fixture().run { client in
            _ = try await upload(client, "a.py", 10)
            client.fixture.clock.advance(seconds: 200)
            _ = try await upload(client, "a.py", 20)
            try put(client, "a.py", 20)
            client.fixture.clock.advance(seconds: 200)
            let count = try await client.fixture.settle()
            let confirmed = try await confirm(client, "a.py")
            #expect(count == 0)
            #expect(confirmed.status == 201)
        }
    }

    @Test func manyKeysOfManyUsersAreSettledInOnePass() async throws {
        try await Fixture().run { client in
            for number in 0..<40 {
                _ = try await upload(client, "f\(number).py", 10)
                _ = try await upload(client, "f\(number).py", 10, as: Client.bob)
                try put(client, "f\(number).py", 10)
            }
            client.fixture.clock.advance(seconds: 365)
            let count = try await client.fixture.settle()
            #expect(count == 80)
            #expect(client.fixture.storage?.keys == [])
        }
    }

    @Test(arguments: [-86_400, 315_360_000] as [Int64])
    func aClockThatJumpsTrapsNothingAndFreesWhatIsOver(_ seconds: Int64) async throws {
        try await Fixture(change: { $0.quotaBytes = 100 }).run { client in
            _ = try await upload(client, "a.py", 60)
            try put(client, "a.py", 60)
            _ = try await confirm(client, "a.py")
            _ = try await upload(client, "b.py", 40)
            client.fixture.clock.advance(seconds: seconds)
            for _ in 0..<2 { _ = try await client.fixture.settle() }
            let during = try await client.send(.get, "/v1/storage/workspace/quota")
            #expect(during.status == 200)
            // Time goes on from there, or somebody puts the clock right.
            client.fixture.clock.advance(seconds: max(0, -seconds) + 400)
            _ = try await client.fixture.settle()
            let after = try await upload(client, "c.py", 40)
            #expect(after.status == 200)
            #expect(client.fixture.storage?.keys == ["user/\(Client.alice)/workspace/c1/a.py"])
        }
    }

    @Test func aURLChargesToTheLastSecondOfItsGrace() async throws {
        try await Fixture(change: { $0.quotaBytes = 100 }).run { client in
            _ = try await upload(client, "a.py", 100)
            client.fixture.clock.advance(seconds: 364)
            let last = try await upload(client, "b.py", 1)
            client.fixture.clock.advance(seconds: 1)
            let over = try await upload(client, "b.py", 100)
            #expect([last.status, over.status] == [409, 200])
        }
    }

    private func usedBytes(_ client: Client) async throws -> String {
        try await client.send(.get, "/v1/storage/workspace/files").text("quota_used_bytes")
    }

    private func upload(
        _ client: Client, _ name: String, _ size: Int, as user: String = Client.alice
    ) async throws -> Answer {
        try await client.send(
            .post, "/v1/storage/workspace/upload-url",
            #"{"chapter_id":"c1","filename":"\#(name)","file_size_bytes":\#(size)}"#, as: user)
    }

    private func confirm(_ client: Client, _ name: String) async throws -> Answer {
        try await client.send(
            .post, "/v1/storage/workspace/confirm",
            #"{"oss_key":"user/\#(Client.alice)/workspace/c1/\#(name)","filename":"\#(name)","chapter_id":"c1","#
                + #""file_size_bytes":1}"#)
    }

    private func put(_ client: Client, _ name: String, _ size: Int64) throws {
        try #require(client.fixture.storage).put(
            "user/\(Client.alice)/workspace/c1/\(name)", sizeBytes: size)
    }
}
