import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import OSSClient
import OSSKit
import SessionAPI

/// Looks whether a store does all that the gateway rests on, from the outside and with real credentials.
///
/// Source: upload-gateway.md 4.
struct Doctor: Sendable {
    /// From how many seconds on a difference of clocks makes URLs live longer than they are charged.
    private static let toleratedSkewSeconds: Int64 = 30
    /// What is uploaded.
    private static let content = Array("print('hello')\n".utf8)
    private static let contentType = "text/plain"

    /// Where the store is.
    let store: WorkspaceStore
    /// The bucket as the gateway uses it.
    let storage: OSSWorkspaceStorage
    /// The bucket for everything else.
    let client: OSSClient
    /// Sends what a browser would send.
    let http: HTTPClient
    /// The origins of web pages that are to upload.
    let origins: [String]

    /// Connects to a store, makes all checks, and tells of each.
    ///
    /// - Returns: whether none has failed.
    static func examine(
        _ store: WorkspaceStore, origins: [String], _ tell: (DoctorCheck) async throws -> Void
    ) async throws -> Bool {
        var configuration = HTTPClient.Configuration(
            certificateVerification: store.isBuiltIn ? .none : .fullVerification)
        configuration.redirectConfiguration = .disallow
        configuration.timeout = .init(connect: .seconds(5), read: .seconds(10))
        let http = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
        let connections = OSSConnections(OSSClient.Timeouts(), checksCertificates: !store.isBuiltIn)
        let outcome: Result<Bool, any Error>
        do {
            let (storage, client) = try store.open(connections)
            let doctor = Doctor(store: store, storage: storage, client: client, http: http, origins: origins)
            outcome = .success(try await doctor.examine(tell))
        } catch {
            outcome = .failure(error)
        }
        try await connections.shutdown()
        try await http.shutdown()
        return try outcome.get()
    }

    /// Makes all checks, and tells of each.
    ///
    /// - Returns: whether none has failed.
    private func examine(_ tell: (DoctorCheck) async throws -> Void) async throws -> Bool {
        var isWell = true
        func note(_ check: DoctorCheck) async throws {
            if check.verdict == .failed { isWell = false }
            try await tell(check)
        }
        try await note(await clock())
        let key = try ObjectKey("user/storage-gateway-doctor/workspace/\(UUID().uuidString)/a.py")
        let entry = await entry(key)
        for check in entry { try await note(check) }
        guard entry.allSatisfy({ $0.verdict != .failed }) else {
            try await note(DoctorCheck(name: "uploads", verdict: .skipped, detail: "the bucket cannot be used"))
            return false
        }
        try await note(await region())
        try await note(await refusal("refusal of a length", key, body: Self.content + [0x0A], Self.contentType))
        try await note(await refusal("refusal of a type", key, body: Self.content, "text/html"))
        try await note(await presignedPut(key))
        try await note(await head(key))
        try await note(await presignedGet(key))
        for check in await cors(key) { try await note(check) }
        try await note(await delete(key))
        return isWell
    }

    /// How far the clocks are apart, by the `Date` of an answer to anybody.
    private func clock() async -> DoctorCheck {
        let name = "clock"
        guard let answer = await send("GET", client.configuration.endpoint.url(of: root)),
            let date = answer.headers.first(name: "Date").flatMap({ HTTPDate.parse($0) })
        else {
            return DoctorCheck(
                name: name, verdict: .skipped, detail: "the endpoint \(store.endpoint) does not answer")
        }
        let skew = date - SystemEnvironment.nowMilliseconds() / 1_000
        let side = skew < 0 ? "behind" : "ahead of"
        let text = "the store is \(abs(skew)) s \(side) this machine"
        guard abs(skew) > Self.toleratedSkewSeconds else { return DoctorCheck(name: name, verdict: .ok, detail: text) }
        return DoctorCheck(
            name: name, verdict: .failed,
            detail: "\(text); \(WorkspaceStorageProblem(.clockSkew, "").advice)")
    }

    /// Whether the store lets us in, and has the bucket.
    private func entry(_ key: ObjectKey) async -> [DoctorCheck] {
        let good = [
            DoctorCheck(
                name: "credentials", verdict: .ok, detail: "the access key signs, \(store.settings.signatureVersion)"),
            DoctorCheck(name: "bucket", verdict: .ok, detail: "\(store.bucket.text) at \(store.endpoint)"),
        ]
        do {
            _ = try await storage.head(key)
            // HEAD of an object tells no bucket from another at some endpoints; a list does.
            _ = try await storage.list(prefix: "user/storage-gateway-doctor/", after: nil)
            return good
        } catch {
            let problem = WorkspaceStorageProblem(error)
            let detail = "\(problem.kind.rawValue): \(problem.detail); \(problem.advice)"
            switch problem.kind {
            case .credentials, .clockSkew:
                return [DoctorCheck(name: "credentials", verdict: .failed, detail: detail)]
            case .bucketMissing: return [good[0], DoctorCheck(name: "bucket", verdict: .failed, detail: detail)]
            case .denied: return [good[0], DoctorCheck(name: "permissions", verdict: .failed, detail: detail)]
            default: return [DoctorCheck(name: "endpoint", verdict: .failed, detail: detail)]
            }
        }
    }

    private func region() async -> DoctorCheck {
        do {
            let found = try await client.getBucketLocation()
            return found == store.region
                ? DoctorCheck(name: "region", verdict: .ok, detail: found)
                : DoctorCheck(
                    name: "region", verdict: .failed,
                    detail: "the bucket is in \(found); \(WorkspaceStorageProblem(.region, "").advice)")
        } catch {
            // A policy of least privilege does not allow it, and V4 signatures hold the region anyway.
            return DoctorCheck(
                name: "region", verdict: .skipped,
                detail: "the access key may not ask (\(WorkspaceStorageProblem(error).detail)); signatures were taken")
        }
    }

    /// Whether an upload is refused that is not what its URL was signed for.
    private func refusal(
        _ name: String, _ key: ObjectKey, body: [UInt8], _ contentType: String
    ) async -> DoctorCheck {
        guard let url = await uploadURL(key), let answer = await send("PUT", url, body: body, contentType) else {
            return DoctorCheck(name: name, verdict: .failed, detail: "the public endpoint does not answer")
        }
        let status = answer.status.code
        if (400...499).contains(status) {
            return DoctorCheck(name: name, verdict: .ok, detail: "refused with status \(status)")
        }
        let isBound = store.settings.bindsLength || contentType != Self.contentType
        return DoctorCheck(
            name: name, verdict: isBound ? .failed : .warning,
            detail: isBound
                ? "the store took it with status \(status): uploads can be larger than what is charged"
                : "V1 cannot bind it: a wrong length is found at the confirm")
    }

    private func presignedPut(_ key: ObjectKey) async -> DoctorCheck {
        let name = "presigned upload"
        guard let url = await uploadURL(key),
            let answer = await send("PUT", url, body: Self.content, Self.contentType)
        else { return DoctorCheck(name: name, verdict: .failed, detail: "the public endpoint does not answer") }
        return answer.status == .ok
            ? DoctorCheck(name: name, verdict: .ok, detail: "through \(store.publicEndpoint)")
            : DoctorCheck(name: name, verdict: .failed, detail: "refused with status \(answer.status.code)")
    }

    private func head(_ key: ObjectKey) async -> DoctorCheck {
        do {
            let facts = try await storage.head(key)
            guard facts?.lengthBytes == Int64(Self.content.count) else {
                return DoctorCheck(name: "HEAD", verdict: .failed, detail: "it does not tell the object's length")
            }
            return facts?.crc64 == nil
                ? DoctorCheck(name: "HEAD", verdict: .warning, detail: "it tells no CRC-64")
                : DoctorCheck(name: "HEAD", verdict: .ok, detail: "length, ETag and CRC-64")
        } catch {
            return DoctorCheck(name: "HEAD", verdict: .failed, detail: WorkspaceStorageProblem(error).detail)
        }
    }

    private func presignedGet(_ key: ObjectKey) async -> DoctorCheck {
        let name = "presigned download"
        guard let url = try? await storage.presignGet(key, lifetimeSeconds: 60, filename: "a.py"),
            let answer = await send("GET", url),
            let body = try? await answer.body.collect(upTo: 65_536)
        else { return DoctorCheck(name: name, verdict: .failed, detail: "the public endpoint does not answer") }
        return answer.status == .ok && body.readableBytesView.elementsEqual(Self.content)
            ? DoctorCheck(name: name, verdict: .ok, detail: "the bytes come back")
            : DoctorCheck(name: name, verdict: .failed, detail: "status \(answer.status.code), or other bytes")
    }

    /// Whether a browser at an origin may send what a page sends.
    private func cors(_ key: ObjectKey) async -> [DoctorCheck] {
        guard !origins.isEmpty, let url = await uploadURL(key) else {
            return [DoctorCheck(name: "CORS", verdict: .skipped, detail: "no --allowed-origins, no --origin")]
        }
        var checks: [DoctorCheck] = []
        for origin in origins {
            let page = origin == "*" ? "https://storage-gateway-doctor.example" : origin
            let answer = await send(
                "OPTIONS", url,
                headers: [
                    ("Origin", page), ("Access-Control-Request-Method", "PUT"),
                    ("Access-Control-Request-Headers", "content-type"),
                ])
            let allowed = answer?.headers.first(name: "Access-Control-Allow-Origin")
            let isAllowed = answer?.status == .ok && (allowed == "*" || allowed == page)
            checks.append(
                DoctorCheck(
                    name: "CORS", verdict: isAllowed ? .ok : .failed,
                    detail: isAllowed
                        ? "pages of \(origin) may upload"
                        : "a browser refuses pages of \(origin): add a rule to the bucket, as in docs/GATEWAY.md"))
        }
        return checks
    }

    private func delete(_ key: ObjectKey) async -> DoctorCheck {
        do {
            try await storage.delete(key)
            let isGone = try await storage.head(key) == nil
            return isGone
                ? DoctorCheck(name: "delete", verdict: .ok, detail: "nothing is left behind")
                : DoctorCheck(name: "delete", verdict: .failed, detail: "the object is still there")
        } catch {
            return DoctorCheck(name: "delete", verdict: .failed, detail: WorkspaceStorageProblem(error).detail)
        }
    }

    // MARK: - Requests

    private var root: SignedResource { SignedResource(bucket: store.bucket.text, key: nil) }

    private func uploadURL(_ key: ObjectKey) async -> String? {
        let terms = UploadTerms(
            key: key, sizeBytes: Int64(Self.content.count), contentType: Self.contentType, contentMD5: nil,
            lifetimeSeconds: 60)
        return try? await storage.presignPut(terms).url
    }

    /// The answer to a request; nil if there is none.
    private func send(
        _ method: String, _ url: String, body: [UInt8]? = nil, _ contentType: String? = nil,
        headers: [(String, String)] = []
    ) async -> HTTPClientResponse? {
        var request = HTTPClientRequest(url: url)
        request.method = HTTPMethod(rawValue: method)
        for (name, value) in headers { request.headers.add(name: name, value: value) }
        if let contentType { request.headers.add(name: "Content-Type", value: contentType) }
        if let body { request.body = .bytes(ByteBuffer(bytes: body)) }
        return try? await http.execute(request, timeout: .seconds(10))
    }
}
