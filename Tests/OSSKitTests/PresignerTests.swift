import OSSKit
import Testing

@Suite struct EndpointTests {
    @Test(arguments: [
        ("https://oss-cn-hangzhou.aliyuncs.com", "https://b-1.oss-cn-hangzhou.aliyuncs.com/a%20b/c"),
        ("oss-cn-hangzhou.aliyuncs.com/", "https://b-1.oss-cn-hangzhou.aliyuncs.com/a%20b/c"),
        ("HTTP://Example.org:80", "http://b-1.example.org/a%20b/c"),
        ("https://example.org:443", "https://b-1.example.org/a%20b/c"),
        ("http://example.org:443", "http://b-1.example.org:443/a%20b/c"),
        ("http://127.0.0.1:10724", "http://127.0.0.1:10724/b-1/a%20b/c"),
        ("http://[::1]:9", "http://[::1]:9/b-1/a%20b/c"), ("http://[::1]", "http://[::1]/b-1/a%20b/c"),
        ("http://localhost:1", "http://localhost:1/b-1/a%20b/c"),
        ("http://store.localhost", "http://b-1.store.localhost/a%20b/c"),
        ("http://1.2.3.256", "http://b-1.1.2.3.256/a%20b/c"),
    ])
    func theStyleFollowsTheHost(text: String, wanted: String) throws {
        let resource = SignedResource(bucket: "b-1", key: Array("a b/c".utf8))
        let found = try Endpoint(text).url(of: resource)
        #expect(found == wanted)
    }

    @Test func aStyleCanBeAskedFor() throws {
        let resource = SignedResource(bucket: "b-1", key: Array("k".utf8))
        #expect(try Endpoint("http://a.b", style: .path).url(of: resource) == "http://a.b/b-1/k")
        #expect(try Endpoint("http://a.b", style: .cname).url(of: resource) == "http://a.b/k")
        #expect(try Endpoint("http://1.2.3.4", style: .virtualHost).url(of: resource) == "http://b-1.1.2.3.4/k")
    }

    @Test func bucketsAndTheServiceHavePaths() throws {
        let path = try Endpoint("http://127.0.0.1")
        let host = try Endpoint("http://a.b")
        #expect(path.url(of: .service) == "http://127.0.0.1/")
        #expect(path.url(of: .init(bucket: "b-1"), query: [.init("acl")]) == "http://127.0.0.1/b-1/?acl")
        #expect(host.url(of: .service) == "http://a.b/")
        let listed = host.url(of: .init(bucket: "b-1"), query: [.init("prefix", "a+/é"), .init("marker", "")])
        #expect(listed == "http://b-1.a.b/?prefix=a%2B%2F%C3%A9&marker")
    }

    @Test(arguments: [
        ("a/../b", "a%2F..%2Fb"), ("./a", ".%2Fa"), ("a//b/", "a//b/"), ("..a/b", "..a/b"), ("%2F", "%252F"),
    ])
    func dotSegmentsSurviveHTTPClients(key: String, wanted: String) throws {
        let found = try Endpoint("http://a.b", style: .cname).path(
            of: SignedResource(bucket: "b-1", key: Array(key.utf8)))
        #expect(found == "/" + wanted)
    }

    @Test(arguments: [
        "", "http://", "ftp://a", "http://a/b", "http://a?b", "http://u@a", "http://a:0", "http://a:65536", "http://a:",
        "http://a:x", "http://a b", "http://[::1", "http://é", "http://a\r\n", "https:///", "http://[::1]x",
    ])
    func otherTextsAreRefused(text: String) {
        #expect(throws: SigningError.invalidEndpoint) { try Endpoint(text) }
    }
}

@Suite struct PresignerTests {
    private static let now: Int64 = 1_744_353_684
    private static let secret = Secret("yQNxFQ4iP7T4U2VXAMPLEexample")
    private static let headers = [
        WireHeader("Content-Type", "text/plain"), WireHeader("Content-Length", "5"), WireHeader("x-oss-meta-a", "1"),
    ]

    private func request(
        headers: [WireHeader] = [WireHeader("Content-Type", "text/plain")]
    ) throws -> Presigner.Request {
        Presigner.Request(
            method: "PUT", bucket: try BucketName("b-1"), key: try ObjectKey("a b/+&é.txt"),
            query: [QueryItem("versionId", "v+ 1")], headers: headers)
    }

    private func boundToHost(_ request: Presigner.Request) -> Presigner.Request {
        var bound = request
        bound.isHostBound = true
        return bound
    }

    private func presigner(_ endpoint: String, style: Endpoint.Style?, token: Secret?) throws -> Presigner {
        Presigner(
            endpoint: try Endpoint(endpoint, style: style), region: "cn-hangzhou",
            credentials: Credentials(accessKeyID: "LTAI5tExample", accessKeySecret: Self.secret, securityToken: token))
    }

    /// Reads a URL as the server at its endpoint would.
    private func read(
        _ url: PresignedURL, style: Endpoint.Style, method: String? = nil, headers: [WireHeader]? = nil,
        now: Int64 = now
    ) throws -> PresentedSignature {
        let rest = try #require(url.url.split(separator: "//", maxSplits: 1).last)
        let host = String(rest.prefix { $0 != "/" })
        let target = try RequestTarget(String(rest.dropFirst(host.count)))
        let resource =
            style == .path ? try target.pathStyleResource() : try target.hostStyleResource(bucket: "b-1")
        let request = WireRequest(
            method: method ?? url.method, scheme: "http", host: host, target: target,
            headers: headers ?? url.requiredHeaders)
        let read = try RequestAuthentication.read(
            request, resource: resource, conditions: .init(region: "cn-hangzhou", nowUnixSeconds: now))
        guard case .presented(let presented) = read else { throw OSSError(.accessDenied) }
        return presented
    }

    static let places: [(String, Endpoint.Style)] = [
        ("https://oss-cn-hangzhou.aliyuncs.com", .virtualHost), ("http://127.0.0.1:10724", .path),
        ("http://cdn.example.org", .cname),
    ]

    @Test(arguments: places, [nil, Secret("CAIS+/=token")])
    func ourVerifierTakesOurURLs(place: (String, Endpoint.Style), token: Secret?) throws {
        let presigner = try presigner(place.0, style: place.1, token: token)
        let wholeRequest = try boundToHost(request(headers: Self.headers))
        let v4 = try presigner.presignV4(wholeRequest, lifetimeSeconds: 300, nowUnixSeconds: Self.now)
        let v1 = try presigner.presignV1(request(), lifetimeSeconds: 300, nowUnixSeconds: Self.now)
        for url in [v4, v1] {
            #expect(url.expiresAtUnixSeconds == Self.now + 300)
            let verified = try read(url, style: place.1, now: Self.now + 300).verify(
                with: Self.secret, securityToken: token)
            #expect(verified.expiresAtUnixSeconds == Self.now + 300)
            let late = #expect(throws: OSSError.self) { try read(url, style: place.1, now: Self.now + 301) }
            #expect(late?.code == .accessDenied)
        }
        let verified = try read(v4, style: place.1).verify(with: Self.secret, securityToken: token)
        #expect(verified.additionalHeaders == ["content-length", "host"])
        #expect(verified.binds(header: "Content-Length") && !verified.binds(header: "Range"))
    }

    @Test(arguments: [
        [WireHeader("Content-Type", "text/plain"), WireHeader("Content-Length", "6"), WireHeader("x-oss-meta-a", "1")],
        [WireHeader("Content-Type", "text/html"), WireHeader("Content-Length", "5"), WireHeader("x-oss-meta-a", "1")],
        [WireHeader("Content-Type", "text/plain"), WireHeader("Content-Length", "5"), WireHeader("x-oss-meta-a", "2")],
        [WireHeader("Content-Type", "text/plain"), WireHeader("Content-Length", "5")],
        headers + [WireHeader("x-oss-object-acl", "public-read")],
        headers + [WireHeader("Content-MD5", "1B2M2Y8AsgTpgAmY7PhCfg==")],
    ])
    func otherHeadersAreRefused(headers: [WireHeader]) throws {
        let presigner = try presigner("http://127.0.0.1:1", style: nil, token: nil)
        let url = try presigner.presignV4(
            request(headers: Self.headers), lifetimeSeconds: 300, nowUnixSeconds: Self.now)
        let presented = try read(url, style: .path, headers: headers)
        let found = #expect(throws: OSSError.self) { try presented.verify(with: Self.secret) }
        #expect(found?.code == .signatureDoesNotMatch)
    }

    @Test func aMissingBoundHeaderIsRefused() throws {
        let presigner = try presigner("http://127.0.0.1:1", style: nil, token: nil)
        let url = try presigner.presignV4(
            request(headers: Self.headers), lifetimeSeconds: 300, nowUnixSeconds: Self.now)
        let found = #expect(throws: OSSError.self) {
            try read(url, style: .path, headers: [WireHeader("Content-Type", "text/plain")])
        }
        #expect(found?.code == .invalidArgument)
    }

    @Test(arguments: [0, -1, 604_801, Int64.max, Int64.min])
    func aV4URLLivesAWeekAtMost(lifetime: Int64) throws {
        let presigner = try presigner("http://a.b", style: nil, token: nil)
        let request = try request()
        #expect(throws: SigningError.lifetimeOutOfRange(seconds: lifetime)) {
            try presigner.presignV4(request, lifetimeSeconds: lifetime, nowUnixSeconds: Self.now)
        }
        #expect(throws: SigningError.self) {
            try presigner.presignV4(request, lifetimeSeconds: 1, nowUnixSeconds: Int64.max)
        }
        guard lifetime != 604_801 else { return }
        #expect(throws: SigningError.lifetimeOutOfRange(seconds: lifetime)) {
            try presigner.presignV1(request, lifetimeSeconds: lifetime, nowUnixSeconds: Self.now)
        }
    }

    @Test func v1RefusesToBindWhatItCannot() throws {
        let presigner = try presigner("http://a.b", style: nil, token: nil)
        let request = try request(headers: Self.headers)
        #expect(throws: SigningError.headerNotCovered(name: "Content-Length")) {
            try presigner.presignV1(request, lifetimeSeconds: 1, nowUnixSeconds: Self.now)
        }
        let hostBound = try boundToHost(self.request())
        #expect(throws: SigningError.headerNotCovered(name: "host")) {
            try presigner.presignV1(hostBound, lifetimeSeconds: 1, nowUnixSeconds: Self.now)
        }
    }

    @Test func aURLIsNotPrinted() throws {
        let presigner = try presigner("http://a.b", style: nil, token: nil)
        let url = try presigner.presignV4(request(), lifetimeSeconds: 1, nowUnixSeconds: Self.now)
        #expect("\(url)" == "<redacted>")
    }
}
