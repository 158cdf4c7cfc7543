import OSSKit
import StorageGateway
import Testing

/// Append, tags and ACLs through the whole surface, each with its refusals.
@Suite struct ObjectStateOperationsTests {
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

    @Test func anObjectGrowsAndTellsWhereItEnds() async throws {
        try await withSurface { surface in
            let first = try await surface.append("hello", at: "0", [("x-oss-meta-a", "b"), ("x-oss-tagging", "t=1")])
            #expect(first.status == 200)
            #expect(first.header("x-oss-next-append-position") == "5")
            #expect(first.header("x-oss-hash-crc64ecma") == "11177612005948864433")
            let tooMany = (1...11).map { "t\($0)=1" }.joined(separator: "&")
            let second = try await surface.append(" world", at: "5", [("x-oss-tagging", tooMany)])
            #expect(second.header("x-oss-next-append-position") == "11")
            #expect(second.header("x-oss-hash-crc64ecma") == "5981764153023615706")
            #expect(second.header("ETag") != first.header("ETag"))
            let found = try await surface.send(Call(method: "GET", target: "/bucket/k"))
            #expect(found.text == "hello world")
            #expect(found.header("x-oss-object-type") == "Appendable")
            #expect(found.header("x-oss-next-append-position") == "11")
            #expect(found.header("x-oss-meta-a") == "b")
            #expect(found.header("x-oss-tagging-count") == "1")
            #expect(found.header("Content-MD5") == nil)
            let late = try await surface.append("x", at: "5")
            #expect(late.status == 409)
            #expect(late.element("Code") == "PositionNotEqualToLength")
            #expect(late.element("EC") == "0026-00000016")
            #expect(late.header("x-oss-next-append-position") == "11")
            #expect(late.header("x-oss-hash-crc64ecma") == "5981764153023615706")
        }
    }

    struct BadAppend: Sendable, CustomTestStringConvertible {
        let target: String
        var headers: [(String, String)] = []
        let code: String
        var testDescription: String { target + headers.map(\.0).joined() }
    }

    @Test(arguments: [
        BadAppend(target: "?append", code: "MissingArgument"),
        BadAppend(target: "?append&position=", code: "MissingArgument"),
        BadAppend(target: "?append&position=-1", code: "InvalidArgument"),
        BadAppend(target: "?append&position=%2B0", code: "InvalidArgument"),
        BadAppend(target: "?append&position=1.0", code: "InvalidArgument"),
        BadAppend(target: "?append&position=99999999999999999999", code: "InvalidArgument"),
        BadAppend(target: "?append&position=1", code: "ObjectNotAppendable"),
        BadAppend(target: "?append&position=3", code: "ObjectNotAppendable"),
        BadAppend(target: "?position=0", code: "NotImplemented"),
        BadAppend(target: "?seal&position=3", code: "NotImplemented"),
        BadAppend(
            target: "?append&position=0", headers: [("x-oss-forbid-overwrite", "true")], code: "FileAlreadyExists"),
        BadAppend(target: "?append&position=0", headers: [("Content-Length", "5368709121")], code: "EntityTooLarge"),
        BadAppend(target: "?append&position=0", headers: [("x-oss-callback", "e30=")], code: "NotImplemented"),
        BadAppend(target: "2?append&position=5", code: "PositionNotEqualToLength"),
        BadAppend(
            target: "2?append&position=0", headers: [("Content-MD5", "XUFAKrxLKna5cZ2REBfFkg==")],
            code: "InvalidDigest"),
        BadAppend(target: "2?append&position=0", headers: [("x-oss-hash-crc64ecma", "7")], code: "InvalidCRC64"),
        BadAppend(target: "2?append&position=0", headers: [("Content-Length", "2")], code: "IncompleteBody"),
    ])
    func aBadAppendChangesNothing(_ bad: BadAppend) async throws {
        try await withSurface { surface in
            _ = try await surface.put("k", "old")
            let answer = try await surface.send(
                Call(method: "POST", target: "/bucket/k" + bad.target, headers: bad.headers, body: [7]))
            #expect(answer.element("Code") == bad.code)
            let old = try await surface.send(Call(method: "GET", target: "/bucket/k"))
            #expect(old.text == "old")
            let other = try await surface.send(Call(method: "HEAD", target: "/bucket/k2"))
            #expect(other.status == 404)
        }
    }

    private static func tagging(_ tags: String) -> String { "<Tagging><TagSet>\(tags)</TagSet></Tagging>" }
    private static func tag(_ key: String, _ value: String) -> String {
        "<Tag><Key>\(key)</Key><Value>\(value)</Value></Tag>"
    }

    @Test func tagsAreReplacedReadAndRemoved() async throws {
        try await withSurface { surface in
            _ = try await surface.put("k", "hello", [("x-oss-tagging", "a=1&b%20c=%2B")])
            let head = try await surface.send(Call(method: "HEAD", target: "/bucket/k"))
            #expect(head.header("x-oss-tagging-count") == "2")
            let first = try await surface.send(Call(method: "GET", target: "/bucket/k?tagging"))
            #expect(try Tagging(document: first.body).tags == [Tag("a", "1"), Tag("b c", "+")])
            let put = try await surface.send(
                Call(
                    method: "PUT", target: "/bucket/k?tagging", body: Array(Self.tagging(Self.tag("x", "")).utf8)))
            #expect(put.status == 200)
            let second = try await surface.send(Call(method: "GET", target: "/bucket/k?tagging"))
            #expect(try Tagging(document: second.body).tags == [Tag("x", "")])
            let deleted = try await surface.send(Call(method: "DELETE", target: "/bucket/k?tagging"))
            #expect(deleted.status == 204)
            let third = try await surface.send(Call(method: "GET", target: "/bucket/k?tagging"))
            #expect(try Tagging(document: third.body).tags.isEmpty)
            let after = try await surface.send(Call(method: "HEAD", target: "/bucket/k"))
            #expect(after.header("x-oss-tagging-count") == nil)
        }
    }

    @Test(arguments: [
        ("", "MalformedXML"), ("<Tagging/>", "MalformedXML"), ("<Tag/>", "MalformedXML"),
        (tagging(tag("", "v")), "InvalidTag"), (tagging(tag(String(repeating: "k", count: 129), "v")), "InvalidTag"),
        (tagging(tag("k", String(repeating: "v", count: 257))), "InvalidTag"), (tagging(tag("k!", "v")), "InvalidTag"),
        (tagging(tag("k", "v") + tag("k", "w")), "RepeatedTags"),
        (tagging((0..<11).map { tag("k\($0)", "") }.joined()), "TooManyTags"),
    ])
    func badTagsChangeNothing(document: String, code: String) async throws {
        try await withSurface { surface in
            _ = try await surface.put("k", "hello", [("x-oss-tagging", "a=1")])
            let answer = try await surface.send(
                Call(method: "PUT", target: "/bucket/k?tagging", body: Array(document.utf8)))
            #expect(answer.element("Code") == code)
            let tags = try await surface.send(Call(method: "GET", target: "/bucket/k?tagging"))
            #expect(try Tagging(document: tags.body).tags == [Tag("a", "1")])
        }
    }

    @Test(arguments: [
        ("a=1&a=2", "InvalidArgument"), ("=1", "InvalidArgument"), ("a=%zz", "InvalidArgument"),
        ("a=%ff", "InvalidArgument"), ("a=!", "InvalidTag"),
        ((0..<11).map { "k\($0)=" }.joined(separator: "&"), "TooManyTags"),
    ])
    func aBadTaggingHeaderStoresNothing(value: String, code: String) async throws {
        try await withSurface { surface in
            let put = try await surface.put("k", "hello", [("x-oss-tagging", value)])
            #expect(put.element("Code") == code)
            let begun = try await surface.send(
                Call(method: "POST", target: "/bucket/k?uploads", headers: [("x-oss-tagging", value)]))
            #expect(begun.element("Code") == code)
            let head = try await surface.send(Call(method: "HEAD", target: "/bucket/k"))
            #expect(head.status == 404)
        }
    }

    @Test(
        arguments: [
            (nil, nil, ["a"]), ("Copy", "x=1", ["a"]), ("Replace", "x=1", ["x"]), ("REPLACE", nil, []),
        ] as [(String?, String?, [String])])
    func aCopyKeepsOrReplacesTags(directive: String?, tags: String?, wanted: [String]) async throws {
        try await withSurface { surface in
            _ = try await surface.put("k", "hello", [("x-oss-tagging", "a=1")])
            var headers = [("x-oss-copy-source", "/bucket/k")]
            if let directive { headers.append(("x-oss-tagging-directive", directive)) }
            if let tags { headers.append(("x-oss-tagging", tags)) }
            let copy = try await surface.send(Call(method: "PUT", target: "/bucket/copy", headers: headers))
            #expect(copy.status == 200)
            let found = try await surface.send(Call(method: "GET", target: "/bucket/copy?tagging"))
            #expect(try Tagging(document: found.body).tags.map(\.key) == wanted)
            headers.append(("x-oss-tagging-directive", "Merge"))
            let bad = try await surface.send(
                Call(
                    method: "PUT", target: "/bucket/copy",
                    headers: [("x-oss-copy-source", "/bucket/k"), ("x-oss-tagging-directive", "Merge")]))
            #expect(bad.element("Code") == "InvalidArgument")
        }
    }

    @Test(arguments: ["default", "private", "public-read", "public-read-write"])
    func anObjectACLIsStoredAndReturned(acl: String) async throws {
        try await withSurface { surface in
            _ = try await surface.put("k", "hello")
            let put = try await surface.send(
                Call(method: "PUT", target: "/bucket/k?acl", headers: [("x-oss-object-acl", acl)]))
            #expect(put.status == 200)
            let found = try await surface.send(Call(method: "GET", target: "/bucket/k?acl"))
            #expect(try AccessControlPolicy<ObjectACL>(document: found.body).grant.rawValue == acl)
            // Assumption A-058.
            let anonymous = try await surface.send(Call(method: "GET", target: "/bucket/k", isSigned: false))
            #expect(anonymous.status == (acl.hasPrefix("public-") ? 200 : 403))
        }
    }

    @Test(arguments: ["private", "public-read", "public-read-write"])
    func aBucketACLIsStoredAndReturned(acl: String) async throws {
        try await withSurface { surface in
            let put = try await surface.send(
                Call(method: "PUT", target: "/bucket?acl", headers: [("x-oss-acl", acl)]))
            #expect(put.status == 200)
            #expect(put.header("Location") == "/bucket")
            let found = try await surface.send(Call(method: "GET", target: "/bucket/?acl"))
            #expect(try AccessControlPolicy<BucketACL>(document: found.body).grant.rawValue == acl)
            let facts = try await surface.send(Call(method: "GET", target: "/bucket?bucketInfo"))
            #expect(
                try XMLReader.read(facts.body).child("Bucket")?.child("AccessControlList")?.text(of: "Grant") == acl)
        }
    }

    @Test(arguments: [
        ("PUT", "/bucket/k?acl", "x-oss-object-acl", "", "InvalidArgument"),
        ("PUT", "/bucket/k?acl", "x-oss-object-acl", "Private", "InvalidArgument"),
        ("PUT", "/bucket/none?acl", "x-oss-object-acl", "private", "NoSuchKey"),
        ("PUT", "/bucket/k?acl&versionId=1", "x-oss-object-acl", "private", "InvalidArgument"),
        ("PUT", "/bucket/k?acl&versionId=CAEQNhiB", "x-oss-object-acl", "private", "NoSuchVersion"),
        ("GET", "/bucket/none?acl", "x-a", "b", "NoSuchKey"), ("GET", "/bucket/none?tagging", "x-a", "b", "NoSuchKey"),
        ("DELETE", "/bucket/none?tagging", "x-a", "b", "NoSuchKey"),
        ("DELETE", "/bucket/k?acl", "x-a", "b", "NotImplemented"),
        ("PUT", "/bucket?acl", "x-oss-acl", "", "InvalidArgument"),
        ("PUT", "/bucket?acl", "x-oss-acl", "default", "InvalidArgument"),
        ("PUT", "/none-there?acl", "x-oss-acl", "private", "NoSuchBucket"),
        ("GET", "/none-there?acl", "x-a", "b", "NoSuchBucket"),
    ])
    func aBadCallIsRefused(method: String, target: String, name: String, value: String, code: String) async throws {
        try await withSurface { surface in
            _ = try await surface.put("k", "hello")
            let answer = try await surface.send(Call(method: method, target: target, headers: [(name, value)]))
            #expect(answer.element("Code") == code)
        }
    }
}

extension TestSurface {
    fileprivate func append(
        _ text: String, at position: String, _ headers: [(String, String)] = []
    ) async throws -> Answer {
        try await send(
            Call(
                method: "POST", target: "/bucket/k?append&position=\(position)", headers: headers,
                body: Array(text.utf8)))
    }
}
