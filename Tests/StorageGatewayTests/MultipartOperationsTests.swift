import OSSKit
import StorageGateway
import Testing

/// Uploads in parts through the whole surface, each step with its refusals.
@Suite struct MultipartOperationsTests {
    private typealias Call = TestSurface.Call

    /// `hello`, as oss-wire fact 5 gives its checksums.
    private static let hello = "5D41402ABC4B2A76B9719D911017C592"

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

    @Test func onePartOfHelloHasTheETagOfTheDocuments() async throws {
        try await withSurface { surface in
            let id = try await surface.begin("a/k", [("Content-Type", "text/plain"), ("x-oss-meta-Who", "me")])
            let part = try await surface.part(1, "hello", of: "a/k", id)
            #expect(part.status == 200)
            #expect(part.header("ETag") == "\"\(Self.hello)\"")
            #expect(part.header("x-oss-hash-crc64ecma") == "11177612005948864433")
            #expect(part.header("Content-MD5") == "XUFAKrxLKna5cZ2REBfFkg==")
            let done = try await surface.complete("a/k", id, [(1, Self.hello)])
            #expect(done.status == 200)
            #expect(done.element("ETag") == "\"F872A18EB88181EB00816510E762FEE6-1\"")
            #expect(done.element("Bucket") == "bucket")
            #expect(done.element("Key") == "a/k")
            #expect(done.element("Location") == "http://127.0.0.1:10724/bucket/a/k")
            #expect(done.header("x-oss-hash-crc64ecma") == "11177612005948864433")
            let found = try await surface.send(Call(method: "GET", target: "/bucket/a/k"))
            #expect(found.text == "hello")
            #expect(found.header("ETag") == "\"F872A18EB88181EB00816510E762FEE6-1\"")
            #expect(found.header("x-oss-object-type") == "Multipart")
            #expect(found.header("Content-MD5") == nil)
            #expect(found.header("Content-Type") == "text/plain")
            #expect(found.header("x-oss-meta-who") == "me")
            let again = try await surface.complete("a/k", id, [(1, Self.hello)])
            #expect(again.status == 404)
            #expect(again.element("Code") == "NoSuchUpload")
            #expect(again.element("UploadId") == id)
        }
    }

    @Test func keysAreEncodedOnRequest() async throws {
        try await withSurface { surface in
            let begun = try await surface.send(
                Call(method: "POST", target: "/bucket/a%20b/c%2B?uploads&encoding-type=url"))
            #expect(begun.element("Key") == "a%20b%2Fc%2B")
            #expect(begun.element("EncodingType") == "url")
            let id = try #require(begun.element("UploadId"))
            let parts = try await surface.send(
                Call(method: "GET", target: "/bucket/a%20b/c%2B?uploadId=\(id)&encoding-type=url"))
            #expect(parts.element("Key") == "a%20b%2Fc%2B")
            let uploads = try await surface.send(
                Call(method: "GET", target: "/bucket?uploads&encoding-type=url&prefix=a+b"))
            let root = try XMLReader.read(uploads.body)
            #expect(root.text(of: "Prefix") == "a%20b")
            #expect(root.all("Upload").map { $0.text(of: "Key") } == ["a%20b%2Fc%2B"])
        }
    }

    @Test func listsTellWhatIsThere() async throws {
        try await withSurface { surface in
            let id = try await surface.begin("k", [("x-oss-storage-class", "IA")])
            for number in [1, 5, 7] { _ = try await surface.part(number, "hello", of: "k", id) }
            let page = try await surface.send(Call(method: "GET", target: "/bucket/k?uploadId=\(id)&max-parts=2"))
            let root = try XMLReader.read(page.body)
            #expect(root.text(of: "IsTruncated") == "true")
            #expect(root.text(of: "NextPartNumberMarker") == "5")
            #expect(root.text(of: "MaxParts") == "2")
            #expect(root.text(of: "StorageClass") == "IA")
            #expect(root.all("Part").map { $0.text(of: "PartNumber") } == ["1", "5"])
            #expect(root.all("Part").map { $0.text(of: "ETag") } == Array(repeating: "\"\(Self.hello)\"", count: 2))
            let rest = try await surface.send(
                Call(method: "GET", target: "/bucket/k?uploadId=\(id)&part-number-marker=5"))
            let restRoot = try XMLReader.read(rest.body)
            #expect(restRoot.text(of: "IsTruncated") == "false")
            #expect(restRoot.all("Part").map { $0.text(of: "PartNumber") } == ["7"])
            let uploads = try await surface.send(Call(method: "GET", target: "/bucket?uploads"))
            let list = try XMLReader.read(uploads.body)
            #expect(list.all("Upload").map { $0.text(of: "UploadId") } == [id])
            #expect(list.all("Upload").map { $0.text(of: "Initiated") } == ["2027-01-15T08:00:00.000Z"])
            #expect(list.text(of: "NextKeyMarker") == "")
            #expect(list.text(of: "MaxUploads") == "1000")
            let aborted = try await surface.send(Call(method: "DELETE", target: "/bucket/k?uploadId=\(id)"))
            #expect(aborted.status == 204)
            let gone = try await surface.send(Call(method: "DELETE", target: "/bucket/k?uploadId=\(id)"))
            #expect(gone.element("Code") == "NoSuchUpload")
        }
    }

    @Test func allPartsAreTakenOnRequest() async throws {
        try await withSurface { surface in
            let id = try await surface.begin("k")
            _ = try await surface.part(4, "hello", of: "k", id)
            let both = try await surface.complete("k", id, [(4, Self.hello)], [("x-oss-complete-all", "yes")])
            #expect(both.element("Code") == "InvalidArgument")
            #expect(both.element("EC") == "0042-00000216")
            let all = try await surface.send(
                Call(method: "POST", target: "/bucket/k?uploadId=\(id)", headers: [("x-oss-complete-all", "yes")]))
            #expect(all.status == 200)
            #expect(all.element("ETag") == "\"F872A18EB88181EB00816510E762FEE6-1\"")
        }
    }

    struct BadCompletion: Sendable, CustomTestStringConvertible {
        let name: String
        let body: String
        var headers: [(String, String)] = []
        let code: String
        var ec: String?
        var testDescription: String { name }
    }

    private static func document(_ parts: String) -> String {
        "<CompleteMultipartUpload>\(parts)</CompleteMultipartUpload>"
    }

    private static func element(_ number: String, _ etag: String = hello) -> String {
        "<Part><PartNumber>\(number)</PartNumber><ETag>\(etag)</ETag></Part>"
    }

    @Test(arguments: [
        BadCompletion(name: "nothing", body: "", code: "MalformedXML"),
        BadCompletion(name: "no part", body: document(""), code: "MalformedXML", ec: "0042-00000205"),
        BadCompletion(name: "another root", body: "<Delete>\(element("1"))</Delete>", code: "MalformedXML"),
        BadCompletion(name: "half a document", body: "<CompleteMultipartUpload>", code: "MalformedXML"),
        BadCompletion(
            name: "no ETag", body: document("<Part><PartNumber>1</PartNumber></Part>"), code: "MalformedXML"),
        BadCompletion(name: "number 0", body: document(element("0")), code: "InvalidArgument", ec: "0017-00000220"),
        BadCompletion(name: "number 10001", body: document(element("10001")), code: "InvalidArgument"),
        BadCompletion(name: "number +1", body: document(element("+1")), code: "InvalidArgument"),
        BadCompletion(
            name: "number of 30 digits", body: document(element("1" + String(repeating: "0", count: 30))),
            code: "InvalidArgument"),
        BadCompletion(
            name: "descending", body: document(element("2") + element("1")), code: "InvalidPartOrder",
            ec: "0042-00000209"),
        BadCompletion(name: "twice", body: document(element("1") + element("1")), code: "InvalidPartOrder"),
        BadCompletion(name: "missing", body: document(element("1") + element("3")), code: "InvalidPart"),
        BadCompletion(name: "another ETag", body: document(element("1", "\"\(hello)0\"")), code: "InvalidPart"),
        BadCompletion(
            name: "too small", body: document(element("1") + element("2")), code: "EntityTooSmall",
            ec: "0042-00000213"),
        BadCompletion(
            name: "callback", body: document(element("1")), headers: [("x-oss-callback", "e30=")],
            code: "InvalidArgument"),
        BadCompletion(
            name: "unknown ACL", body: document(element("1")), headers: [("x-oss-object-acl", "all")],
            code: "InvalidArgument"),
        BadCompletion(
            name: "complete-all no", body: document(element("1")), headers: [("x-oss-complete-all", "no")],
            code: "InvalidArgument"),
        BadCompletion(
            name: "MD5 of another body", body: document(element("1")),
            headers: [("Content-MD5", "XUFAKrxLKna5cZ2REBfFkg==")], code: "InvalidDigest"),
        BadCompletion(
            name: "taken key", body: document(element("1")), headers: [("x-oss-forbid-overwrite", "true")],
            code: "FileAlreadyExists"),
    ])
    func aBadCompletionChangesNothing(_ bad: BadCompletion) async throws {
        try await withSurface { surface in
            _ = try await surface.put("k", "old")
            let id = try await surface.begin("k")
            _ = try await surface.part(1, "hello", of: "k", id)
            _ = try await surface.part(2, "hello", of: "k", id)
            let answer = try await surface.send(
                Call(
                    method: "POST", target: "/bucket/k?uploadId=\(id)", headers: bad.headers, body: Array(bad.body.utf8)
                ))
            #expect(answer.element("Code") == bad.code)
            if let ec = bad.ec { #expect(answer.element("EC") == ec) }
            let parts = try await surface.send(Call(method: "GET", target: "/bucket/k?uploadId=\(id)"))
            #expect(try XMLReader.read(parts.body).all("Part").count == 2)
            let old = try await surface.send(Call(method: "GET", target: "/bucket/k"))
            #expect(old.text == "old")
        }
    }

    struct BadCall: Sendable, CustomTestStringConvertible {
        let method: String
        /// `ID` stands for the ID of the upload.
        let target: String
        var headers: [(String, String)] = []
        var body: String?
        let code: String
        var testDescription: String { "\(method) \(target)" }
    }

    @Test(arguments: [
        BadCall(method: "PUT", target: "k?uploadId=ID&partNumber=0", body: "x", code: "InvalidArgument"),
        BadCall(method: "PUT", target: "k?uploadId=ID&partNumber=10001", body: "x", code: "InvalidArgument"),
        BadCall(method: "PUT", target: "k?uploadId=ID&partNumber=-1", body: "x", code: "InvalidArgument"),
        BadCall(method: "PUT", target: "k?uploadId=ID&partNumber=1.0", body: "x", code: "InvalidArgument"),
        BadCall(method: "PUT", target: "k?uploadId=ID&partNumber=", body: "x", code: "InvalidArgument"),
        BadCall(method: "PUT", target: "k?uploadId=ID", body: "x", code: "InvalidArgument"),
        BadCall(method: "PUT", target: "k?partNumber=1", body: "x", code: "NotImplemented"),
        BadCall(method: "PUT", target: "k?uploadId=&partNumber=1", body: "x", code: "NoSuchUpload"),
        BadCall(method: "PUT", target: "k?uploadId=abc&partNumber=1", body: "x", code: "NoSuchUpload"),
        BadCall(method: "PUT", target: "k?uploadId=a%20b&partNumber=1", body: "x", code: "NoSuchUpload"),
        BadCall(method: "PUT", target: "other?uploadId=ID&partNumber=1", body: "x", code: "NoSuchUpload"),
        BadCall(
            method: "PUT", target: "k?uploadId=ID&partNumber=1", headers: [("Content-MD5", "XUFAKrxLKna5cZ2REBfFkg==")],
            body: "x", code: "InvalidDigest"),
        BadCall(
            method: "PUT", target: "k?uploadId=ID&partNumber=1", headers: [("x-oss-hash-crc64ecma", "1")], body: "x",
            code: "InvalidCRC64"),
        BadCall(
            method: "PUT", target: "k?uploadId=ID&partNumber=1", headers: [("Content-Length", "5368709121")], body: "x",
            code: "EntityTooLarge"),
        BadCall(
            method: "PUT", target: "k?uploadId=ID&partNumber=1", headers: [("Content-Length", "2")], body: "x",
            code: "IncompleteBody"),
        BadCall(method: "PUT", target: "k?uploadId=ID&partNumber=1", code: "MissingContentLength"),
        BadCall(method: "POST", target: "other?uploadId=ID", body: "x", code: "NoSuchUpload"),
        BadCall(method: "DELETE", target: "other?uploadId=ID", code: "NoSuchUpload"),
        BadCall(method: "GET", target: "other?uploadId=ID", code: "NoSuchUpload"),
        BadCall(method: "GET", target: "k?uploadId=ID&max-parts=0", code: "InvalidArgument"),
        BadCall(method: "GET", target: "k?uploadId=ID&max-parts=1001", code: "InvalidArgument"),
        BadCall(method: "GET", target: "k?uploadId=ID&part-number-marker=x", code: "InvalidArgument"),
        BadCall(method: "GET", target: "k?uploadId=ID&encoding-type=base64", code: "InvalidArgument"),
        BadCall(method: "GET", target: "?uploads&max-uploads=1001", code: "InvalidArgument"),
        BadCall(method: "GET", target: "?uploads&encoding-type=xml", code: "InvalidArgument"),
        BadCall(method: "POST", target: "k?uploads&encoding-type=xml", code: "InvalidArgument"),
        BadCall(method: "POST", target: "k?uploads", headers: [("x-oss-callback", "e30=")], code: "NotImplemented"),
        BadCall(
            method: "POST", target: "k?uploads", headers: [("x-oss-storage-class", "Fast")], code: "InvalidArgument"),
        BadCall(
            method: "POST", target: "k?uploads", headers: [("x-oss-forbid-overwrite", "true")],
            code: "FileAlreadyExists"),
        BadCall(method: "POST", target: "k?uploads=&uploadId=ID", code: "NotImplemented"),
        BadCall(method: "DELETE", target: "?uploads", code: "NotImplemented"),
        BadCall(method: "DELETE", target: "", code: "BucketNotEmpty"),
    ])
    func aBadCallIsRefusedByItsName(_ bad: BadCall) async throws {
        try await withSurface { surface in
            _ = try await surface.put("k", "old")
            let id = try await surface.begin("k")
            if bad.code == "BucketNotEmpty" { _ = try await surface.send(Call(method: "DELETE", target: "/bucket/k")) }
            let target = "/bucket/" + bad.target.replacing("ID", with: id)
            let answer = try await surface.send(
                Call(method: bad.method, target: target, headers: bad.headers, body: bad.body.map { Array($0.utf8) }))
            #expect(answer.element("Code") == bad.code)
            let parts = try await surface.send(Call(method: "GET", target: "/bucket/k?uploadId=\(id)"))
            #expect(try XMLReader.read(parts.body).all("Part").isEmpty)
        }
    }

    @Test func aPartIsCopiedFromAnObject() async throws {
        try await withSurface { surface in
            _ = try await surface.put("source", "hello world")
            let id = try await surface.begin("k")
            let cases: [(number: Int, range: String?, contentRange: String?, md5: String)] = [
                (1, nil, nil, MD5Digest.hex("hello world")), (2, "bytes=0-4", "bytes 0-4/11", Self.hello),
                (3, "bytes=6-", "bytes 6-10/11", MD5Digest.hex("world")),
                // Assumption A-055.
                (4, "bytes=6-11", nil, MD5Digest.hex("hello world")), (5, "x", nil, MD5Digest.hex("hello world")),
            ]
            for row in cases {
                let answer = try await surface.copyPart(row.number, range: row.range, to: "k", id)
                #expect(answer.status == 200)
                #expect(answer.element("ETag") == "\"\(row.md5)\"")
                #expect(answer.header("Content-Range") == row.contentRange)
            }
            let done = try await surface.complete("k", id, [(2, Self.hello)])
            #expect(done.status == 200)
            let found = try await surface.send(Call(method: "GET", target: "/bucket/k"))
            #expect(found.text == "hello")
        }
    }

    @Test(arguments: [
        ("x-oss-copy-source", "/bucket/none", "NoSuchKey", 404),
        ("x-oss-copy-source", "/none-there/k", "NoSuchBucket", 404),
        ("x-oss-copy-source", "nothing", "InvalidArgument", 400),
        ("x-oss-copy-source-if-match", "\"0\"", "PreconditionFailed", 412),
        ("x-oss-copy-source-if-none-match", "\"\(hello)\"", nil, 304),
    ])
    func aBadSourceMakesNoPart(name: String, value: String, code: String?, status: Int) async throws {
        try await withSurface { surface in
            _ = try await surface.put("source", "hello")
            let id = try await surface.begin("k")
            let answer = try await surface.copyPart(1, range: nil, to: "k", id, [(name, value)])
            #expect(answer.status == status)
            #expect(answer.element("Code") == code)
            let parts = try await surface.send(Call(method: "GET", target: "/bucket/k?uploadId=\(id)"))
            #expect(try XMLReader.read(parts.body).all("Part").isEmpty)
        }
    }
}

extension MD5Digest {
    fileprivate static func hex(_ text: String) -> String { Hexadecimal.upper(of(text.utf8)) }
}

extension TestSurface {
    /// Begins an upload and insists on its ID.
    fileprivate func begin(_ key: String, _ headers: [(String, String)] = []) async throws -> String {
        let answer = try await send(Call(method: "POST", target: "/bucket/\(key)?uploads", headers: headers))
        let id = try #require(answer.element("UploadId"))
        #expect(id.utf8.count == 32)
        return id
    }

    fileprivate func part(_ number: Int, _ text: String, of key: String, _ id: String) async throws -> Answer {
        try await send(
            Call(
                method: "PUT", target: "/bucket/\(key)?partNumber=\(number)&uploadId=\(id)", body: Array(text.utf8)))
    }

    fileprivate func copyPart(
        _ number: Int, range: String?, to key: String, _ id: String, _ headers: [(String, String)] = []
    ) async throws -> Answer {
        var headers = headers
        if !headers.contains(where: { $0.0 == "x-oss-copy-source" }) {
            headers.append(("x-oss-copy-source", "/bucket/source"))
        }
        if let range { headers.append(("x-oss-copy-source-range", range)) }
        return try await send(
            Call(method: "PUT", target: "/bucket/\(key)?partNumber=\(number)&uploadId=\(id)", headers: headers))
    }

    fileprivate func complete(
        _ key: String, _ id: String, _ parts: [(Int, String)], _ headers: [(String, String)] = []
    ) async throws -> Answer {
        let document =
            "<CompleteMultipartUpload>"
            + parts.map { "<Part><PartNumber>\($0.0)</PartNumber><ETag>\"\($0.1)\"</ETag></Part>" }.joined()
            + "</CompleteMultipartUpload>"
        return try await send(
            Call(
                method: "POST", target: "/bucket/\(key)?uploadId=\(id)", headers: headers, body: Array(document.utf8)))
    }
}
