import OSSKit
import StorageGateway
import Testing

/// Who is let in, and until when: the clock is the test's.
@Suite struct AuthenticationTests {
    private typealias Call = TestSurface.Call

    private func withSurface(_ work: (TestSurface) async throws -> Void) async throws {
        let surface = try await TestSurface()
        do {
            try await work(surface)
        } catch {
            try await surface.close()
            throw error
        }
        try await surface.close()
    }

    private func presigner() throws -> Presigner {
        Presigner(
            endpoint: try Endpoint("http://127.0.0.1:10724"), region: TestSurface.region,
            credentials: Credentials(accessKeyID: TestSurface.accessKeyID, accessKeySecret: TestSurface.secret))
    }

    private func target(of url: PresignedURL) throws -> String {
        String(
            url.url.dropFirst(
                try #require(url.url.firstRange(of: "127.0.0.1:10724")).upperBound.utf16Offset(in: url.url)))
    }

    /// Source: oss-wire facts 2.2 and 2.5; the last second is good.
    @Test(arguments: ["v1", "v4"])
    func aURLIsGoodUntilItsLastSecondAndNotOneLonger(_ version: String) async throws {
        try await withSurface { surface in
            _ = try await surface.put("k", "hello")
            let request = Presigner.Request(method: "GET", bucket: try BucketName("bucket"), key: try ObjectKey("k"))
            let made = surface.nowUnixSeconds
            let url =
                version == "v1"
                ? try presigner().presignV1(request, lifetimeSeconds: 60, nowUnixSeconds: made)
                : try presigner().presignV4(request, lifetimeSeconds: 60, nowUnixSeconds: made)
            let call = Call(method: "GET", target: try target(of: url), isSigned: false)
            for (offset, status) in [(0, 200), (60, 200), (61, 403), (86_400, 403)] {
                surface.clock.nowMilliseconds = (made + Int64(offset)) * 1_000
                let found = try await surface.send(call)
                #expect(found.status == status, "\(version) after \(offset) s")
                if status == 403 {
                    #expect(found.element("Code") == "AccessDenied")
                    #expect(found.element("Message") == "Request has expired.")
                }
            }
        }
    }

    /// Source: oss-wire fact 2.4: 15 minutes either way.
    @Test(arguments: [(-900, 200), (-901, 403), (900, 200), (901, 403)])
    func aSignatureInTheHeaderIsGoodForFifteenMinutesEitherWay(_ offset: Int64, status: Int) async throws {
        try await withSurface { surface in
            _ = try await surface.put("k", "hello")
            let signed = surface.nowUnixSeconds
            let signer = RequestSigner(
                credentials: Credentials(accessKeyID: TestSurface.accessKeyID, accessKeySecret: TestSurface.secret),
                region: TestSurface.region)
            let headers = try signer.signV4(
                SignableRequest(
                    method: "GET", resource: SignedResource(bucket: BucketName("bucket"), key: ObjectKey("k"))),
                nowUnixSeconds: signed)
            surface.clock.nowMilliseconds = (signed + offset) * 1_000
            let found = try await surface.send(
                Call(method: "GET", target: "/bucket/k", headers: headers.map { ($0.name, $0.value) }, isSigned: false))
            #expect(found.status == status)
            if status == 403 { #expect(found.element("Code") == "RequestTimeTooSkewed") }
        }
    }

    /// Source: oss-wire fact 3; where `CanonicalRequest` stands is assumption A-009.
    @Test func aWrongSignatureIsToldWhatWasSignedHereAndNothingElse() async throws {
        try await withSurface { surface in
            let request = Presigner.Request(method: "GET", bucket: try BucketName("bucket"), key: try ObjectKey("k"))
            let url = try presigner().presignV4(request, lifetimeSeconds: 60, nowUnixSeconds: surface.nowUnixSeconds)
            let changed = try target(of: url).replacing("/bucket/k", with: "/bucket/l")
            let refused = try await surface.send(Call(method: "GET", target: changed, isSigned: false))
            #expect(refused.status == 403)
            let names = try XMLReader.read(refused.body).children.map(\.name)
            #expect(
                names == [
                    "Code", "Message", "RequestId", "HostId", "OSSAccessKeyId", "SignatureProvided", "StringToSign",
                    "StringToSignBytes", "CanonicalRequest", "EC", "RecommendDoc",
                ])
            #expect(refused.element("EC") == "0002-00000201")
            #expect(refused.header("x-oss-ec") == "0002-00000201")
            #expect(!refused.text.contains(TestSurface.secret.reveal()))
        }
    }

    @Test func aKeyThatIsUnknownDisabledOrReplacedIsRefused() async throws {
        try await withSurface { surface in
            _ = try await surface.put("k", "hello")
            let key = { (isEnabled: Bool, secret: String) in
                AccessKey(id: TestSurface.accessKeyID, secret: Secret(secret), ownerID: "owner", isEnabled: isEnabled)
            }
            let right = TestSurface.secret.reveal()
            for (keys, code) in [
                ([], "InvalidAccessKeyId"), ([key(false, right)], "InvalidAccessKeyId"),
                ([key(true, "another secret")], "SignatureDoesNotMatch"),
            ] {
                surface.keys.replace(with: keys)
                let refused = try await surface.send(Call(method: "GET", target: "/bucket/k"))
                #expect(refused.element("Code") == code)
            }
            surface.keys.replace(with: [key(true, right)])
            let found = try await surface.send(Call(method: "GET", target: "/bucket/k"))
            #expect(found.status == 200)
        }
    }

    @Test(arguments: [
        ("GET", "/", "0003-00001201"), ("GET", "/bucket", "0003-00000001"), ("GET", "/bucket?acl", "0003-00001201"),
        ("GET", "/bucket?unknownThing&policy", "0003-00001201"), ("PUT", "/other", "0003-00001201"),
        ("GET", "/bucket/k", "0003-00000001"), ("PUT", "/bucket/k", "0003-00000001"),
        ("DELETE", "/bucket/k", "0003-00000001"), ("GET", "/bucket/k?x-oss-process=a", "0003-00000001"),
    ])
    func nobodyIsLetInWithoutASignature(_ method: String, target: String, ec: String) async throws {
        try await withSurface { surface in
            _ = try await surface.put("k", "hello")
            let refused = try await surface.send(Call(method: method, target: target, body: [], isSigned: false))
            #expect(refused.status == 403)
            #expect(refused.element("EC") == ec)
            let found = try await surface.send(Call(method: "GET", target: "/bucket/k"))
            #expect(found.text == "hello")
        }
    }

    @Test func aHeaderWithALongStringToSignStaysShort() async throws {
        try await withSurface { surface in
            let long = (1...8).map { QueryItem("parameter\($0)", String(repeating: "x", count: 2_000)) }
            let url = try presigner().presignV4(
                Presigner.Request(
                    method: "HEAD", bucket: try BucketName("bucket"), key: try ObjectKey("k"),
                    query: long),
                lifetimeSeconds: 60, nowUnixSeconds: surface.nowUnixSeconds)
            let changed = try target(of: url).replacing("/bucket/k", with: "/bucket/l")
            let refused = try await surface.send(Call(method: "HEAD", target: changed, isSigned: false))
            #expect(refused.status == 403)
            let error = try #require(refused.header("x-oss-err"))
            #expect(error.utf8.count < 16 * 1_024)
            let document = try #require(Base64.decode(error))
            #expect(try XMLReader.read(document).text(of: "Code") == "SignatureDoesNotMatch")
        }
    }
}
