import OSSKit
import StorageGateway
import Testing

/// Reads, writes and copies through the whole surface, each with its refusals.
@Suite struct ObjectOperationsTests {
    private typealias Call = TestSurface.Call

    /// `hello`, as oss-wire fact 5 gives its checksums.
    private let etag = "\"5D41402ABC4B2A76B9719D911017C592\""

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

    @Test func whatIsPutComesBackWithItsChecksums() async throws {
        try await withSurface { surface in
            let stored = try await surface.put(
                "k", "hello", [("x-oss-meta-Who", "me"), ("Cache-Control", "no-cache"), ("Content-Type", "text/plain")])
            #expect(stored.status == 200)
            #expect(stored.header("ETag") == etag)
            #expect(stored.header("x-oss-hash-crc64ecma") == "11177612005948864433")
            let found = try await surface.send(Call(method: "GET", target: "/bucket/k"))
            #expect(found.text == "hello")
            #expect(found.header("x-oss-meta-who") == "me")
            #expect(found.header("Cache-Control") == "no-cache")
            #expect(found.header("Content-Type") == "text/plain")
            #expect(found.header("x-oss-object-type") == "Normal")
            #expect(found.header("Last-Modified") == HTTPDate.format(unixSeconds: surface.nowUnixSeconds))
            #expect(found.header("x-oss-request-id")?.count == 24)
        }
    }

    /// Assumption A-003.
    @Test func aTypeThatNobodyNamedIsOctetStream() async throws {
        try await withSurface { surface in
            _ = try await surface.put("k", "hello")
            let found = try await surface.send(Call(method: "HEAD", target: "/bucket/k"))
            #expect(found.header("Content-Type") == "application/octet-stream")
            #expect(found.header("Content-Length") == "5")
        }
    }

    struct BadPut: Sendable, CustomTestStringConvertible {
        let name: String
        let value: String
        let code: OSSErrorCode
        var testDescription: String { "\(name): \(value)" }
    }

    @Test(arguments: [
        BadPut(name: "Content-MD5", value: "XUFAKrxLKna5cZ2REBfFkA==", code: .invalidDigest),
        BadPut(name: "Content-MD5", value: "short", code: .invalidDigest),
        BadPut(name: "Content-MD5", value: "", code: .invalidDigest),
        BadPut(name: "x-oss-hash-crc64ecma", value: "1", code: .invalidCRC64),
        BadPut(name: "x-oss-hash-crc64ecma", value: "-1", code: .invalidCRC64),
        BadPut(name: "Content-Length", value: "6", code: .incompleteBody),
        BadPut(name: "Content-Length", value: "4", code: .incompleteBody),
        BadPut(name: "Content-Length", value: "+5", code: .invalidArgument),
        BadPut(name: "Content-Length", value: "99999999999999999999", code: .invalidArgument),
        BadPut(name: "Content-Length", value: "5368709121", code: .entityTooLarge),
        BadPut(name: "x-oss-forbid-overwrite", value: "maybe", code: .invalidArgument),
        BadPut(name: "x-oss-object-acl", value: "everybody", code: .invalidArgument),
        BadPut(name: "x-oss-storage-class", value: "Fast", code: .invalidArgument),
        BadPut(name: "x-oss-server-side-encryption", value: "AES257", code: .invalidEncryptionAlgorithmError),
        BadPut(name: "x-oss-server-side-encryption-key-id", value: "key", code: .invalidEncryptionRequest),
        BadPut(name: "x-oss-traffic-limit", value: "819199", code: .invalidArgument),
        BadPut(name: "x-oss-traffic-limit", value: "838860801", code: .invalidArgument),
        BadPut(name: "x-oss-traffic-limit", value: "-1", code: .invalidArgument),
        BadPut(name: "x-oss-traffic-limit", value: "1e6", code: .invalidArgument),
        BadPut(name: "x-oss-tagging", value: "a=b&a=c", code: .invalidArgument),
        BadPut(name: "x-oss-callback", value: "e30=", code: .invalidArgument),
        BadPut(name: "If-Modified-Since", value: "Sat, 05 Dec 2015 11:10:29 GMT", code: .notImplemented),
        BadPut(name: "x-oss-meta-a_b", value: "1", code: .invalidArgument),
        BadPut(name: "x-oss-meta-a", value: String(repeating: "x", count: 8_193), code: .invalidArgument),
        BadPut(name: "x-oss-copy-source", value: "", code: .invalidArgument),
        BadPut(name: "Content-Encoding", value: "gzip, aws-chunked", code: .invalidArgument),
    ])
    func aPutThatOSSRefusesStoresNothing(_ bad: BadPut) async throws {
        try await withSurface { surface in
            let refused = try await surface.put("k", "hello", [(bad.name, bad.value)])
            #expect(refused.element("Code") == bad.code.rawValue)
            #expect(refused.status == bad.code.status)
            let found = try await surface.send(Call(method: "GET", target: "/bucket/k"))
            #expect(found.status == 404)
        }
    }

    @Test func anObjectThatMustNotBeOverwrittenStays() async throws {
        try await withSurface { surface in
            _ = try await surface.put("k", "first")
            let refused = try await surface.put("k", "second", [("x-oss-forbid-overwrite", "true")])
            #expect(refused.element("Code") == "FileAlreadyExists")
            let found = try await surface.send(Call(method: "GET", target: "/bucket/k"))
            #expect(found.text == "first")
        }
    }

    /// Assumptions.
    @Test(arguments: [
        ("If-Match", "\"5D41402ABC4B2A76B9719D911017C592\"", 200),
        ("If-Match", "5d41402abc4b2a76b9719d911017c592", 200),
        ("If-Match", "\"00\", \"5D41402ABC4B2A76B9719D911017C592\"", 200),
        ("If-Match", "*", 200), ("If-Match", "\"00\"", 412),
        ("If-None-Match", "\"5D41402ABC4B2A76B9719D911017C592\"", 304), ("If-None-Match", "*", 304),
        ("If-None-Match", "\"00\"", 200),
        ("If-Modified-Since", "Fri, 15 Jan 2027 08:00:00 GMT", 304),
        ("If-Modified-Since", "Fri, 15 Jan 2027 07:59:59 GMT", 200), ("If-Modified-Since", "nonsense", 200),
        ("If-Unmodified-Since", "Fri, 15 Jan 2027 08:00:00 GMT", 200),
        ("If-Unmodified-Since", "Fri, 15 Jan 2027 07:59:59 GMT", 412), ("If-Unmodified-Since", "nonsense", 200),
    ])
    func conditionsHoldOrNot(_ name: String, value: String, status: Int) async throws {
        try await withSurface { surface in
            _ = try await surface.put("k", "hello")
            for method in ["GET", "HEAD"] {
                let found = try await surface.send(
                    Call(method: method, target: "/bucket/k", headers: [(name, value)]))
                #expect(found.status == status)
                if status == 304 { #expect(found.header("ETag") == etag) }
                if status == 412, method == "GET" { #expect(found.element("Condition") == name) }
            }
        }
    }

    /// Assumption A-007.
    @Test func headHonoursARange() async throws {
        try await withSurface { surface in
            _ = try await surface.put("k", "hello")
            let found = try await surface.send(
                Call(method: "HEAD", target: "/bucket/k", headers: [("Range", "bytes=1-2")]))
            #expect(found.status == 206)
            #expect(found.header("Content-Range") == "bytes 1-2/5")
            #expect(found.header("Content-Length") == "2")
        }
    }

    @Test func overridesReplaceHeadersAndCannotBreakThem() async throws {
        try await withSurface { surface in
            _ = try await surface.put("k", "hello", [("Content-Type", "text/plain")])
            let found = try await surface.send(
                Call(method: "GET", target: "/bucket/k?response-content-type=text%2Fhtml"))
            #expect(found.header("Content-Type") == "text/html")
            let refused = try await surface.send(
                Call(method: "GET", target: "/bucket/k?response-content-type=a%0D%0AX-Evil%3A1"))
            #expect(refused.status == 400)
            #expect(refused.header("X-Evil") == nil)
        }
    }

    @Test func aCopyKeepsOrReplacesWhatItsSourceSays() async throws {
        try await withSurface { surface in
            _ = try await surface.put("a", "hello", [("x-oss-meta-a", "1")])
            let source = ("x-oss-copy-source", "/bucket/a")
            let kept = try await surface.send(Call(method: "PUT", target: "/bucket/b", headers: [source]))
            #expect(kept.element("ETag") == etag)
            let found = try await surface.send(Call(method: "GET", target: "/bucket/b"))
            #expect(found.text == "hello")
            #expect(found.header("x-oss-meta-a") == "1")
            let replaced = try await surface.send(
                Call(
                    method: "PUT", target: "/bucket/b",
                    headers: [source, ("x-oss-metadata-directive", "REPLACE"), ("x-oss-meta-b", "2")]))
            #expect(replaced.status == 200)
            let changed = try await surface.send(Call(method: "HEAD", target: "/bucket/b"))
            #expect(changed.header("x-oss-meta-a") == nil)
            #expect(changed.header("x-oss-meta-b") == "2")
        }
    }

    @Test func aCopyTakesTheStorageClassThatItIsAskedFor() async throws {
        try await withSurface { surface in
            _ = try await surface.put("a", "hello", [("x-oss-meta-a", "1")])
            let copied = try await surface.send(
                Call(
                    method: "PUT", target: "/bucket/b",
                    headers: [
                        ("x-oss-copy-source", "/bucket/a"), ("x-oss-storage-class", "IA"), ("x-oss-meta-b_c", "2"),
                    ]))
            #expect(copied.status == 200)
            let found = try await surface.send(Call(method: "HEAD", target: "/bucket/b"))
            #expect(found.header("x-oss-storage-class") == "IA")
            #expect(found.header("x-oss-meta-a") == "1")
        }
    }

    @Test(arguments: [
        ([("x-oss-copy-source", "/bucket/none")], 404), ([("x-oss-copy-source", "/nobucket/a")], 404),
        ([("x-oss-copy-source", "/bucket/a"), ("x-oss-copy-source-if-match", "\"00\"")], 412),
        ([("x-oss-copy-source", "/bucket/a"), ("x-oss-copy-source-if-none-match", "*")], 304),
        ([("x-oss-copy-source", "/bucket/a"), ("x-oss-metadata-directive", "MOVE")], 400),
        ([("x-oss-copy-source", "/bucket/a"), ("x-oss-forbid-overwrite", "true")], 409),
    ])
    func aCopyThatCannotBeLeavesItsTargetAlone(_ headers: [(String, String)], status: Int) async throws {
        try await withSurface { surface in
            _ = try await surface.put("a", "hello")
            _ = try await surface.put("b", "stays")
            let refused = try await surface.send(Call(method: "PUT", target: "/bucket/b", headers: headers))
            #expect(refused.status == status)
            let found = try await surface.send(Call(method: "GET", target: "/bucket/b"))
            #expect(found.text == "stays")
        }
    }

    /// Assumption A-008.
    @Test func aBatchDeleteNeedsNoDigestButARightOne() async throws {
        try await withSurface { surface in
            _ = try await surface.put("a", "hello")
            let document = Array("<Delete><Object><Key>a</Key></Object><Object><Key>b</Key></Object></Delete>".utf8)
            let refused = try await surface.send(
                Call(
                    method: "POST", target: "/bucket?delete",
                    headers: [("Content-MD5", "XUFAKrxLKna5cZ2REBfFkg==")], body: document))
            #expect(refused.element("Code") == "InvalidDigest")
            let stillThere = try await surface.send(Call(method: "HEAD", target: "/bucket/a"))
            #expect(stillThere.status == 200)
            let deleted = try await surface.send(Call(method: "POST", target: "/bucket?delete", body: document))
            #expect(deleted.text.contains("<Key>a</Key>"))
            #expect(deleted.text.contains("<Key>b</Key>"))
            let gone = try await surface.send(Call(method: "HEAD", target: "/bucket/a"))
            #expect(gone.status == 404)
            #expect(gone.header("x-oss-err") != nil)
        }
    }

    @Test func aBucketOfAnotherOwnerIsClosedToAllOperations() async throws {
        try await withSurface { surface in
            surface.keys.replace(with: [
                AccessKey(id: TestSurface.accessKeyID, secret: TestSurface.secret, ownerID: "somebody else")
            ])
            for (method, target) in [
                ("GET", "/bucket/k"), ("HEAD", "/bucket/k"), ("DELETE", "/bucket/k"), ("GET", "/bucket"),
                ("DELETE", "/bucket"), ("GET", "/bucket?bucketInfo"), ("GET", "/bucket?location"),
            ] {
                let refused = try await surface.send(Call(method: method, target: target))
                #expect(refused.status == 403, "\(method) \(target)")
            }
            let put = try await surface.put("k", "hello")
            #expect(put.element("Code") == "AccessDenied")
            let taken = try await surface.send(Call(method: "PUT", target: "/bucket"))
            #expect(taken.element("Code") == "BucketAlreadyExists")
        }
    }
}
