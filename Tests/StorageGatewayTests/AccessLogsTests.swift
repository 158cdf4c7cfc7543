import Logging
import OSSKit
import ObjectStore
import Testing

@testable import StorageGateway

/// The lines of access logs, and what becomes of them.
@Suite struct AccessLogsTests {
    private typealias Call = TestSurface.Call

    private func entry(
        _ target: String = "/bucket/k", headers: [(String, String)] = [], code: String? = nil
    ) throws -> AccessLogEntry {
        AccessLogEntry(
            request: WireRequest(
                method: "GET", scheme: "http", host: "127.0.0.1", target: try RequestTarget(target),
                headers: headers.map { WireHeader($0.0, $0.1) }),
            resource: SignedResource(bucket: "bucket", key: Array("k\"k".utf8)), address: "10.0.0.1",
            requester: .anonymous, operation: "GetObject", requestID: "5F", milliseconds: 1_626_173_871_000,
            spentMilliseconds: 7, status: code == nil ? 200 : 403, sentBytes: "12", errorCode: code)
    }

    @Test func aLineHasTheFieldsOfTheDocumentation() throws {
        let line = try entry("/bucket/k?acl", headers: [("User-Agent", "curl")], code: "AccessDenied")
            .line(ownerID: "owner")
        #expect(
            line == """
                10.0.0.1 - - [13/Jul/2021:10:57:51 +0000] "GET /bucket/k?acl HTTP/1.1" 403 12 7 "-" "curl" \
                "127.0.0.1" "5F" "true" "-" "GetObject" "bucket" "k%22k" 12 7 "AccessDenied" - "owner" - "-" "-" "-" \
                "-" "-"

                """)
    }

    @Test(arguments: [
        "Signature=hush", "x-oss-signature=hush", "X-OSS-SIGNATURE=hush", "security-token=hush",
        "x-oss-security-token=hush", "X-Amz-Signature=hush", "x-amz-security-token=hush", "Signatur%65=hush",
        "a=1&Signature=hush&b=2",
    ])
    func noSecretOfAQueryIsTold(query: String) throws {
        let line = try entry("/bucket/k?\(query)").line(ownerID: "owner")
        #expect(!line.contains("hush"))
        #expect(line.contains("=***"))
    }

    @Test(arguments: ["a\"b", "\" 200 \"", "a\u{7F}b"])
    func aHeaderCannotEndItsField(agent: String) throws {
        let line = try entry(headers: [("User-Agent", agent)]).line(ownerID: "owner")
        let plain = try entry(headers: [("User-Agent", "agent")]).line(ownerID: "owner")
        let (found, wanted) = (line.count { $0 == "\"" }, plain.count { $0 == "\"" })
        #expect(found == wanted)
        #expect(line.count { $0 == "\n" } == 1)
    }

    // MARK: Where they go

    private func logs(_ surface: TestSurface, limitBytes: Int = 10_000) -> AccessLogs {
        AccessLogs(
            store: surface.store,
            environment: SurfaceEnvironment(
                now: { surface.clock.nowMilliseconds }, randomBits: { UInt64.random(in: .min ... .max) },
                welcomeBody: { _ in }),
            limitBytes: limitBytes, logger: Logger(label: "test"))
    }

    private func log(_ surface: TestSurface, to target: String = "target") async throws {
        let bucket = try await surface.store.bucket(BucketName("bucket"))
        let document = BucketLoggingStatus(BucketLoggingStatus.Target(bucket: target, prefix: "logs/")).write()
        try await surface.store.setConfiguration(.logging, of: bucket, to: Array(document.utf8))
    }

    private func keys(_ surface: TestSurface, _ name: String = "target") async throws -> [String] {
        let bucket = try await surface.store.bucket(BucketName(name))
        return try await surface.store.list(in: bucket, ListQuery()).entries.map(\.key.text)
    }

    @Test func linesWaitAndAreWrittenIntoOneObject() async throws {
        let surface = try await TestSurface()
        _ = try await surface.store.createBucket(NewBucket(name: BucketName("target"), ownerID: "owner"))
        let logs = logs(surface)
        await logs.note(try entry())
        await logs.write()
        let before = try await keys(surface)
        #expect(before.isEmpty)
        try await log(surface)
        await logs.note(try entry())
        await logs.note(try entry())
        let waiting = try await keys(surface)
        #expect(waiting.isEmpty)
        await logs.write()
        await logs.write()
        let written = try await keys(surface)
        #expect(written.count == 1)
        #expect(written.first?.hasPrefix("logs/bucket2027-01-15-08-00-00-") == true)
        let answer = try await surface.send(Call(method: "GET", target: "/target/\(written.first ?? "")"))
        #expect(answer.text.split(separator: "\n").count == 2)
        #expect(logs.droppedCount == 0)
        try await surface.close()
    }

    @Test func whatIsTooMuchIsDroppedAndCounted() async throws {
        let surface = try await TestSurface()
        _ = try await surface.store.createBucket(NewBucket(name: BucketName("target"), ownerID: "owner"))
        try await log(surface)
        let length = try entry().line(ownerID: "owner").utf8.count
        let logs = logs(surface, limitBytes: 2 * length)
        for _ in 0..<5 { await logs.note(try entry()) }
        #expect(logs.droppedCount == 3)
        await logs.write()
        await logs.note(try entry())
        #expect(logs.droppedCount == 3)
        try await surface.close()
    }

    @Test(arguments: ["nobody", "others"])
    func aTargetThatIsNotTheOwnersTakesNothing(target: String) async throws {
        let surface = try await TestSurface()
        _ = try await surface.store.createBucket(NewBucket(name: BucketName("others"), ownerID: "other"))
        try await log(surface, to: target)
        let logs = logs(surface)
        await logs.note(try entry())
        await logs.write()
        #expect(logs.droppedCount == 1)
        let found = try await keys(surface, "others")
        #expect(found.isEmpty)
        try await surface.close()
    }
}
