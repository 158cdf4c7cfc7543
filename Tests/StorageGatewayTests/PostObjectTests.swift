import OSSKit
import ObjectStore
import Testing

/// A form stores its file exactly when its policy allows every word of it, and is refused in OSS's words otherwise.
@Suite struct PostObjectTests {
    private func withSurface(_ body: (TestSurface) async throws -> Void) async throws {
        let surface = try await TestSurface()
        do {
            try await body(surface)
        } catch {
            try? await surface.close()
            throw error
        }
        try await surface.close()
    }

    private func object(_ surface: TestSurface, _ key: String) async throws -> TestSurface.Answer {
        try await surface.send(TestSurface.Call(method: "GET", target: "/bucket/\(key)"))
    }

    @Test(arguments: [SignatureScheme.v1Post, .v4Post])
    func aSignedFormIsStored(scheme: SignatureScheme) async throws {
        try await withSurface { surface in
            let form = try TestForm.signed(
                scheme, at: surface.nowUnixSeconds,
                fields: [("key", "user/a/${filename}"), ("x-oss-meta-color", "blue"), ("Cache-Control", "no-cache")],
                conditions: [.contentLength(1...100), .startsWith(field: "key", prefix: "user/")])
            let answer = try await surface.send(form.call())
            #expect(answer.status == 204)
            #expect(answer.body.isEmpty)
            let stored = try await object(surface, "user/a/photo.jpg")
            #expect(stored.text == "content")
            #expect(stored.header("Content-Type") == "image/jpeg")
            #expect(stored.header("x-oss-meta-color") == "blue")
            #expect(stored.header("Cache-Control") == "no-cache")
            #expect(stored.header("ETag") == answer.header("ETag"))
            #expect(stored.header("x-oss-hash-crc64ecma") == answer.header("x-oss-hash-crc64ecma"))
        }
    }

    @Test func theHeaderAuthorizationAndTheQueryMeanNothing() async throws {
        try await withSurface { surface in
            let form = try TestForm.signed(at: surface.nowUnixSeconds)
            let answer = try await surface.send(
                form.call([("Authorization", "OSS nobody:nothing")], target: "/bucket?Signature=x&OSSAccessKeyId=y"))
            #expect(answer.status == 204)
        }
    }

    @Test func theAnswerIsTheOneThatTheFormAsksFor() async throws {
        try await withSurface { surface in
            for (asked, status) in [("200", 200), ("201", 201), ("204", 204), ("302", 204), ("", 204), ("x", 204)] {
                let form = try TestForm.signed(
                    at: surface.nowUnixSeconds, fields: [("key", "dir/ä b"), ("success_action_status", asked)])
                let answer = try await surface.send(form.call())
                #expect(answer.status == status)
                guard asked == "201" else { continue }
                #expect(answer.element("Bucket") == "bucket")
                #expect(answer.element("Key") == "dir/ä b")
                #expect(answer.element("ETag") == answer.header("ETag"))
                #expect(answer.element("Location") == "http://127.0.0.1:10724/bucket/dir/%C3%A4%20b")
            }
            let form = try TestForm.signed(
                at: surface.nowUnixSeconds,
                fields: [("key", "k"), ("success_action_redirect", "https://example.com/done?a=b")])
            let answer = try await surface.send(form.with("success_action_status", "201").call())
            #expect(answer.status == 303)
            #expect(answer.header("Location") == "https://example.com/done?a=b")
        }
    }

    @Test(arguments: ["javascript:alert(1)", "//example.com", "https://", "https://a b", "https://a\u{7F}", "/done"])
    func aRedirectionToNoURLIsRefused(url: String) async throws {
        try await withSurface { surface in
            let form = try TestForm.signed(
                at: surface.nowUnixSeconds, fields: [("key", "k"), ("success_action_redirect", url)])
            let answer = try await surface.send(form.call())
            #expect(answer.status == 400)
            #expect(answer.element("Code") == "InvalidArgument")
            let found = try await object(surface, "k").status
            #expect(found == 404)
        }
    }

    @Test func theContentTypeHasThreePlacesInOrder() async throws {
        try await withSurface { surface in
            let plain = try TestForm.signed(at: surface.nowUnixSeconds)
            var forms = [(plain, "image/jpeg"), (plain.with("Content-Type", "text/a"), "text/a")]
            forms.append((plain.with("Content-Type", "text/a").with("x-oss-content-type", "text/b"), "text/b"))
            for (form, wanted) in forms {
                _ = try await surface.send(form.call())
                let found = try await object(surface, "k").header("Content-Type")
                #expect(found == wanted)
            }
        }
    }

    @Test(arguments: [
        ("C:\\photos\\a.jpg", "a.jpg"), ("/etc/passwd", "passwd"), ("../../a", "a"), ("ä ö", "ä ö"), ("", ""),
    ])
    func theFileNameIsTheLastStepOfItsPath(filename: String, key: String) async throws {
        try await withSurface { surface in
            var form = try TestForm.signed(at: surface.nowUnixSeconds, fields: [("key", "d/${filename}")])
            form.filename = filename
            let answer = try await surface.send(form.with("success_action_status", "201").call())
            #expect(answer.element("Key") == "d/\(key)")
        }
    }

    @Test func whatFollowsTheFileIsPassedOver() async throws {
        try await withSurface { surface in
            var form = try TestForm.signed(at: surface.nowUnixSeconds)
            form.later = [("submit", "Upload"), ("key", "other"), ("x-oss-object-acl", "nonsense")]
            let answer = try await surface.send(form.call())
            #expect(answer.status == 204)
            let found = try await object(surface, "k").text
            #expect(found == "content")
        }
    }

    struct Refused: Sendable, CustomTestStringConvertible {
        let name: String
        let change: @Sendable (TestForm) -> TestForm
        let status: Int
        let code: String
        var testDescription: String { name }

        init(_ name: String, _ status: Int, _ code: String, _ change: @escaping @Sendable (TestForm) -> TestForm) {
            self.name = name
            self.change = change
            self.status = status
            self.code = code
        }
    }

    @Test(arguments: [
        Refused("no key", 400, "InvalidArgument") { $0.with("key", nil) },
        Refused("an empty key", 400, "InvalidArgument") { $0.with("key", "") },
        Refused("another key", 403, "AccessDenied") { $0.with("key", "other") },
        Refused("two keys", 400, "InvalidArgument") {
            var form = $0
            form.fields.append(("key", "other"))
            return form
        },
        Refused("no policy", 400, "InvalidArgument") { $0.with("policy", nil) },
        Refused("no signature", 400, "InvalidArgument") { $0.with("x-oss-signature", nil) },
        Refused("no credential", 400, "InvalidArgument") { $0.with("x-oss-credential", nil) },
        Refused("no date", 400, "InvalidArgument") { $0.with("x-oss-date", nil) },
        Refused("another signature", 403, "SignatureDoesNotMatch") {
            $0.with("x-oss-signature", String(repeating: "0", count: 64))
        },
        Refused("another policy", 403, "SignatureDoesNotMatch") {
            $0.with("policy", Base64.encode(Array(#"{"expiration":"2099-01-01T00:00:00.000Z","conditions":[]}"#.utf8)))
        },
        Refused("two kinds of signatures", 400, "InvalidArgument") { $0.with("OSSAccessKeyId", "testKey") },
        Refused("no file", 400, "IncorrectNumberOfFilesInPOSTRequest") {
            var form = $0
            form.file = nil
            return form
        },
        Refused("two files", 400, "IncorrectNumberOfFilesInPOSTRequest") {
            var form = $0
            form.later = [("file", "more")]
            return form
        },
        Refused("a file too long", 400, "EntityTooLarge") {
            var form = $0
            form.file = String(repeating: "a", count: 101)
            return form
        },
        Refused("a file too short", 400, "EntityTooSmall") {
            var form = $0
            form.file = "a"
            return form
        },
        Refused("an ACL that is none", 400, "InvalidArgument") { $0.with("x-oss-object-acl", "everyone") },
        Refused("a class that is none", 400, "InvalidArgument") { $0.with("x-oss-storage-class", "Cheap") },
        Refused("tags", 400, "InvalidArgument") { $0.with("x-oss-tagging", "a=b") },
        Refused("a line end in a header", 400, "InvalidArgument") { $0.with("Cache-Control", "a\r\nSet-Cookie: b") },
        Refused("a bad name of metadata", 400, "InvalidArgument") { $0.with("x-oss-meta-a_b", "c") },
        Refused("forbidding to overwrite", 409, "FileAlreadyExists") { $0.with("x-oss-forbid-overwrite", "true") },
    ])
    func whatThePolicyDoesNotAllowIsRefusedAndNothingIsStored(_ row: Refused) async throws {
        try await withSurface { surface in
            _ = try await surface.put("k", "former")
            let form = try TestForm.signed(at: surface.nowUnixSeconds, conditions: [.contentLength(2...100)])
            let answer = try await surface.send(row.change(form).call())
            #expect(answer.status == row.status)
            #expect(answer.element("Code") == row.code)
            let kept = try await object(surface, "k").text
            #expect(kept == "former")
            let other = try await object(surface, "other").status
            #expect(other == 404)
        }
    }

    @Test(arguments: [
        (PostPolicy.Condition.startsWith(field: "key", prefix: "user/"), "k"),
        (.isIn(field: "x-oss-meta-a", values: ["1", "2"]), "k"), (.isNotIn(field: "key", values: ["k", "l"]), "k"),
        (.equals(field: "bucket", value: "other"), "k"), (.equals(field: "content-type", value: "text/plain"), "k"),
    ])
    func everyKindOfConditionIsInForce(condition: PostPolicy.Condition, key: String) async throws {
        try await withSurface { surface in
            let form = try TestForm.signed(
                at: surface.nowUnixSeconds, fields: [],
                conditions: [.startsWith(field: "key", prefix: ""), condition]
            ).with("key", key)
            let answer = try await surface.send(form.call())
            #expect(answer.status == 403)
            #expect(answer.element("EC") == "0006-00000227")
        }
    }

    @Test func aFormIsGoodForItsTime() async throws {
        try await withSurface { surface in
            for scheme in [SignatureScheme.v1Post, .v4Post] {
                let form = try TestForm.signed(scheme, at: surface.nowUnixSeconds - 601)
                let answer = try await surface.send(form.call())
                #expect(answer.status == 403)
                #expect(answer.element("EC") == "0006-00000213")
            }
            let early = try TestForm.signed(at: surface.nowUnixSeconds + 901)
            let answer = try await surface.send(early.call())
            #expect(answer.status == 403)
        }
    }

    @Test func theMD5OfTheHeaderIsThatOfTheWholeForm() async throws {
        try await withSurface { surface in
            let form = try TestForm.signed(at: surface.nowUnixSeconds)
            let right = Base64.encode(MD5Digest.of(form.body))
            let wrong = Base64.encode(MD5Digest.of(Array("content".utf8)))
            for (digest, status) in [(wrong, 400), ("nonsense", 400), (right, 204)] {
                let answer = try await surface.send(form.call([("Content-MD5", digest)]))
                #expect(answer.status == status)
                if status == 400 { #expect(answer.element("Code") == "InvalidDigest") }
            }
        }
    }

    @Test func aFormWithoutSignatureIsStoredWhereEverybodyMayWrite() async throws {
        try await withSurface { surface in
            let form = TestForm(fields: [("key", "k")])
            let bucket = try await surface.store.bucket(BucketName("bucket"))
            for (acl, status) in [(BucketACL.private, 403), (.publicRead, 403), (.publicReadWrite, 204)] {
                try await surface.store.setACL(acl, of: bucket)
                let answer = try await surface.send(form.call())
                #expect(answer.status == status)
                if status == 403 { #expect(answer.element("EC") == "0003-00000001") }
            }
        }
    }

    @Test(arguments: [
        ("text/plain", "RequestIsNotMultiPartContent"), ("multipart/form-data", "MalformedPOSTRequest"),
        ("multipart/form-data; boundary=other", "MalformedPOSTRequest"),
    ])
    func whatIsNoFormIsRefused(type: String, code: String) async throws {
        try await withSurface { surface in
            var call = try TestForm.signed(at: surface.nowUnixSeconds).call()
            call.headers = [("Content-Type", type)]
            let answer = try await surface.send(call)
            #expect(answer.status == 400)
            #expect(answer.element("Code") == code)
        }
    }

    @Test func aFormForNoBucketIsRefused() async throws {
        try await withSurface { surface in
            let form = try TestForm.signed(at: surface.nowUnixSeconds)
            let missing = try await surface.send(form.call(target: "/other-bucket/"))
            #expect(missing.status == 403)
            let open = try await surface.send(TestForm(fields: [("key", "k")]).call(target: "/other-bucket/"))
            #expect(open.element("Code") == "NoSuchBucket")
            let onAKey = try await surface.send(form.call(target: "/bucket/key"))
            #expect(onAKey.status != 204)
            let onAnOperation = try await surface.send(form.call(target: "/bucket?restore"))
            #expect(onAnOperation.status == 403)
        }
    }
}
