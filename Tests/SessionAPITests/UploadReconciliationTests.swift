import OSSKit
import SessionAPI
import Synchronization
import Testing

@Suite struct UploadReconciliationTests {
    @Test func whatAgreesIsNoDrift() async throws {
        try await Fixture().run { client in
            for number in 0..<7 { try await client.submit("f\(number).py", 10) }
            client.fixture.clock.advance(seconds: 400)
            _ = try await client.fixture.settle()
            let (report, findings) = try await client.fixture.reconcile()
            #expect([report.objectCount, report.fileCount, report.findingCount, report.driftBytes] == [7, 7, 0, 0])
            #expect(findings == [])
        }
    }

    @Test func everyDisagreementIsFoundAndPutRight() async throws {
        try await Fixture().run { client in
            let storage = try #require(client.fixture.storage)
            let prefix = "user/\(Client.alice)/workspace/c1/"
            for name in ["a.py", "b.py", "c.py"] { try await client.submit(name, 10) }
            client.fixture.clock.advance(seconds: 400)
            _ = try await client.fixture.settle()
            try await storage.delete(ObjectKey(prefix + "a.py"))
            storage.put(prefix + "b.py", sizeBytes: 25)
            storage.put(prefix + "d.py", sizeBytes: 3)
            let (found, findings) = try await client.fixture.reconcile()
            #expect(
                findings.sorted() == [
                    "changed-object \(prefix)b.py 10 25", "missing-object \(prefix)a.py 10 0",
                    "unknown-object \(prefix)d.py 0 3",
                ])
            #expect([found.findingCount, found.repairedCount, found.driftBytes] == [3, 0, 28])
            let (repaired, _) = try await client.fixture.reconcile(repairs: true)
            let (after, _) = try await client.fixture.reconcile()
            #expect([repaired.repairedCount, after.findingCount] == [3, 0])
            let used = try await client.send(.get, "/v1/storage/workspace/quota").text("used_bytes")
            #expect(used == "35")
            #expect(storage.keys == [prefix + "b.py", prefix + "c.py"])
        }
    }

    @Test func whatIsUnderWayOrOfOthersIsLeftAlone() async throws {
        try await Fixture().run { client in
            let storage = try #require(client.fixture.storage)
            let key = try await client.uploadURL("a.py", 10).text("oss_key")
            storage.put(key, sizeBytes: 10)
            let others = [
                "user/\(Client.bob)/workspace/c1/a.py", "user/x/workspace/c1/a.py", "user/\(Client.alice)/other/a.py",
            ]
            for other in others { storage.put(other, sizeBytes: 5) }
            let (report, _) = try await client.fixture.reconcile(repairs: true)
            #expect([report.openCount, report.foreignCount, report.findingCount] == [1, 3, 0])
            #expect(storage.keys.count == 4)
        }
    }

    @Test func aStoreThatIsAwayIsNoDrift() async throws {
        try await Fixture().run { client in
            try await client.submit("a.py", 10)
            client.fixture.storage?.isReachable = false
            await #expect(throws: WorkspaceStorageProblem.self) {
                _ = try await client.fixture.reconcile(repairs: true)
            }
            client.fixture.storage?.isReachable = true
            let files = try await client.send(.get, "/v1/storage/workspace/files")
            #expect(files.members(of: "filename") == ["a.py"])
        }
    }
}

extension Fixture {
    /// Compares files and objects; findings are texts of kind, key and both sizes.
    func reconcile(repairs: Bool = false) async throws -> (ReconciliationReport, [String]) {
        let found = Mutex<[String]>([])
        let report = try await UploadReconciliation(
            store: store, storage: #require(storage), environment: environment, logger: Self.logger
        ).compare(repairs: repairs) { finding in
            let line = "\(finding.kind.rawValue) \(finding.key.text) \(finding.recordedBytes) \(finding.storedBytes)"
            found.withLock { $0.append(line) }
        }
        return (report, found.withLock { $0 })
    }
}
