import OSSKit
import Testing

@Suite struct URLExplanationTests {
    private static let now: Int64 = 1_744_353_684

    private func presigner(_ endpoint: String = "https://example.org", token: String? = nil) throws -> Presigner {
        Presigner(
            endpoint: try Endpoint(endpoint), region: "cn-hangzhou",
            credentials: Credentials(
                accessKeyID: "id", accessKeySecret: Secret("very-secret"), securityToken: token.map { Secret($0) }))
    }

    @Test(arguments: try SignatureVector.requests().filter(\.isInURL))
    func everyPresignedURLOfAClientIsExplained(vector: SignatureVector) throws {
        let url = "\(vector.wire.scheme)://\(vector.wire.host)\(vector.wire.target)"
        let found = try PresignedURL.explain(url, method: vector.wire.method, nowUnixSeconds: vector.time.unix)
        #expect(found.scheme == vector.scheme)
        #expect(found.accessKeyID == vector.credentials.accessKeyId)
        #expect(found.expiresAtUnixSeconds == vector.expires?.unix)
        #expect(found.secondsLeft == vector.expires?.seconds)
        #expect(found.isTemporary == (vector.token != nil))
        #expect(found.warnings.contains("It has expired.") == ((vector.expires?.seconds ?? 0) < 0))
        let said = "\(found)"
        #expect(!said.contains(vector.signatureValue))
        #expect(!said.contains(vector.credentials.securityToken ?? vector.credentials.accessKeySecret))
    }

    @Test func whatIsBoundAndWhatIsNotIsTold() throws {
        let request = Presigner.Request(
            method: "PUT", bucket: try BucketName("b-1"), key: try ObjectKey("k"), query: [QueryItem("tagging")],
            headers: [WireHeader("Content-Type", "it's"), WireHeader("Content-Length", "5")])
        let url = try presigner().presignV4(request, lifetimeSeconds: 60, nowUnixSeconds: Self.now)
        let found = try url.explain(nowUnixSeconds: Self.now + 10)
        #expect(found.region == "cn-hangzhou")
        #expect(found.secondsLeft == 50)
        #expect(found.bound.contains("the header content-length"))
        #expect(found.bound.contains("the whole query string"))
        #expect(found.unbound == ["the body", "the header host", "the header range"])
        #expect(found.warnings.isEmpty)
        let curl = #"curl -X PUT -H 'Content-Type: it'\''s' -H 'Content-Length: 5' --data-binary @FILE "$URL""#
        #expect(found.curl == curl)
    }

    @Test func theDangersAreTold() throws {
        let request = Presigner.Request(
            method: "GET", bucket: try BucketName("b-1"), key: try ObjectKey("k"),
            query: [QueryItem("prefix", "a"), QueryItem("versionId", "1")])
        let url = try presigner("http://example.org", token: "tok").presignV1(
            request, lifetimeSeconds: 604_801, nowUnixSeconds: Self.now)
        let found = try url.explain(nowUnixSeconds: Self.now)
        #expect(found.warnings.count == 4)
        #expect(found.bound.contains("the parameter versionId"))
        #expect(found.unbound.contains("the parameter prefix"))
        #expect(found.curl == #"curl "$URL""#)
    }

    @Test(arguments: [
        ("It is not good yet.", "20250412T064124Z", "60"), ("It has expired.", "20250410T064124Z", "60"),
        ("Its life is not 1 to 604800 seconds: it is refused.", "20250411T064124Z", "604801"),
        ("The time until which it is good cannot be read: it is refused.", "20250411T064124Z", "-1"),
        ("The time until which it is good cannot be read: it is refused.", "yesterday", "60"),
        ("Its life is not 1 to 604800 seconds: it is refused.", "99991231T235959Z", "999999999999999999"),
    ])
    func aURLThatIsRefusedSaysWhy(warning: String, date: String, expires: String) throws {
        let url =
            "https://b.example.org/k?x-oss-signature-version=OSS4-HMAC-SHA256&x-oss-date=\(date)"
            + "&x-oss-expires=\(expires)&x-oss-credential=id%2F20250411%2Fr%2Foss%2Faliyun_v4_request"
        let found = try PresignedURL.explain(url, nowUnixSeconds: Self.now)
        #expect(found.warnings.contains(warning))
        for now in [Int64.min, Int64.max] {
            #expect(throws: Never.self) { try PresignedURL.explain(url, nowUnixSeconds: now) }
        }
    }

    @Test(arguments: [
        "", "x", "ftp://h/k?Expires=1", "https://", "https:///k?Expires=1", "https://h/k", "https://h/k?acl",
        "https://h/k?Expires=%zz", "https://h/k?Expires=1&Expires=2", "https://h/k?Expires=1&x-oss-signature=s",
        "https://h/k?X-Amz-Algorithm=a&OSSAccessKeyId=id",
    ])
    func whatIsNoPresignedURLIsRefused(url: String) {
        #expect(throws: OSSError.self) { try PresignedURL.explain(url, nowUnixSeconds: Self.now) }
    }
}
