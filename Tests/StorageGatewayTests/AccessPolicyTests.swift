import OSSKit
import StorageGateway
import Testing

/// Which documents are policies; source: assumption A-094.
@Suite struct AccessPolicyTests {
    private static func document(_ statement: String, version: String = #""1""#) -> [UInt8] {
        Array(#"{"Version": \#(version), "Statement": [\#(statement)]}"#.utf8)
    }

    private static let good =
        #""Effect": "Allow", "Principal": ["1"], "Action": ["oss:GetObject"], "Resource": ["acs:oss:*:*:b/*"]"#

    @Test func aDocumentOfEveryElementIsRead() throws {
        let statement = """
            {"Sid": "x", \(Self.good), "Condition": {"IpAddress": {"acs:SourceIp": ["10.0.0.0/8", "2001:db8::/32"]}}}
            """
        let policy = try AccessPolicy(json: Self.document(statement), kind: .bucket)
        #expect(!policy.isPublic)
        let single = #"{"Version": "1", "Statement": {\#(Self.good)}}"#
        _ = try AccessPolicy(json: Array(single.utf8), kind: .bucket)
    }

    @Test(arguments: [
        "", "[]", "{}", "nonsense", #"{"Version": "1"}"#, #"{"Version": "1", "Statement": []}"#,
        #"{"Version": "1", "Statement": ["x"]}"#, #"{"Version": "1", "Statement": [{}], "More": 1}"#,
    ])
    func whatIsNoPolicyIsRefused(_ text: String) {
        let refusal = #expect(throws: OSSError.self) { try AccessPolicy(json: Array(text.utf8), kind: .bucket) }
        #expect(refusal?.code == .invalidPolicyDocument)
    }

    @Test(arguments: [
        #"{"Effect": "allow", "Principal": "*", "Action": "*", "Resource": "*"}"#,
        #"{"Effect": "Allow", "Action": "*", "Resource": "*"}"#,
        #"{"Effect": "Allow", "Principal": "*", "Resource": "*"}"#,
        #"{"Effect": "Allow", "Principal": "*", "Action": "*"}"#,
        #"{"Effect": "Allow", "Principal": [], "Action": "*", "Resource": "*"}"#,
        #"{"Effect": "Allow", "Principal": "*", "NotPrincipal": "1", "Action": "*", "Resource": "*"}"#,
        #"{"Effect": "Allow", "Principal": {"RAM": "1"}, "Action": "*", "Resource": "*"}"#,
        #"{"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "*"}"#,
        #"{"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "bucket/*"}"#,
        #"{"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "acs:oss:*:*:"}"#,
        #"{"Effect": "Allow", "Principal": "*", "Action": [1], "Resource": "*"}"#,
        #"{"Effect": "Allow", "Principal": "*", "Action": [["*"]], "Resource": "*"}"#,
        #"{"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*", "Until": "x"}"#,
        #"{"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*", "Condition": []}"#,
    ])
    func aStatementThatSaysTooLittleOrTooMuchIsRefused(_ statement: String) {
        let refusal = #expect(throws: OSSError.self) {
            try AccessPolicy(json: Self.document(statement), kind: .bucket)
        }
        #expect(refusal?.code == .invalidPolicyDocument)
    }

    @Test(arguments: [
        #"{"IpAddress": {"acs:SourceIp": "10.0.0.0/33"}}"#, #"{"IpAddress": {"acs:SourceIp": "somewhere"}}"#,
        #"{"IpAddress": {"acs:SourceIp": []}}"#, #"{"IpAddress": {"acs:UserAgent": "10.0.0.0/8"}}"#,
        #"{"StringLike": {"acs:SourceIp": "10.*"}}"#, #"{"Bool": {"acs:SecureTransport": "maybe"}}"#,
        #"{"DateLessThan": {"acs:CurrentTime": "soon"}}"#, #"{"StringEquals": {"acs:SourceVpc": "vpc"}}"#,
        #"{"NumericLessThan": {"oss:MaxKeys": "10"}}"#, #"{"StringEquals": "x"}"#,
    ])
    func aConditionThatWouldNeverBeLookedAtIsRefused(_ condition: String) {
        let statement = #"{\#(Self.good), "Condition": \#(condition)}"#
        let refusal = #expect(throws: OSSError.self) {
            try AccessPolicy(json: Self.document(statement), kind: .bucket)
        }
        #expect(refusal?.code == .invalidPolicyDocument)
    }

    @Test func aPolicyOfAKeyNamesNoPrincipal() {
        let refusal = #expect(throws: OSSError.self) {
            try AccessPolicy(json: Self.document("{\(Self.good)}"), kind: .identity)
        }
        #expect(refusal?.code == .invalidPolicyDocument)
    }

    @Test func whatIsTooLongOrTooDeepIsRefused() {
        let deep = String(repeating: "[", count: 20_000)
        let name = String(repeating: "x", count: 17_000)
        let long = #"{"Version": "1", "Statement": [{\#(Self.good)}], "Id": "\#(name)"}"#
        for text in [deep, String(deep.prefix(4_000)), long] {
            let refusal = #expect(throws: OSSError.self) {
                try AccessPolicy(json: Array(text.utf8), kind: .bucket)
            }
            #expect(refusal?.code == .invalidPolicyDocument)
        }
    }

    /// Source: assumption A-095.
    @Test(arguments: [
        (#""Principal": "*""#, nil, true), (#""Principal": ["1", "*"]"#, nil, true), (#""Principal": "1""#, nil, false),
        (#""NotPrincipal": "1""#, nil, true),
        (#""Principal": "*""#, #"{"IpAddress": {"acs:SourceIp": "10.0.0.0/8"}}"#, false),
        (#""Principal": "*""#, #"{"IpAddress": {"acs:SourceIp": ["10.0.0.0/8", "0.0.0.0/0"]}}"#, true),
        (#""Principal": "*""#, #"{"NotIpAddress": {"acs:SourceIp": "10.0.0.0/8"}}"#, true),
        (#""Principal": "*""#, #"{"Bool": {"acs:SecureTransport": "true"}}"#, true),
    ])
    func aPolicyIsPublicIfItOpensSomethingToEverybody(
        _ principal: String, condition: String?, isPublic: Bool
    ) throws {
        let rest = condition.map { #", "Condition": \#($0)"# } ?? ""
        for (effect, wanted) in [("Allow", isPublic), ("Deny", false)] {
            let statement = #"{"Effect": "\#(effect)", \#(principal), "Action": "*", "Resource": "*"\#(rest)}"#
            let policy = try AccessPolicy(json: Self.document(statement), kind: .bucket)
            #expect(policy.isPublic == wanted)
        }
    }

    @Test(arguments: [
        ("10.0.0.0/8", "10.255.0.1", true), ("10.0.0.0/8", "11.0.0.1", false), ("10.1.2.3", "10.1.2.3", true),
        ("10.1.2.3", "10.1.2.4", false), ("0.0.0.0/0", "1.2.3.4", true), ("10.128.0.0/9", "10.127.0.1", false),
        ("2001:db8::/32", "2001:db8:1::1", true), ("2001:db8::/32", "2001:db9::1", false), ("::1", "::1", true),
        ("::/0", "10.0.0.1", false), ("10.0.0.0/8", "::ffff:10.2.3.4", true), ("fe80::/10", "fe80::1%eth0", true),
    ])
    func aRangeHoldsItsAddresses(_ range: String, address: String, holds: Bool) throws {
        let found = try #require(NetworkRange(range)).contains(try #require(NetworkAddress(address)))
        #expect(found == holds)
    }

    @Test(arguments: [
        "", "10", "10.0.0", "10.0.0.0.0", "256.0.0.1", "+1.0.0.1", "10.0.0.1/", "10.0.0.1/-1", "10.0.0.1/8/8", ":",
        ":::", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "12345::", "g::", "::1::", "1:2:3:4:5:6:7:8::", "::1/129",
        "1.2.3.4::",
    ])
    func whatIsNoRangeIsRefused(_ text: String) {
        #expect(NetworkRange(text) == nil)
    }
}
