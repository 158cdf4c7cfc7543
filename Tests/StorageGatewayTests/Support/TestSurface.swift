import Foundation
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import NIOEmbedded
import OSSKit
import ObjectStore
import StorageGateway
import Synchronization

/// The OSS surface over a store in memory, with a clock that the test sets.
final class TestSurface: Sendable {
    static let accessKeyID = "testKey"
    static let secret = Secret("testSecretOfThirtyTwoCharacters!")
    static let region = "cn-hangzhou"

    /// An answer, read to its end.
    struct Answer {
        let status: Int
        let headers: HTTPFields
        let body: [UInt8]

        var text: String { String(decoding: body, as: UTF8.self) }

        func header(_ name: String) -> String? {
            HTTPField.Name(name).flatMap { headers[$0] }
        }

        /// The text of an element of an XML body.
        func element(_ name: String) -> String? {
            try? XMLReader.read(body).text(of: name)
        }
    }

    /// What is sent; it is signed by V4 in the header unless it carries a signature of its own.
    struct Call {
        var method: String
        var target: String
        var headers: [(String, String)] = []
        var body: [UInt8]?
        var isSigned = true
        /// Whose signature it gets; nil for the owner of the test's bucket.
        var credentials: Credentials?
        var host = "127.0.0.1:10724"
    }

    let clock = Clock()
    let keys: AccessKeyRing
    let store: DiskStore
    private let responder: OSSResponder
    private let slot: OpenSurfaces.Slot

    /// Makes a surface.
    ///
    /// - Parameters:
    ///   - callbacks: what sends callbacks; nil for a surface that sends none.
    ///   - callbackHosts: the hosts that may be called wherever they are.
    ///   - change: changes what the surface is told.
    init(
        callbacks: (any CallbackSender)? = nil, callbackHosts: [String] = [],
        _ change: (inout SurfaceConfiguration) -> Void = { _ in }
    ) async throws {
        slot = await OpenSurfaces.shared.slot()
        let clock = clock
        var configuration = StoreConfiguration(
            disk: MemoryDisk(limitBytes: 1 << 30, now: { clock.nowMilliseconds }))
        configuration.freeSpaceFloorBytes = 0
        store = try await DiskStore.open(
            configuration,
            environment: StoreEnvironment(
                now: { clock.nowMilliseconds },
                randomBytes: { count in (0..<count).map { _ in UInt8.random(in: .min ... .max) } }, onFatal: { _ in }))
        keys = AccessKeyRing([AccessKey(id: Self.accessKeyID, secret: Self.secret, ownerID: "owner")])
        var surface = SurfaceConfiguration(
            region: Self.region, virtualHostDomains: ["localhost"], extranetEndpoint: nil, ownerDisplayName: "owner",
            callbackHosts: CallbackHosts(allowed: callbackHosts))
        change(&surface)
        responder = OSSResponder(
            store: store,
            callers: SurfaceCallers(
                keys: keys, tokens: SecurityTokens(secret: Secret("a secret of tokens of 32 bytes or more"))),
            configuration: surface,
            environment: SurfaceEnvironment(
                now: { clock.nowMilliseconds }, randomBits: { UInt64.random(in: .min ... .max) }, welcomeBody: { _ in },
                callbacks: callbacks),
            logger: Logger(label: "test"))
        _ = try await store.createBucket(NewBucket(name: BucketName("bucket"), ownerID: "owner"))
    }

    /// A clock that stands still until it is set.
    final class Clock: Sendable {
        private let value = Mutex<Int64>(1_800_000_000_000)

        var nowMilliseconds: Int64 {
            get { value.withLock { $0 } }
            set { value.withLock { $0 = newValue } }
        }
    }

    /// The time of the clock in seconds.
    var nowUnixSeconds: Int64 { clock.nowMilliseconds / 1_000 }

    /// Lets the access key belong to another account.
    func signAs(_ ownerID: String) {
        keys.replace(with: [AccessKey(id: Self.accessKeyID, secret: Self.secret, ownerID: ownerID)])
    }

    /// Closes the store.
    func close() async throws {
        try await store.close()
    }

    /// Sends a request and reads the answer.
    func send(_ call: Call) async throws -> Answer {
        var headers = call.headers.map { WireHeader($0.0, $0.1) }
        if let body = call.body, !headers.contains(where: { $0.isNamed("Content-Length") }) {
            headers.append(WireHeader("Content-Length", String(body.count)))
        }
        if call.isSigned {
            let target = try RequestTarget(call.target)
            let owner = Credentials(accessKeyID: Self.accessKeyID, accessKeySecret: Self.secret)
            let signer = RequestSigner(credentials: call.credentials ?? owner, region: Self.region)
            headers = try signer.signV4(
                SignableRequest(
                    method: call.method, resource: target.pathStyleResource(), query: target.query, headers: headers),
                nowUnixSeconds: nowUnixSeconds)
        }
        var fields = HTTPFields()
        for header in headers {
            if let name = HTTPField.Name(header.name) { fields.append(HTTPField(name: name, value: header.value)) }
        }
        let method = HTTPRequest.Method(call.method) ?? .get
        let head = HTTPRequest(
            method: method, scheme: "http", authority: call.host, path: call.target, headerFields: fields)
        let request = Request(head: head, body: RequestBody(buffer: ByteBuffer(bytes: call.body ?? [])))
        let source = ApplicationRequestContextSource(channel: NIOAsyncTestingChannel(), logger: Logger(label: "test"))
        let response = try await responder.respond(to: request, context: OSSContext(source: source))
        let collector = Collector()
        try await response.body.write(CollectingWriter(collector: collector))
        return Answer(
            status: response.status.code, headers: response.headers, body: collector.bytes.withLock { $0 })
    }

    /// Stores an object and insists on it.
    func put(_ key: String, _ text: String, _ headers: [(String, String)] = []) async throws -> Answer {
        try await send(Call(method: "PUT", target: "/bucket/\(key)", headers: headers, body: Array(text.utf8)))
    }
}

private final class Collector: Sendable {
    let bytes = Mutex<[UInt8]>([])
}

private struct CollectingWriter: ResponseBodyWriter {
    let collector: Collector

    func write(_ buffer: ByteBuffer) async throws {
        collector.bytes.withLock { $0.append(contentsOf: buffer.readableBytesView) }
    }

    consuming func finish(_ trailingHeaders: HTTPFields?) async throws {}
}
