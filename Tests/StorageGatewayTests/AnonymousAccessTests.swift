import OSSKit
import ObjectStore
import StorageGateway
import Testing

/// What ACLs, policies and the public access block do to requests on the wire.
@Suite struct AnonymousAccessTests {
    private typealias Call = TestSurface.Call

    private func withSurface(
        _ change: (inout SurfaceConfiguration) -> Void = { _ in }, _ work: (TestSurface) async throws -> Void
    ) async throws {
        let surface = try await TestSurface(change)
        surface.admitOtherOwner()
        do {
            try await work(surface)
        } catch {
            try await surface.close()
            throw error
        }
        try await surface.close()
    }

    private static func anonymous(
        _ method: String, _ target: String, _ headers: [(String, String)] = [], body: String? = nil
    ) -> Call {
        Call(method: method, target: target, headers: headers, body: body.map { Array($0.utf8) }, isSigned: false)
    }

    private static func setACL(_ acl: String, of target: String, _ surface: TestSurface) async throws {
        let header = target == "/bucket" ? "x-oss-acl" : "x-oss-object-acl"
        let answer = try await surface.send(
            Call(method: "PUT", target: "\(target)?acl", headers: [(header, acl)], body: []))
        try #require(answer.status == 200)
    }

    @Test func aPublicObjectIsReadByEverybody() async throws {
        try await withSurface { surface in
            _ = try await surface.put("k", "hello", [("x-oss-object-acl", "public-read")])
            _ = try await surface.put("secret", "hidden")
            let found = try await surface.send(Self.anonymous("GET", "/bucket/k"))
            #expect(found.status == 200)
            #expect(found.text == "hello")
            let hidden = try await surface.send(Self.anonymous("GET", "/bucket/secret"))
            #expect(hidden.code == "AccessDenied")
            // Whether a key is there is told to nobody who may not read it.
            let missing = try await surface.send(Self.anonymous("GET", "/bucket/missing"))
            #expect(missing.code == "AccessDenied")
            let written = try await surface.send(Self.anonymous("PUT", "/bucket/k", body: "x"))
            #expect(written.code == "AccessDenied")
        }
    }

    @Test func theACLOfAnObjectBeatsThatOfItsBucket() async throws {
        try await withSurface { surface in
            try await Self.setACL("public-read-write", of: "/bucket", surface)
            _ = try await surface.put("k", "hello", [("x-oss-object-acl", "private")])
            for (method, body) in [("GET", nil), ("PUT", "x"), ("DELETE", nil)] as [(String, String?)] {
                let refused = try await surface.send(Self.anonymous(method, "/bucket/k", body: body))
                #expect(refused.status == 403, "\(method)")
            }
            let written = try await surface.send(Self.anonymous("PUT", "/bucket/new", body: "from nobody"))
            #expect(written.status == 200)
            let found = try await surface.send(Self.anonymous("GET", "/bucket/new"))
            #expect(found.text == "from nobody")
            let missing = try await surface.send(Self.anonymous("GET", "/bucket/missing"))
            #expect(missing.code == "NoSuchKey")
        }
    }

    @Test func aBrokenSignatureIsNeverTakenForNone() async throws {
        try await withSurface { surface in
            _ = try await surface.put("k", "hello", [("x-oss-object-acl", "public-read")])
            for (target, headers) in [
                ("/bucket/k", [("Authorization", "")]), ("/bucket/k", [("Authorization", "OSS")]),
                ("/bucket/k", [("Authorization", "Bearer x")]), ("/bucket/k?Signature=x", []),
                ("/bucket/k?OSSAccessKeyId=x", []), ("/bucket/k?Expires=1", []), ("/bucket/k?x-oss-credential=x", []),
                ("/bucket/k?x-oss-signature-version=OSS4-HMAC-SHA256", []), ("/bucket/k?security-token=x", []),
                ("/bucket/k?x-oss-expires=60", []), ("/bucket/k?x-oss-signature-version=OSS2", []),
            ] as [(String, [(String, String)])] {
                let refused = try await surface.send(Self.anonymous("GET", target, headers))
                #expect(refused.status == 403 || refused.status == 400, "\(target) \(headers)")
            }
        }
    }

    @Test func aResponseIsNotReshapedByNobody() async throws {
        try await withSurface { surface in
            try await Self.setACL("public-read", of: "/bucket", surface)
            _ = try await surface.put("k", "hello")
            let refused = try await surface.send(Self.anonymous("GET", "/bucket/k?response-content-type=text/html"))
            #expect(refused.status == 400)
            #expect(refused.code == "InvalidRequest")
        }
    }

    @Test func aBucketIsListedByEverybodyOnlyWhereTheServerIsToldSo() async throws {
        for lists in [false, true] {
            try await withSurface({ $0.publicACLLists = lists }) { surface in
                try await Self.setACL("public-read", of: "/bucket", surface)
                let found = try await surface.send(Self.anonymous("GET", "/bucket?list-type=2"))
                #expect(found.status == (lists ? 200 : 403))
            }
        }
    }

    /// Source: SECURITY 20.
    @Test func aPublicLinkOpensNoPrivateObject() async throws {
        try await withSurface { surface in
            _ = try await surface.put("secret", "hidden")
            let link = try await surface.send(
                Call(
                    method: "PUT", target: "/bucket/link?symlink",
                    headers: [("x-oss-symlink-target", "secret"), ("x-oss-object-acl", "public-read")], body: []))
            try #require(link.status == 200)
            for method in ["GET", "HEAD"] {
                let refused = try await surface.send(Self.anonymous(method, "/bucket/link"))
                #expect(refused.code == "AccessDenied", "\(method)")
            }
            try await Self.setACL("public-read", of: "/bucket/secret", surface)
            let found = try await surface.send(Self.anonymous("GET", "/bucket/link"))
            #expect(found.text == "hidden")
        }
    }

    /// Source: SECURITY 20.
    @Test func aCopyTakesOnlyWhatItsMakerMayRead() async throws {
        try await withSurface { surface in
            _ = try await surface.put("secret", "hidden")
            let made = try await surface.send(
                Call(method: "PUT", target: "/elsewhere", body: [], credentials: TestSurface.otherOwner))
            try #require(made.status == 200)
            let copy = Call(
                method: "PUT", target: "/elsewhere/copy", headers: [("x-oss-copy-source", "/bucket/secret")], body: [],
                credentials: TestSurface.otherOwner)
            let refused = try await surface.send(copy)
            #expect(refused.code == "AccessDenied")
            try await surface.setRules(
                policy: """
                    {"Version": "1", "Statement": [{"Effect": "Allow", "Principal": ["other"],
                    "Action": ["oss:GetObject"], "Resource": ["acs:oss:*:*:bucket/secret"]}]}
                    """)
            let taken = try await surface.send(copy)
            #expect(taken.status == 200)
            let upload = try await surface.send(
                Call(
                    method: "PUT", target: "/elsewhere/copy", headers: [("x-oss-copy-source", "/bucket/other")],
                    body: [], credentials: TestSurface.otherOwner))
            #expect(upload.code == "AccessDenied")
        }
    }

    @Test func aBatchOfKeysIsDeletedOnlyIfEveryKeyMayBe() async throws {
        try await withSurface { surface in
            for key in ["tmp/a", "tmp/b", "kept"] { _ = try await surface.put(key, "hello") }
            try await surface.setRules(
                policy: """
                    {"Version": "1", "Statement": [{"Effect": "Allow", "Principal": ["other"],
                    "Action": ["oss:DeleteObject"], "Resource": ["acs:oss:*:*:bucket/tmp/*"]}]}
                    """)
            let delete = { (keys: [String]) in
                let objects = keys.map { "<Object><Key>\($0)</Key></Object>" }.joined()
                return Call(
                    method: "POST", target: "/bucket?delete", body: Array("<Delete>\(objects)</Delete>".utf8),
                    credentials: TestSurface.otherOwner)
            }
            let refused = try await surface.send(delete(["tmp/a", "kept"]))
            #expect(refused.code == "AccessDenied")
            for key in ["tmp/a", "kept"] {
                let kept = try await surface.send(Call(method: "HEAD", target: "/bucket/\(key)"))
                #expect(kept.status == 200, "\(key)")
            }
            let deleted = try await surface.send(delete(["tmp/a", "tmp/b"]))
            #expect(deleted.status == 200)
            try await surface.setRules()
            let closed = try await surface.send(delete(["tmp/a"]))
            #expect(closed.code == "AccessDenied")
        }
    }

    @Test func aBlockTakesBackWhatIsPublicAndLetsNothingBecomeSo() async throws {
        try await withSurface { surface in
            try await Self.setACL("public-read", of: "/bucket", surface)
            _ = try await surface.put("k", "hello")
            try await surface.setRules(blocksPublicAccess: true)
            let refused = try await surface.send(Self.anonymous("GET", "/bucket/k"))
            #expect(refused.code == "AccessDenied")
            for (target, header, message) in [
                ("/bucket?acl", "x-oss-acl", "Put public bucket acl is not allowed"),
                ("/bucket", "x-oss-acl", "Put public bucket acl is not allowed"),
                ("/bucket/k?acl", "x-oss-object-acl", "Put public object acl is not allowed"),
                ("/bucket/k", "x-oss-object-acl", "Put public object acl is not allowed"),
            ] {
                let told = try await surface.send(
                    Call(method: "PUT", target: target, headers: [(header, "public-read")], body: []))
                #expect(told.element("EC") == "0016-00000901", "\(target)")
                #expect(told.element("Message") == message, "\(target)")
            }
            try await Self.setACL("private", of: "/bucket", surface)
        }
    }

    @Test func aPolicyIsSetOnlyIfItCanBeReadAndIsNotBlocked() async throws {
        try await withSurface { surface in
            let open = """
                {"Effect": "Allow", "Principal": "*", "Action": "oss:GetObject", "Resource": "acs:oss:*:*:bucket/*"}
                """
            let put = { (statement: String) in
                Call(
                    method: "PUT", target: "/bucket?policy",
                    body: Array(#"{"Version": "1", "Statement": [\#(statement)]}"#.utf8))
            }
            let refused = try await surface.send(put("{}"))
            #expect(refused.code == "InvalidPolicyDocument")
            _ = try await surface.put("k", "hello")
            let set = try await surface.send(put(open))
            #expect(set.status == 200)
            let found = try await surface.send(Self.anonymous("GET", "/bucket/k"))
            #expect(found.text == "hello")
            try await surface.setRules(blocksPublicAccess: true)
            let blocked = try await surface.send(put(open))
            #expect(blocked.code == "AccessDenied")
        }
    }

    @Test func whoeverIsLetInToForeignBucketsIsShownWhoseTheyAre() async throws {
        try await withSurface { surface in
            try await surface.setRules(
                policy: """
                    {"Version": "1", "Statement": [{"Effect": "Allow", "Principal": ["other"], "Action": ["oss:*"],
                    "Resource": ["acs:oss:*:*:bucket"]}]}
                    """)
            let found = try await surface.send(
                Call(method: "GET", target: "/bucket?acl", credentials: TestSurface.otherOwner))
            #expect(found.text.contains("<ID>owner</ID>"))
        }
    }
}
