import NIOCore
import OSSKit
import ObjectStore
import StorageGateway
import Testing

/// Ways around a rule that is in force, each of which must end at the rule.
@Suite struct AccessEvasionTests {
    private typealias Call = TestSurface.Call

    private func withSurface(_ work: (TestSurface) async throws -> Void) async throws {
        let surface = try await TestSurface()
        surface.admitOtherOwner()
        do {
            try await work(surface)
        } catch {
            try await surface.close()
            throw error
        }
        try await surface.close()
    }

    private static func hold(_ surface: TestSurface) async throws {
        let document =
            "<InitiateWormConfiguration><RetentionPeriodInDays>2</RetentionPeriodInDays></InitiateWormConfiguration>"
        let made = try await surface.send(
            Call(method: "POST", target: "/bucket/?worm", body: Array(document.utf8)))
        let id = try #require(made.header("x-oss-worm-id"))
        let locked = try await surface.send(Call(method: "POST", target: "/bucket/?wormId=\(id)", body: []))
        try #require(locked.status == 200)
    }

    private static func setVersioning(_ status: String, _ surface: TestSurface) async throws {
        let document = "<VersioningConfiguration><Status>\(status)</Status></VersioningConfiguration>"
        let answer = try await surface.send(
            Call(method: "PUT", target: "/bucket/?versioning", body: Array(document.utf8)))
        try #require(answer.status == 200)
    }

    @Test func anUploadThatBeganBeforeTheRetentionIsRefusedAtItsEnd() async throws {
        try await withSurface { surface in
            let bucket = try await surface.store.bucket(BucketName("bucket"))
            _ = try await surface.put("k", "good")
            let upload = try await surface.store.beginUpload(in: bucket)
            try await upload.append(ByteBuffer(string: "evil"))
            _ = try await upload.finish()
            try await Self.hold(surface)
            let refusal = await #expect(throws: OSSError.self) {
                try await surface.store.put(upload, in: bucket, key: ObjectKey("k"), attributes: ObjectAttributes())
            }
            #expect(refusal?.code == .fileImmutable)
            let found = try await surface.send(Call(method: "GET", target: "/bucket/k"))
            #expect(found.text == "good")
        }
    }

    @Test func aDeleteMarkerOnTopDoesNotLetGoOfWhatIsHeld() async throws {
        try await withSurface { surface in
            _ = try await surface.put("k", "good")
            try await Self.hold(surface)
            try await Self.setVersioning("Enabled", surface)
            let hidden = try await surface.send(Call(method: "DELETE", target: "/bucket/k"))
            #expect(hidden.status == 204)
            try await Self.setVersioning("Suspended", surface)
            let attempts = [
                try await surface.put("k", "evil"),
                try await surface.send(Call(method: "DELETE", target: "/bucket/k")),
                try await surface.send(Call(method: "DELETE", target: "/bucket/k?versionId=null")),
            ]
            for answer in attempts { #expect(answer.code == "FileImmutable") }
            let found = try await surface.send(Call(method: "GET", target: "/bucket/k?versionId=null"))
            #expect(found.text == "good")
        }
    }

    @Test func whatIsDeniedToAnAccessKeyIsDeniedToItsSessions() async throws {
        try await withSurface { surface in
            _ = try await surface.put("k", "secret")
            let session = try await surface.temporaryKey()
            let denials = [
                #""Principal": ["testKey"], "Action": ["oss:*"], "Resource": ["acs:oss:*:*:bucket/*"]"#,
                #""Principal": ["*"], "Action": ["oss:*"], "Resource": ["acs:oss:*:*:bucket/*"], "#
                    + #""Condition": {"StringEquals": {"acs:AccessId": ["testKey"]}}"#,
            ]
            for denial in denials {
                try await surface.setRules(
                    policy: #"{"Version": "1", "Statement": [{"Effect": "Deny", \#(denial)}]}"#)
                for credentials in [nil, session] {
                    let found = try await surface.send(
                        Call(method: "GET", target: "/bucket/k", credentials: credentials))
                    #expect(found.code == "AccessDenied", "\(denial)")
                }
            }
        }
    }

    @Test(arguments: [
        ("x-oss-acl", "public-read-write"), ("x-oss-bucket-tagging", "a=b"), ("x-oss-server-side-encryption", "AES256"),
        ("x-oss-resource-group-id", "rg-aekz"),
    ])
    func whoMayOnlyMakeBucketsSetsNothingElse(name: String, value: String) async throws {
        try await withSurface { surface in
            let key = try await surface.temporaryKey(
                policy:
                    #"{"Version": "1", "Statement": [{"Effect": "Allow", "Action": "oss:PutBucket", "Resource": "*"}]}"#
            )
            for target in ["/bucket", "/another"] {
                let answer = try await surface.send(
                    Call(method: "PUT", target: target, headers: [(name, value)], body: [], credentials: key))
                #expect(answer.code == "AccessDenied", "\(target)")
            }
            let plain = try await surface.send(Call(method: "PUT", target: "/another", body: [], credentials: key))
            #expect(plain.status == 200)
        }
    }

    @Test func tagsGoWithACopyOnlyForThoseWhoMayReadThem() async throws {
        try await withSurface { surface in
            _ = try await surface.put("k", "x", [("x-oss-tagging", "secret=yes"), ("x-oss-object-acl", "public-read")])
            let other = TestSurface.otherOwner
            _ = try await surface.send(Call(method: "PUT", target: "/mine", body: [], credentials: other))
            func copy(_ headers: [(String, String)]) async throws -> TestSurface.Answer {
                try await surface.send(
                    Call(
                        method: "PUT", target: "/mine/k", headers: [("x-oss-copy-source", "/bucket/k")] + headers,
                        body: [], credentials: other))
            }
            let taken = try await copy([])
            #expect(taken.code == "AccessDenied")
            let replaced = try await copy([("x-oss-tagging-directive", "Replace")])
            #expect(replaced.status == 200)
        }
    }

    @Test func theSourceOfACopyIsPaidForByWhoSaysSo() async throws {
        try await withSurface { surface in
            _ = try await surface.put("k", "x", [("x-oss-object-acl", "public-read")])
            let document = "<RequestPaymentConfiguration><Payer>Requester</Payer></RequestPaymentConfiguration>"
            let set = try await surface.send(
                Call(method: "PUT", target: "/bucket/?requestPayment", body: Array(document.utf8)))
            #expect(set.status == 200)
            let other = TestSurface.otherOwner
            _ = try await surface.send(Call(method: "PUT", target: "/mine", body: [], credentials: other))
            for (headers, status) in [([], 403), ([("x-oss-request-payer", "requester")], 200)] {
                let answer = try await surface.send(
                    Call(
                        method: "PUT", target: "/mine/k", headers: [("x-oss-copy-source", "/bucket/k")] + headers,
                        body: [], credentials: other))
                #expect(answer.status == status)
            }
        }
    }

    @Test func aFormIsJudgedByTheHeadersOfItsRequest() async throws {
        try await withSurface { surface in
            try await surface.setRules(
                policy: """
                    {"Version": "1", "Statement": [{"Effect": "Deny", "Principal": ["*"], "Action": ["oss:PutObject"], \
                    "Resource": ["acs:oss:*:*:bucket/*"], "Condition": {"StringLike": {"acs:UserAgent": ["evil*"]}}}]}
                    """)
            let form = try TestForm.signed(at: surface.nowUnixSeconds)
            let good = try await surface.send(form.call([("User-Agent", "good")]))
            #expect(good.status == 204)
            let evil = try await surface.send(form.call([("User-Agent", "evil/1")]))
            #expect(evil.code == "AccessDenied")
        }
    }

    @Test func aFormComesFromTheRightPageWhateverItsHeaderSays() async throws {
        try await withSurface { surface in
            let rules =
                "<RefererConfiguration><AllowEmptyReferer>false</AllowEmptyReferer><RefererList>"
                + "<Referer>http://good</Referer></RefererList></RefererConfiguration>"
            let set = try await surface.send(Call(method: "PUT", target: "/bucket/?referer", body: Array(rules.utf8)))
            #expect(set.status == 200)
            let form = try TestForm.signed(at: surface.nowUnixSeconds)
            for headers in [[], [("Authorization", "x")]] {
                let refused = try await surface.send(form.call(headers))
                #expect(refused.code == "AccessDenied")
                let passed = try await surface.send(form.call(headers + [("Referer", "http://good")]))
                #expect(passed.status == 204)
            }
        }
    }
}
