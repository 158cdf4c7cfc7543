import OSSKit
import Testing

@Suite struct PresignRequestTests {
    private static let now: Int64 = 1_744_353_684
    private static let secret = Secret("yQNxFQ4iP7T4U2VXAMPLEexample")

    private func presigner(_ endpoint: String = "http://127.0.0.1:9000", token: Secret? = nil) throws -> Presigner {
        Presigner(
            endpoint: try Endpoint(endpoint), region: "cn-hangzhou",
            credentials: Credentials(accessKeyID: "id", accessKeySecret: Self.secret, securityToken: token))
    }

    private func request(_ method: String = "GET") throws -> Presigner.Request {
        Presigner.Request(method: method, bucket: try BucketName("b-1"), key: try ObjectKey("k"))
    }

    private func verify(_ url: PresignedURL) throws -> PresentedSignature {
        let authority = "http://127.0.0.1:9000"
        let target = try RequestTarget(String(url.url.dropFirst(authority.utf8.count)))
        let wire = WireRequest(
            method: url.method, scheme: "http", host: "127.0.0.1:9000", target: target, headers: url.requiredHeaders)
        let read = try RequestAuthentication.read(
            wire, resource: try target.pathStyleResource(),
            conditions: .init(region: "cn-hangzhou", nowUnixSeconds: Self.now))
        guard case .presented(let presented) = read else { throw OSSError(.accessDenied) }
        _ = try presented.verify(with: Self.secret, securityToken: presented.securityToken)
        return presented
    }

    @Test(arguments: [true, false])
    func everyExtraIsBound(isV4: Bool) throws {
        var overrides = Presigner.Request.ResponseOverrides()
        overrides.contentType = "text/plain; charset=utf-8"
        overrides.contentDisposition = #"attachment; filename="a b+中.txt""#
        overrides.cacheControl = "no-cache"
        let callback = UploadCallback(
            urls: ["https://a.example/cb", "http://b.example/cb?x=1"], body: "bucket=${bucket}&who=${x:who}",
            variables: [("x:who", "é\"\\")])
        let request = try request("PUT").overriding(overrides).processing("image/resize,w_100")
            .limitingTraffic(bitsPerSecond: 819_200).callingBack(callback).with("versionId", "v").with("versionId", "w")
        let presigner = try presigner(token: Secret("token+/="))
        let url =
            isV4
            ? try presigner.presignV4(request, lifetimeSeconds: 60, nowUnixSeconds: Self.now)
            : try presigner.presignV1(request, lifetimeSeconds: 60, nowUnixSeconds: Self.now)
        let found = try verify(url)
        let wanted = [
            "response-content-type", "response-content-disposition", "response-cache-control", "x-oss-process",
            "x-oss-traffic-limit", "callback", "callback-var", "versionId",
        ]
        #expect(wanted.allSatisfy { found.binding.parameters.contains($0) })
        let token = found.securityToken?.reveal()
        #expect(token == "token+/=")
        #expect(url.url.contains("versionId=w"))
        #expect(!url.url.contains("versionId=v"))
    }

    @Test func theServiceHasURLsToo() throws {
        let request = Presigner.Request(method: "GET", bucket: nil, key: nil)
        let url = try presigner().presignV4(request, lifetimeSeconds: 60, nowUnixSeconds: Self.now)
        #expect(url.url.hasPrefix("http://127.0.0.1:9000/?x-oss-signature-version="))
        #expect(throws: Never.self) { try verify(url) }
    }

    @Test(arguments: ["Expires", "OSSAccessKeyId", "Signature", "security-token", "x-oss-expires", "x-oss-signature"])
    func aParameterOfASignatureIsRefused(name: String) throws {
        let request = try request().with(name, "1")
        let presigner = try presigner()
        #expect(throws: SigningError.reservedParameter(name: name)) {
            try presigner.presignV4(request, lifetimeSeconds: 60, nowUnixSeconds: Self.now)
        }
        #expect(throws: SigningError.reservedParameter(name: name)) {
            try presigner.presignV1(request, lifetimeSeconds: 60, nowUnixSeconds: Self.now)
        }
    }

    @Test(arguments: [Int64.min, 0, 819_199, 838_860_801, .max])
    func aTrafficLimitHasItsRange(bits: Int64) throws {
        let request = try request()
        #expect(throws: SigningError.trafficLimitOutOfRange(bitsPerSecond: bits)) {
            try request.limitingTraffic(bitsPerSecond: bits)
        }
    }

    @Test(arguments: [
        UploadCallback(urls: [], body: "b"),
        UploadCallback(urls: Array(repeating: "http://a", count: 6), body: "b"),
        UploadCallback(urls: ["ftp://a"], body: "b"), UploadCallback(urls: ["http://a;http://b"], body: "b"),
        UploadCallback(urls: ["http://a"], body: ""),
        UploadCallback(urls: ["http://a"], body: String(repeating: "b", count: 5_000)),
        UploadCallback(urls: ["http://a"], body: "b", variables: [("who", "x")]),
        UploadCallback(urls: ["http://a"], body: "b", variables: [("x:Who", "x")]),
        UploadCallback(urls: ["http://a"], body: "b", variables: [("x:a", "1"), ("x:a", "2")]),
    ])
    func aCallbackThatOSSDoesNotTakeIsRefused(callback: UploadCallback) throws {
        let request = try request("PUT")
        #expect(throws: SigningError.self) { try request.callingBack(callback) }
    }

    @Test(arguments: [(true, nil), (true, "t"), (false, nil), (false, "t")] as [(Bool, String?)])
    func aFormIsTakenAsItIsMade(isV4: Bool, token: String?) throws {
        let made = Presigner.FormRequest(
            bucket: try BucketName("b-1"),
            fields: [PostForm.Field("success_action_status", "201"), PostForm.Field("x-oss-meta-a", "\"é\\\u{1}$")],
            conditions: [.startsWith(field: "key", prefix: "user/"), .contentLength(1...5)])
        let presigner = try presigner("https://example.org", token: token.map { Secret($0) })
        let form =
            isV4
            ? try presigner.presignFormV4(made, lifetimeSeconds: 60, nowUnixSeconds: Self.now)
            : try presigner.presignFormV1(made, lifetimeSeconds: 60, nowUnixSeconds: Self.now)
        #expect(form.url == "https://b-1.example.org/")
        #expect(form.expiresAtUnixSeconds == Self.now + 60)
        for (key, isGood) in [("user/1", true), ("other/1", false)] {
            let sent = PostForm(bucket: "b-1", fields: [PostForm.Field("key", key)] + form.fields)
            let conditions = RequestAuthentication.Conditions(
                region: "cn-hangzhou", nowUnixSeconds: Self.now, schemes: SignatureScheme.all)
            guard case .presented(let presented) = try PostAuthentication.read(sent, conditions: conditions) else {
                Issue.record("taken for anonymous")
                return
            }
            _ = try presented.verify(with: Self.secret, securityToken: token.map { Secret($0) })
            let policy = try? PostAuthentication.checkPolicy(of: sent, nowUnixSeconds: Self.now)
            #expect((policy != nil) == isGood)
            if let policy {
                #expect(throws: OSSError.self) { try policy.checkLength(6) }
                #expect(throws: Never.self) { try policy.checkLength(5) }
            }
        }
    }

    @Test(arguments: [
        [], [PostForm.Field("key", "a"), PostForm.Field("Key", "b")], [PostForm.Field("key", "a"), .init("", "b")],
        [.init("key", "a"), .init("policy", "b")], [.init("key", "a"), .init("X-OSS-Date", "b")],
        [.init("key", "a"), .init("bucket", "b")],
    ])
    func aFormThatFixesTooLittleOrTooMuchIsRefused(fields: [PostForm.Field]) throws {
        let request = Presigner.FormRequest(bucket: try BucketName("b-1"), fields: fields)
        let presigner = try presigner()
        #expect(throws: SigningError.self) {
            try presigner.presignFormV4(request, lifetimeSeconds: 60, nowUnixSeconds: Self.now)
        }
    }
}
