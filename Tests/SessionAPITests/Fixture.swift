import Crypto
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Logging
import OSSKit
import SessionAPI
import SessionModels
import Synchronization
import Testing

/// A clock that only moves when told.
final class TestClock: Sendable {
    private let microseconds = Mutex<Int64>(1_790_000_000_123_456)
    private let secondsPerRead = Mutex<Int64>(0)

    /// The time; reading it may take time.
    var now: Int64 {
        let step = secondsPerRead.withLock { $0 } * 1_000_000
        return microseconds.withLock { time in
            defer { time += step }
            return time
        }
    }
    var nowSeconds: Int64 { now / 1_000_000 }

    /// Makes each reading last that long.
    func slowDown(secondsPerRead seconds: Int64) {
        secondsPerRead.withLock { $0 = seconds }
    }

    func advance(seconds: Int64) {
        microseconds.withLock { $0 += seconds * 1_000_000 }
    }
}

/// A session API over a temporary file, with a clock of its own.
struct Fixture: Sendable {
    static let secret = "a-test-secret-of-more-than-32-bytes-0123456789"

    let clock: TestClock
    let folder: URL
    let store: SessionStore
    let storage: FakeStorage?
    let configuration: SessionAPIConfiguration
    let environment: SessionEnvironment

    init(
        storage: FakeStorage? = FakeStorage(), change: (inout SessionAPIConfiguration) -> Void = { _ in }
    ) throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("session-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        store = try SessionStore(path: folder.appendingPathComponent("api.sqlite").path, logger: Self.logger)
        var configuration = SessionAPIConfiguration(tokenSecret: Secret(Self.secret))
        configuration.isDevelopment = true
        configuration.passwordRounds = 1_000
        configuration.confirmMode = storage == nil ? .trusting : .verifying
        change(&configuration)
        self.configuration = configuration
        self.storage = storage
        let clock = TestClock()
        self.clock = clock
        environment = SessionEnvironment(
            nowMicroseconds: { clock.now }, randomBytes: SessionEnvironment.system.randomBytes)
    }

    static let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    var accounts: Accounts {
        Accounts(store: store, configuration: configuration, environment: environment)
    }

    /// What removes deleted sessions, as the server does in the background.
    var purge: SessionPurge {
        SessionPurge(store: store, environment: environment, logger: Self.logger)
    }

    /// Settles uploads as the server does in the background.
    func settle() async throws -> Int {
        let storage = try #require(storage)
        return try await UploadSettlement(
            store: store, storage: storage, environment: environment, logger: Self.logger
        ).settleAll()
    }

    /// Runs a test against the API in this process, then removes the folder.
    func run(
        _ setup: TestingSetup = .router, _ test: @Sendable (Client) async throws -> Void
    ) async throws {
        let responder = try await SessionAPI.makeResponder(
            configuration: configuration, store: store, storage: storage, environment: environment,
            logger: Self.logger)
        let application = Application(responder: responder, logger: Self.logger)
        do {
            try await application.test(setup) { try await test(Client(base: $0, fixture: self)) }
        } catch {
            try close()
            throw error
        }
        try close()
    }

    /// The same data after the process has gone.
    func reopened() throws -> Fixture {
        try store.shutDown()
        return try Fixture(self)
    }

    private init(_ other: Fixture) throws {
        clock = other.clock
        folder = other.folder
        store = try SessionStore(path: folder.appendingPathComponent("api.sqlite").path, logger: Self.logger)
        storage = other.storage
        configuration = other.configuration
        environment = other.environment
    }

    /// Runs a part of a test against the API in this process, and leaves everything in place.
    func living<Value>(_ test: @Sendable (Client) async throws -> Value) async throws -> Value {
        let responder = try await SessionAPI.makeResponder(
            configuration: configuration, store: store, storage: storage, environment: environment,
            logger: Self.logger)
        let application = Application(responder: responder, logger: Self.logger)
        return try await application.test(.router) { try await test(Client(base: $0, fixture: self)) }
    }

    func close() throws {
        try store.shutDown()
        try FileManager.default.removeItem(at: folder)
    }

    /// A token as the plan's backend signs it.
    func token(user: String, lifetimeSeconds: Int64 = 3_600) -> String {
        Self.sign(
            header: #"{"alg":"HS256","typ":"JWT"}"#,
            payload: #"{"sub":"\#(user)","type":"access","exp":\#(clock.nowSeconds + lifetimeSeconds)}"#)
    }

    /// A token of any header and payload.
    static func sign(header: String, payload: String, secret: String = secret) -> String {
        let input = base64URL(Array(header.utf8)) + "." + base64URL(Array(payload.utf8))
        let code = HMAC<SHA256>.authenticationCode(
            for: Array(input.utf8), using: SymmetricKey(data: Array(secret.utf8)))
        return input + "." + base64URL(Array(code))
    }

    static func base64URL(_ bytes: [UInt8]) -> String {
        Data(bytes).base64EncodedString().replacingOccurrences(of: "+", with: "-")
            .replacingOccurrences(of: "/", with: "_").replacingOccurrences(of: "=", with: "")
    }
}

/// An answer as tests look at it.
struct Answer: Sendable {
    let status: Int
    let headers: HTTPFields
    let body: String

    /// A member of the body as text, by names from the outside in.
    func text(_ names: String...) throws -> String {
        var value = try JSONDocument(body.utf8).root
        for name in names { value = try #require(value.last(name)) }
        return value.string ?? String(decoding: value.compact, as: UTF8.self)
    }

    /// `status code`, such as `404 SESSION_NOT_FOUND`.
    var refusal: String {
        let root = try? JSONDocument(body.utf8).root
        return "\(status) \(root?.last("error")?.last("code")?.string ?? "-")"
    }
}

/// What asks the API in tests.
struct Client: Sendable {
    static let alice = "11111111-1111-4111-8111-111111111111"
    static let bob = "22222222-2222-4222-8222-222222222222"

    let base: any TestClientProtocol
    let fixture: Fixture

    func send(
        _ method: HTTPRequest.Method, _ path: String, _ body: String? = nil, as user: String? = alice,
        headers: [String: String] = [:]
    ) async throws -> Answer {
        var fields = HTTPFields()
        if body != nil, headers["Content-Type"] == nil { fields[.contentType] = "application/json" }
        if let user { fields[.authorization] = "Bearer \(fixture.token(user: user))" }
        for (name, value) in headers { fields[try #require(HTTPField.Name(name))] = value }
        let response = try await base.execute(
            uri: path, method: method, headers: fields, body: body.map { ByteBuffer(string: $0) })
        return Answer(
            status: response.status.code, headers: response.headers, body: String(buffer: response.body))
    }

    /// Makes a session and returns its id.
    func session(chapter: String = "c1", as user: String = alice) async throws -> String {
        let answer = try await send(.post, "/v1/chapters/\(chapter)/sessions", "{}", as: user)
        return try answer.text("session_id")
    }

    func turn(
        _ session: String, index: String = "0", message: String = "hello", outcome: String = "{}",
        as user: String = alice, headers: [String: String] = [:]
    ) async throws -> Answer {
        try await send(
            .post, "/v1/sessions/\(session)/turns",
            #"{"chapter_id":"c1","turn_index":\#(index),"user_message":"\#(message)","companion_response":"hi there","#
                + #""turn_outcome":\#(outcome)}"#, as: user, headers: headers)
    }
}

/// An object store in memory: URLs are the key, so that a test can put what it likes under it.
final class FakeStorage: WorkspaceStorage {
    private struct State {
        var objects: [[UInt8]: StoredObjectFacts] = [:]
        var isReachable = true
        var writeCount: UInt64 = 0
        var beforeDelete: (@Sendable () -> Void)?
    }

    /// The store does not answer.
    struct Unreachable: Error {}

    private let state = Mutex(State())

    var isReachable: Bool {
        get { state.withLock { $0.isReachable } }
        set { state.withLock { $0.isReachable = newValue } }
    }

    /// Called when a delete begins.
    var beforeDelete: (@Sendable () -> Void)? {
        get { state.withLock { $0.beforeDelete } }
        set { state.withLock { $0.beforeDelete = newValue } }
    }

    var keys: [String] { state.withLock { $0.objects.keys.map { String(decoding: $0, as: UTF8.self) }.sorted() } }

    /// The bytes of all objects.
    var totalBytes: Int64 { state.withLock { $0.objects.values.reduce(0) { $0 + $1.lengthBytes } } }

    /// Uploads an object of a size; each upload has an ETag of its own unless its content is given.
    func put(
        _ key: String, sizeBytes: Int64, content: UInt64? = nil, modifiedAtSeconds: Int64 = 1_790_000_000
    ) {
        state.withLock {
            $0.writeCount += 1
            let content = content ?? $0.writeCount
            $0.objects[Array(key.utf8)] = StoredObjectFacts(
                lengthBytes: sizeBytes, etag: "\"\(content)\"", crc64: content, modifiedAtSeconds: modifiedAtSeconds)
        }
    }

    func head(_ key: ObjectKey) async throws -> StoredObjectFacts? {
        try reachable().objects[key.bytes]
    }

    func presignPut(_ terms: UploadTerms) async throws -> PresignedUpload {
        _ = try reachable()
        return PresignedUpload(
            url: "https://store.example/\(terms.key.text)?size=\(terms.sizeBytes)&expires=\(terms.lifetimeSeconds)",
            requiredHeaders: [("Content-Type", terms.contentType)])
    }

    func presignGet(_ key: ObjectKey, lifetimeSeconds: Int64, filename: String) async throws -> String {
        _ = try reachable()
        return "https://store.example/\(key.text)?get"
    }

    func delete(_ key: ObjectKey) async throws {
        try reachable().beforeDelete?()
        state.withLock { $0.objects[key.bytes] = nil }
    }

    func list(prefix: String, after token: String?) async throws -> StoredObjectPage {
        let found = try reachable().objects.filter { $0.key.starts(with: prefix.utf8) }
            .sorted { $0.key.lexicographicallyPrecedes($1.key) }
            .filter { Array($0.key).lexicographicallyPrecedes(Array((token ?? "").utf8)) == false }
        let page = try found.filter { token.map { Array($0.utf8) } != $0.key }.prefix(Self.pageSize).map {
            StoredObject(key: try ObjectKey(bytes: $0.key), sizeBytes: $0.value.lengthBytes, etag: $0.value.etag ?? "")
        }
        return StoredObjectPage(objects: page, next: page.count == Self.pageSize ? page.last?.key.text : nil)
    }

    /// The objects of one page of a list.
    private static let pageSize = 3

    private func reachable() throws -> State {
        let state = state.withLock { $0 }
        guard state.isReachable else { throw Unreachable() }
        return state
    }
}
