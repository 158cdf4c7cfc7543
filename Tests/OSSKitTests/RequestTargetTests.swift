import OSSKit
import Testing

@Suite struct RequestTargetTests {
    @Test(
        arguments: [
            ("/", nil, nil), ("/?acl", nil, nil), ("/bucket", "bucket", nil), ("/bucket/", "bucket", nil),
            ("/bucket?acl", "bucket", nil), ("/bucket/a", "bucket", "a"),
            ("/bucket/a%2Fb%20c.txt", "bucket", "a/b c.txt"),
            ("/bucket/a/../b", "bucket", "a/../b"), ("/bucket/.", "bucket", "."), ("/bucket//x", "bucket", "/x"),
            ("/bucket/a//b/", "bucket", "a//b/"), ("/bucket/a+b", "bucket", "a+b"), ("/bucket/%252F", "bucket", "%2F"),
            ("/bucket/k%3Facl", "bucket", "k?acl"), ("/b%75cket/k", "bucket", "k"), ("/bucket%2Fk", "bucket/k", nil),
            ("/bucket/中", "bucket", "中"),
        ] as [(String, String?, String?)])
    func bucketAndKeyAreSplitOnTheRawPath(raw: String, bucket: String?, key: String?) throws {
        let found = try RequestTarget(raw).pathStyleResource()
        let wantedKey = key.map { Array($0.utf8) }
        #expect(found.bucket == bucket)
        #expect(found.key == wantedKey)
    }

    @Test(
        arguments: [
            ("/", nil), ("/a%2Fb", "a/b"), ("//x", "/x"), ("/bucket/k", "bucket/k"), ("/%2e%2e/x", "../x"),
        ] as [(String, String?)])
    func theWholePathIsTheKeyWhenTheHostNamesTheBucket(raw: String, key: String?) throws {
        let found = try RequestTarget(raw).hostStyleResource(bucket: "bucket")
        let wantedKey = key.map { Array($0.utf8) }
        #expect(found.bucket == "bucket")
        #expect(found.key == wantedKey)
    }

    @Test(arguments: [
        "", "bucket/key", "http://host/bucket", "*", "host:443", "?acl", "/a#b", "/a?x#y", "/a b", "/a\tb", "/a\u{0}b",
        "/a\r\nb", "/\u{7F}", "/" + String(repeating: "a", count: Limits.maximumTargetBytes),
    ])
    func otherFormsAreRefused(raw: String) {
        let found = #expect(throws: OSSError.self) { try RequestTarget(raw) }
        #expect(found?.code == .invalidRequest)
    }

    @Test(arguments: [
        "/b/k?%zz=1", "/b/k?a=%", "/b/k?a=%4", "/b/k?a=%ff", "/b/k?a=%ed%a0%80", "/b/k?a=%c0%af", "/b/k?%ff",
        "/b/k?a=" + String(repeating: "x", count: Limits.maximumQueryValueBytes + 1),
        "/b/k?" + String(repeating: "x", count: Limits.maximumQueryNameBytes + 1),
        "/b/k?" + Array(repeating: "a", count: Limits.maximumQueryItems + 1).joined(separator: "&"),
    ])
    func malformedParametersAreRefused(raw: String) {
        let found = #expect(throws: OSSError.self) { try RequestTarget(raw) }
        #expect(found?.code == .invalidArgument)
        #expect(found?.code.status == 400)
    }

    @Test(arguments: ["/bucket/%zz", "/bucket/%", "/bucket/a%2", "/bucket/%%20"])
    func aMalformedKeyIsRefused(raw: String) throws {
        let target = try RequestTarget(raw)
        let found = #expect(throws: OSSError.self) { try target.pathStyleResource() }
        #expect(found?.code == .invalidObjectName)
    }

    @Test(arguments: ["//key", "/%zz/key", "/%ff/key", "/%"])
    func aMalformedBucketIsRefused(raw: String) throws {
        let target = try RequestTarget(raw)
        let found = #expect(throws: OSSError.self) { try target.pathStyleResource() }
        #expect(found?.code == .invalidBucketName)
    }

    @Test func aPlusIsABlankInTheQueryOnly() throws {
        let target = try RequestTarget("/b/a+b?prefix=a+b%2B&acl&versions=&x=1=2&x=3&&%6Darker=m")
        #expect(target.value(of: "prefix") == "a b+")
        #expect(target.value(of: "acl") == "")
        #expect(target.value(of: "versions") == "")
        #expect(target.value(of: "x") == "1=2")
        #expect(target.count(of: "x") == 2)
        #expect(target.value(of: "marker") == "m")
        #expect(target.value(of: "Acl") == nil)
        #expect(target.query.count == 6)
        #expect(target.rawPath == "/b/a+b")
    }

    @Test func namesThatOnlyLookEqualAreOthers() throws {
        // U+212A is the Kelvin sign, which Swift's String calls equal to K.
        let target = try RequestTarget("/b/k?OSSAccess%E2%84%AAeyId=x&e%CC%81=1")
        #expect(!target.contains("OSSAccessKeyId"))
        #expect(!target.contains("\u{E9}"))
        #expect(target.contains("e\u{301}"))
    }

    @Test func garbageNeverTraps() {
        var random = SeededRandom(seed: 20_250_711)
        for _ in 0..<20_000 {
            let text = random.text(from: "/%?&=+#aF2é\u{0} \u{212A}.", upTo: 24)
            guard let target = try? RequestTarget(text) else { continue }
            _ = try? target.pathStyleResource()
            _ = try? target.hostStyleResource(bucket: "b")
        }
    }
}

@Suite struct WireRequestTests {
    @Test func fieldsOfOneNameAreJoined() throws {
        let request = WireRequest(
            method: "GET", scheme: "http", host: "h", target: try RequestTarget("/"),
            headers: [.init("X-Oss-Meta-A", " 1 "), .init("x-oss-meta-a", "\t2"), .init("Empty", " ")])
        #expect(request.header("x-OSS-meta-a") == "1,2")
        #expect(request.header("empty") == "")
        #expect(request.header("absent") == nil)
    }
}
