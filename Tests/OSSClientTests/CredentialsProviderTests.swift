import Foundation
import OSSClient
import OSSKit
import Synchronization
import Testing

/// What a client signs with, as the request shows it.
@Suite struct CredentialsProviderTests {
    /// The access key ID that a provider's request is signed with.
    private func signer(_ provider: CredentialsProvider) async throws -> String {
        let found = Mutex("")
        try await ClientUnderTest.run({ _, _ in .answer(204) }, credentials: provider) { test, server in
            try await test.client.deleteObject(try ObjectKey("k"))
            let request = try #require(server.requests.first)
            let token = request.header("x-oss-security-token").map { "+" + $0 } ?? ""
            let id = request.header("Authorization")?.split(separator: "=").dropFirst().first?.split(separator: "/")
                .first
            found.withLock { $0 = String(id ?? "") + token }
        }
        return found.withLock { $0 }
    }

    private static func key(_ id: String) -> Credentials {
        Credentials(accessKeyID: id, accessKeySecret: Secret("s-\(id)"))
    }

    @Test func theEnvironmentIsReadAsOfficialClientsReadIt() async throws {
        let variables = [
            "OSS_ACCESS_KEY_ID": "env", "OSS_ACCESS_KEY_SECRET": "secret", "OSS_SESSION_TOKEN": "token",
        ]
        #expect(try await signer(.environment { variables[$0] }) == "env+token")
        #expect(try await signer(.environment { $0 == "OSS_SESSION_TOKEN" ? "" : variables[$0] }) == "env")
        for missing in ["OSS_ACCESS_KEY_ID", "OSS_ACCESS_KEY_SECRET"] {
            await expectError("noCredentials") {
                _ = try await signer(.environment { $0 == missing ? "" : variables[$0] })
            }
        }
    }

    @Test func theFirstThatHasAnyIsTaken() async throws {
        let none = CredentialsProvider.environment { _ in nil }
        #expect(try await signer(.chain([none, .fixed(Self.key("b")), .fixed(Self.key("c"))])) == "b")
        await expectError("noCredentials") { _ = try await signer(.chain([none, none])) }
        await expectError("noCredentials") { _ = try await signer(.chain([])) }
        // What is broken must not lead to another account.
        let broken = CredentialsProvider { throw CredentialsError.unreadable(reason: "x") }
        await expectError("unreadable") { _ = try await signer(.chain([broken, .fixed(Self.key("c"))])) }
    }

    @Test(arguments: [
        (#"{"AccessKeyId":"a","AccessKeySecret":"s"}"#, "default", "a"),
        (#" {"access_key_id":"a","access_key_secret":"s","SecurityToken":"t","Expiration":1}"#, "x", "a+t"),
        ("[default]\naccessKeyID = a\naccessKeySecret=s\n", "default", "a"),
        ("[Credentials]\r\naccessKeyID=a\r\naccessKeySecret=s=\r\nstsToken=t\r\n", "default", "a+t"),
        (
            "# c\n[default]\naccessKeyID=x\n\n[profile p]\naccesskeyid=a\naccessKeySecret=s\n; d\n[z]\naccessKeyID=y",
            "p", "a"
        ),
    ])
    func filesAreRead(text: String, profile: String, wanted: String) async throws {
        let file = try TemporaryFile(text)
        defer { file.remove() }
        #expect(try await signer(.file(file.path, profile: profile)) == wanted)
    }

    @Test(arguments: [
        ("", "noCredentials"), ("{}", "noCredentials"), ("[default]\naccessKeyID=a", "unreadable"),
        ("[profile]\naccessKeyID=a\naccessKeySecret=s", "unreadable"),
        ("[other]\naccessKeyID=a\naccessKeySecret=s", "noCredentials"),
        (#"{"AccessKeyId":"a","AccessKeySecret":""}"#, "noCredentials"),
        (#"{"AccessKeyId":1,"AccessKeySecret":"s"}"#, "noCredentials"),
        (#"{"AccessKeyId":"a""#, "unreadable"), ("a-secret-without-a-name", "unreadable"), ("{]", "unreadable"),
        (String(repeating: "#", count: 65_537), "unreadable"),
    ])
    func wrongFilesAreRefused(text: String, wanted: String) async throws {
        let file = try TemporaryFile(text)
        defer { file.remove() }
        await expectError(wanted) { _ = try await signer(.file(file.path)) }
        do {
            _ = try await signer(.file(file.path))
        } catch {
            #expect(!"\(error)".contains("a-secret"))
        }
    }

    @Test func aMissingFileHasNoCredentials() async throws {
        await expectError("noCredentials") { _ = try await signer(.file("/nowhere/at/all")) }
    }

    @Test func aFileIsReadAgainWhenItChanges() async throws {
        let file = try TemporaryFile(#"{"AccessKeyId":"one","AccessKeySecret":"s"}"#)
        defer { file.remove() }
        let provider = CredentialsProvider.file(file.path)
        #expect(try await signer(provider) == "one")
        try file.write(#"{"AccessKeyId":"three","AccessKeySecret":"s"}"#)
        #expect(try await signer(provider) == "three")
        // Half a file does not count.
        try file.write(#"{"AccessKeyId":"fo"#)
        #expect(try await signer(provider) == "three")
        try file.write(#"{"AccessKeyId":"five","AccessKeySecret":"s"}"#)
        #expect(try await signer(provider) == "five")
        file.remove()
        await expectError("noCredentials") { _ = try await signer(provider) }
    }

    private struct TemporaryFile {
        let path = FileManager.default.temporaryDirectory.appending(path: "key-\(UUID().uuidString)").path

        init(_ text: String) throws { try write(text) }

        func write(_ text: String) throws { try Data(text.utf8).write(to: URL(filePath: path), options: .atomic) }

        func remove() { try? FileManager.default.removeItem(atPath: path) }
    }
}

@Suite struct TemporaryCredentialsTests {
    /// A source of temporary keys, a clock, and what the source was asked.
    private final class Source: Sendable {
        struct State {
            var now: Int64 = 1_000
            var life: Int64 = 3_600
            var count = 0
            var isBroken = false
            var waiting: [CheckedContinuation<Void, Never>] = []
            var isHeld = false
        }

        struct Broken: Error {}

        let state = Mutex(State())

        var count: Int { state.withLock { $0.count } }

        func provider() -> CredentialsProvider {
            .temporary(nowUnixSeconds: { self.state.withLock { $0.now } }) {
                let number = self.state.withLock {
                    $0.count += 1
                    return $0.count
                }
                await withCheckedContinuation { continuation in
                    let isHeld = self.state.withLock { state in
                        if state.isHeld { state.waiting.append(continuation) }
                        return state.isHeld
                    }
                    if !isHeld { continuation.resume() }
                }
                return try self.state.withLock { state in
                    if state.isBroken { throw Broken() }
                    return TemporaryCredentials(
                        Credentials(
                            accessKeyID: "STS.\(number)", accessKeySecret: Secret("s"), securityToken: Secret("t")),
                        expiresAtUnixSeconds: state.now + state.life)
                }
            }
        }

        func release() {
            let waiting = state.withLock { state in
                state.isHeld = false
                defer { state.waiting = [] }
                return state.waiting
            }
            for continuation in waiting { continuation.resume() }
        }
    }

    /// The key that a presigned URL names: it needs no server.
    private func use(_ provider: CredentialsProvider) async throws -> String {
        let found = Mutex("")
        try await ClientUnderTest.run(endpoint: "http://127.0.0.1:9", credentials: provider) { test in
            let url = try await test.client.presignGet(try ObjectKey("k"), lifetimeSeconds: 60).url
            let id = url.split(separator: "x-oss-credential=").last?.split(separator: "%2F").first
            found.withLock { $0 = String(id ?? "") }
        }
        return found.withLock { $0 }
    }

    /// The key that a fetch beside the requests brings in the end.
    private func laterKey(of provider: CredentialsProvider, after earlier: String) async throws -> String {
        for _ in 0..<1_000 {
            let found = try await use(provider)
            if found != earlier { return found }
            await Task.yield()
        }
        return earlier
    }

    @Test func aKeyIsKeptUntilItsEndIsNear() async throws {
        let source = Source()
        let provider = source.provider()
        #expect(try await use(provider) == "STS.1")
        source.state.withLock { $0.now += 3_299 }
        #expect(try await use(provider) == "STS.1")
        source.state.withLock { $0.now += 1 }
        // The old one is good for now: nobody waits for the new one.
        #expect(try await use(provider) == "STS.1")
        #expect(try await laterKey(of: provider, after: "STS.1") == "STS.2")
        #expect(source.count == 2)
    }

    @Test func aShortLifeIsNotSpentOnFetching() async throws {
        let source = Source()
        source.state.withLock { $0.life = 60 }
        let provider = source.provider()
        _ = try await use(provider)
        source.state.withLock { $0.now += 44 }
        #expect(try await use(provider) == "STS.1")
        source.state.withLock { $0.now += 1 }
        #expect(try await laterKey(of: provider, after: "STS.1") == "STS.2")
    }

    @Test func aKeyThatIsStillGoodGoesOnIfThereIsNoNewOne() async throws {
        let source = Source()
        let provider = source.provider()
        _ = try await use(provider)
        source.state.withLock {
            $0.now += 3_400
            $0.isBroken = true
        }
        #expect(try await use(provider) == "STS.1")
        #expect(try await use(provider) == "STS.1")
        #expect(source.count == 2)
        source.state.withLock { $0.now += 10 }
        #expect(try await use(provider) == "STS.1")
        #expect(source.count == 3)
        source.state.withLock { $0.now = 4_600 }
        await expectError("Broken") { _ = try await use(provider) }
        source.state.withLock { $0.isBroken = false }
        #expect(try await use(provider) == "STS.5")
    }

    @Test func aKeyThatIsOverWhenItComesIsNoKey() async throws {
        let source = Source()
        source.state.withLock { $0.life = 0 }
        await expectError("expired") { _ = try await use(source.provider()) }
    }

    @Test func manyWaitForOneFetch() async throws {
        let source = Source()
        source.state.withLock { $0.isHeld = true }
        let provider = source.provider()
        let found = try await withThrowingTaskGroup(of: String.self) { group in
            for _ in 0..<20 {
                group.addTask { try await use(provider) }
            }
            // One that gives up does not end the fetch for the others.
            let impatient = Task { try await use(provider) }
            impatient.cancel()
            while source.state.withLock({ $0.waiting.isEmpty }) { await Task.yield() }
            source.release()
            _ = await impatient.result
            return try await group.reduce(into: Set<String>()) { $0.insert($1) }
        }
        #expect(found == ["STS.1"])
        #expect(source.count == 1)
    }
}
