import Foundation
import OSSKit
import SessionAPI
import Testing

@Suite struct SessionStoreTests {
    @Test func whatWasAnsweredIsThereAfterOpeningAgain() async throws {
        let fixture = try Fixture()
        let path = fixture.folder.appendingPathComponent("api.sqlite").path
        let made = try await fixture.accounts.createUser(
            email: "a@example.com", password: Secret("StrongPass123"), displayName: "A")
        try fixture.store.shutDown()
        let store = try SessionStore(path: path, logger: Fixture.logger)
        let accounts = Accounts(
            store: store, configuration: fixture.configuration, environment: fixture.environment)
        let found = try await accounts.listUsers().map(\.profile)
        #expect(found == [made])
        try store.shutDown()
        try FileManager.default.removeItem(at: fixture.folder)
    }

    @Test func theLogIsMovedIntoTheFileBeforeItGrowsLarge() async throws {
        let message = String(repeating: "x", count: 250 * 1_024)
        try await Fixture().run { client in
            let session = try await client.session()
            for index in 0..<60 {
                let turn = try await client.turn(session, index: "\(index)", message: message)
                #expect(turn.status == 201)
            }
            let sizes = try ["api.sqlite", "api.sqlite-wal"].map { name in
                let path = client.fixture.folder.appendingPathComponent(name).path
                return try #require(FileManager.default.attributesOfItem(atPath: path)[.size] as? Int)
            }
            #expect(sizes[0] > 8 * 1_024 * 1_024 && sizes[1] < 8 * 1_024 * 1_024, "\(sizes)")
        }
    }

    @Test func theFilesAreTheirOwnersAlone() async throws {
        let fixture = try Fixture()
        try await fixture.accounts.ensureDemoAccount()
        for name in ["api.sqlite", "api.sqlite-wal", "api.sqlite-shm"] {
            let path = fixture.folder.appendingPathComponent(name).path
            let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
            #expect(mode == 0o600, "\(name)")
        }
        try fixture.close()
    }

    @Test func aFolderThatIsNotThereIsNoStore() {
        let found = #expect(throws: SessionStoreError.self) {
            _ = try SessionStore(path: "/nonexistent/folder/api.sqlite", logger: Fixture.logger)
        }
        #expect(found == .cannotOpen)
    }

    @Test func aFileThatIsNoDatabaseIsNoStore() throws {
        let file = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
        let path = file.path
        try Data(repeating: 0x41, count: 8_192).write(to: file)
        #expect(throws: (any Error).self) { _ = try SessionStore(path: path, logger: Fixture.logger) }
        try FileManager.default.removeItem(atPath: path)
    }
}
