import HTTPFront
import NIOHTTP1
import Testing

/// Source of the cases: RFC 9112 sections 3.2, 3.3 and 6; SECURITY checklist 6 and 7.
@Suite struct RequestHeadCheckTests {
    private static func head(
        _ fields: [(String, String)], target: String = "/b/k", version: HTTPVersion = .http1_1
    ) -> HTTPRequestHead {
        HTTPRequestHead(version: version, method: .PUT, uri: target, headers: HTTPHeaders(fields))
    }

    @Test(arguments: [
        "127.0.0.1", "127.0.0.1:10724", "localhost", "b.localhost:80", "[::1]", "[::1]:10724", "my_host.example.com",
        "host:65535",
    ])
    func aValidHostPasses(_ host: String) {
        let found = RequestHeadCheck.refusal(of: Self.head([("Host", host)]))
        #expect(found == nil)
    }

    @Test(arguments: [
        "", " ", "a b", "a/b", "user@host", "host:", "host:port", "host:123456", "host:65536", "[::1", "[]", "[::1]x",
        "a,b", "a:1:2",
        "host\u{7f}", "hé",
    ])
    func anInvalidHostIsRefused(_ host: String) {
        let found = RequestHeadCheck.refusal(of: Self.head([("Host", host)]))
        #expect(found == .hostInvalid)
    }

    @Test func noHostAndTwoHostsAreRefused() {
        let none = RequestHeadCheck.refusal(of: Self.head([]))
        let two = RequestHeadCheck.refusal(of: Self.head([("Host", "a"), ("host", "a")]))
        #expect(none == .hostInvalid)
        #expect(two == .hostInvalid)
    }

    @Test(arguments: ["http://a/b", "*", "a:443", "", "b/k", "/a#b", "/a b", "/a\u{e9}", "/a\tb"])
    func aTargetInAnotherFormIsRefused(_ target: String) {
        let found = RequestHeadCheck.refusal(of: Self.head([("Host", "a")], target: target))
        #expect(found == .targetInvalid)
    }

    @Test(arguments: ["gzip, chunked", "xchunked", "chunked, chunked", "identity", "", "chunked;q=1"])
    func anotherTransferEncodingIsRefused(_ encoding: String) {
        let found = RequestHeadCheck.refusal(of: Self.head([("Host", "a"), ("Transfer-Encoding", encoding)]))
        #expect(found == .transferEncodingInvalid)
    }

    @Test func chunkedStandsAloneAndOnlyInHTTP11() {
        let fields = [("Host", "a"), ("Transfer-Encoding", "Chunked")]
        let plain = RequestHeadCheck.refusal(of: Self.head(fields))
        let old = RequestHeadCheck.refusal(of: Self.head(fields, version: .http1_0))
        let both = RequestHeadCheck.refusal(of: Self.head(fields + [("Content-Length", "3")]))
        let twice = RequestHeadCheck.refusal(of: Self.head(fields + [("Transfer-Encoding", "chunked")]))
        #expect(plain == nil)
        #expect(old == .transferEncodingInvalid)
        #expect(both == .transferEncodingInvalid)
        #expect(twice == .transferEncodingInvalid)
    }

    @Test func bytesThatAreNotUTF8AreRefused() {
        let found = RequestHeadCheck.refusal(of: Self.head([("Host", "a"), ("x-oss-meta-a", "\u{FFFD}")]))
        #expect(found == .headerNotUTF8)
    }

    @Test func onlyOneExpectationIsMet() {
        let usual = RequestHeadCheck.refusal(of: Self.head([("Host", "a"), ("Expect", "100-Continue")]))
        let other = RequestHeadCheck.refusal(of: Self.head([("Host", "a"), ("Expect", "200-ok")]))
        #expect(usual == nil)
        #expect(other == .expectationUnknown)
    }
}
