import OSSKit
import StorageGateway
import Testing

/// Source of the cases: oss-wire facts 0.2, 1.2 and 1.3.
@Suite struct AddressingTests {
    private let addressing = Addressing(
        virtualHostDomains: ["localhost", "oss.example.com", "s3.oss.example.com"],
        boundHosts: ["static.example.org": "site"], ownDomains: ["own.example.com"])

    struct Case: Sendable, CustomTestStringConvertible {
        let host: String
        let target: String
        let bucket: String?
        let key: String?

        var testDescription: String { "\(host)\(target)" }
    }

    @Test(arguments: [
        Case(host: "127.0.0.1:10724", target: "/", bucket: nil, key: nil),
        Case(host: "127.0.0.1:10724", target: "/b", bucket: "b", key: nil),
        Case(host: "127.0.0.1:10724", target: "/b/", bucket: "b", key: nil),
        Case(host: "127.0.0.1:10724", target: "/b/k", bucket: "b", key: "k"),
        Case(host: "127.0.0.1", target: "/b//k", bucket: "b", key: "/k"),
        Case(host: "127.0.0.1", target: "/b/a%2Fb%20c.txt", bucket: "b", key: "a/b c.txt"),
        Case(host: "127.0.0.1", target: "/b/a/../c", bucket: "b", key: "a/../c"),
        Case(host: "127.0.0.1", target: "/b/a%252Fb", bucket: "b", key: "a%2Fb"),
        Case(host: "127.0.0.1", target: "/b/a+b", bucket: "b", key: "a+b"),
        Case(host: "127.0.0.1", target: "/b/k/", bucket: "b", key: "k/"),
        Case(host: "localhost:10724", target: "/b/k", bucket: "b", key: "k"),
        Case(host: "b.localhost:10724", target: "/", bucket: "b", key: nil),
        Case(host: "b.localhost:10724", target: "/k/l", bucket: "b", key: "k/l"),
        Case(host: "B.LOCALHOST", target: "/k", bucket: "b", key: "k"),
        Case(host: "b.oss.example.com", target: "/k", bucket: "b", key: "k"),
        Case(host: "oss.example.com", target: "/b/k", bucket: "b", key: "k"),
        Case(host: "storage", target: "/b/k", bucket: "b", key: "k"),
        Case(host: "a.b.localhost", target: "/c/k", bucket: "c", key: "k"),
        Case(host: "b.s3.oss.example.com", target: "/k", bucket: "b", key: "k"),
        Case(host: "s3.oss.example.com", target: "/b/k", bucket: "b", key: "k"),
        Case(host: "static.example.org", target: "/k/l", bucket: "site", key: "k/l"),
        Case(host: "Static.Example.Org:8080", target: "/", bucket: "site", key: nil),
        Case(host: "other.example.org", target: "/b/k", bucket: "b", key: "k"),
        Case(host: "own.example.com", target: "/", bucket: nil, key: nil),
        Case(host: "evil-localhost", target: "/b/k", bucket: "b", key: "k"),
    ])
    func hostAndPathNameBucketAndKey(_ row: Case) throws {
        let resource = try addressing.resource(host: row.host, target: RequestTarget(row.target))
        #expect(resource.bucket == row.bucket)
        let key = resource.key.map { String(decoding: $0, as: UTF8.self) }
        #expect(key == row.key)
    }

    @Test(arguments: ["/b", "/b/", "/b/k"])
    func pathStyleIsRefusedWhereItIsNotTaken(_ target: String) throws {
        let parsed = try RequestTarget(target)
        let refusal = #expect(throws: OSSError.self) {
            try addressing.resource(host: "own.example.com:443", target: parsed)
        }
        #expect(refusal?.code == .secondLevelDomainForbidden)
    }

    @Test(arguments: [
        ("b.localhost:10724", "localhost:10724", false), ("localhost", "localhost", true),
        ("static.example.org", "static.example.org", false), ("127.0.0.1:1", "127.0.0.1:1", true),
    ])
    func theEndpointIsTheHostWithoutItsBucket(_ host: String, endpoint: String, isPathStyle: Bool) {
        #expect(addressing.endpointHost(of: host) == endpoint)
        #expect(addressing.isPathStyle(host: host) == isPathStyle)
    }

    @Test(arguments: ["/b/%", "/b/%2", "/b/%zz", "/%zz/k"])
    func malformedPercentCodingIsRefused(_ target: String) throws {
        let parsed = try RequestTarget(target)
        let refusal = #expect(throws: OSSError.self) {
            try addressing.resource(host: "127.0.0.1", target: parsed)
        }
        #expect(refusal?.code.status == 400)
    }
}
