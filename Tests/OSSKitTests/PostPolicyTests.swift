import OSSKit
import Testing

@Suite struct PostPolicyTests {
    private static let now: Int64 = 1_744_353_684
    private static let expiration = "2025-04-11T06:42:24.000Z"

    private static func policy(_ conditions: String, expiration: String = expiration) -> String {
        Base64.encode(Array(#"{"expiration": "\#(expiration)", "conditions": \#(conditions)}"#.utf8))
    }

    private static func form(_ fields: [(String, String)], fileContentType: String? = nil) -> PostForm {
        PostForm(
            bucket: "b-1", fields: fields.map { PostForm.Field($0.0, $0.1) }, fileContentType: fileContentType)
    }

    @Test(
        arguments: [
            (#"[{"bucket": "b-1"}]"#, [], true),
            (#"[{"bucket": "b-2"}]"#, [("bucket", "b-2")], false),
            (#"[["eq", "$key", "a"]]"#, [("KEY", "a")], true),
            (#"[["eq", "$key", "a"]]"#, [("key", "A")], false),
            (#"[["eq", "$key", "a"]]"#, [], false),
            (#"[["eq", "$key", "a"]]"#, [("key", "a"), ("Key", "b")], false),
            (#"[["eq", "success_action_status", "201"]]"#, [("success_action_status", "201")], true),
            (#"[["eq", "$key", "\$a"]]"#, [("key", "$a")], true),
            (#"[["eq", "$key", "\\$a"]]"#, [("key", #"\$a"#)], true),
            (#"[["eq", "$key", "é"]]"#, [("key", "e\u{301}")], false),
            (#"[["starts-with", "$key", "user/"]]"#, [("key", "user/1")], true),
            (#"[["starts-with", "$key", "user/"]]"#, [("key", "use")], false),
            (#"[["starts-with", "$key", "user/"]]"#, [], false),
            (#"[["starts-with", "$x-oss-meta-a", ""]]"#, [], true),
            (#"[["in", "$content-type", ["image/png"]]]"#, [("Content-Type", "image/png")], true),
            (#"[["in", "$content-type", ["image/png"]]]"#, [("Content-Type", "text/html")], false),
            (#"[["in", "$content-type", ["image/png"]]]"#, [], false),
            (
                #"[["in", "$content-type", ["image/png"]]]"#,
                [("Content-Type", "image/png"), ("x-oss-content-type", "text/html")], false
            ),
            (#"[["not-in", "$cache-control", ["no-cache"]]]"#, [], true),
            (#"[["not-in", "$cache-control", ["no-cache"]]]"#, [("Cache-Control", "no-cache")], false),
            (#"[{"bucket": "b-1", "key": "k"}]"#, [("key", "j")], false),
            (#"[["content-length-range", 1, 2]]"#, [], true),
        ] as [(String, [(String, String)], Bool)])
    func aFormHasToMeetEveryCondition(conditions: String, fields: [(String, String)], holds: Bool) throws {
        let policy = try PostPolicy(base64: Self.policy(conditions))
        let form = Self.form(fields)
        if holds {
            #expect(throws: Never.self) { try policy.check(form, nowUnixSeconds: Self.now) }
        } else {
            let found = #expect(throws: OSSError.self) { try policy.check(form, nowUnixSeconds: Self.now) }
            #expect(found?.code == .accessDenied)
            #expect(found?.ec == "0006-00000227")
            #expect(found?.message.hasPrefix("Invalid according to Policy: Policy Condition failed: [") == true)
        }
    }

    @Test func theContentTypeOfTheFileCountsWhereNoFieldNamesOne() throws {
        let policy = try PostPolicy(base64: Self.policy(#"[["eq", "$content-type", "image/png"]]"#))
        #expect(throws: Never.self) {
            try policy.check(Self.form([], fileContentType: "image/png"), nowUnixSeconds: Self.now)
        }
        #expect(throws: OSSError.self) {
            try policy.check(Self.form([], fileContentType: "text/html"), nowUnixSeconds: Self.now)
        }
    }

    @Test(arguments: [(0, true), (60, true), (61, false), (Int64.max / 2, false), (Int64.min / 2, true)])
    func aPolicyIsGoodUntilItsLastSecond(offset: Int64, isGood: Bool) throws {
        let policy = try PostPolicy(base64: Self.policy(#"[{"bucket": "b-1"}]"#))
        #expect(policy.expiresAtUnixSeconds == Self.now + 60)
        let check = { try policy.check(Self.form([]), nowUnixSeconds: Self.now + offset) }
        if isGood {
            #expect(throws: Never.self) { try check() }
        } else {
            let found = #expect(throws: OSSError.self) { try check() }
            #expect(found?.ec == "0006-00000213")
        }
    }

    @Test(
        arguments: [
            (0, "EntityTooSmall"), (9, "EntityTooSmall"), (10, nil), (20, nil), (21, "EntityTooLarge"),
            (Int64.max, "EntityTooLarge"),
        ] as [(Int64, String?)])
    func theFileHasToHaveALengthInTheRange(length: Int64, code: String?) throws {
        let policy = try PostPolicy(base64: Self.policy(#"[["content-length-range", 10, 20]]"#))
        guard let code else {
            #expect(throws: Never.self) { try policy.checkLength(length) }
            return
        }
        let found = #expect(throws: OSSError.self) { try policy.checkLength(length) }
        #expect(found?.code.rawValue == code)
    }

    @Test(
        arguments: [
            (#"{"expiration": "2025-04-11T06:42:24.000Z"}"#, "0006-00000207"),
            (#"{"expiration": "2025-04-11T06:42:24.000Z", "conditions": {}}"#, "0006-00000214"),
            (#"{"expiration": "2025-04-11T06:42:24.000Z", "conditions": []}"#, "0006-00000215"),
            (#"{"expiration": "2025-04-11T06:42:24.000Z", "conditions": [[]]}"#, "0006-00000216"),
            (#"{"expiration": "2025-04-11T06:42:24.000Z", "conditions": [["like", "$key", "a"]]}"#, "0006-00000216"),
            (#"{"expiration": "2025-04-11T06:42:24.000Z", "conditions": [["eq", "$key"]]}"#, "0006-00000218"),
            (#"{"expiration": "2025-04-11T06:42:24.000Z", "conditions": [{}]}"#, "0006-00000218"),
            (
                #"{"expiration": "2025-04-11T06:42:24.000Z", "conditions": [["content-length-range", 2, 1]]}"#,
                "0006-00000221"
            ),
            (
                #"{"expiration": "2025-04-11T06:42:24.000Z", "conditions": [["content-length-range", -1, 1]]}"#,
                "0006-00000221"
            ),
            (
                #"{"expiration": "2025-04-11T06:42:24.000Z", "conditions": [["content-length-range", "1", 2]]}"#,
                "0006-00000221"
            ),
            (#"{"expiration": "2025-04-11T06:42:24.000Z", "conditions": ["key"]}"#, "0006-00000222"),
            (#"{"expiration": "2025-04-11T06:42:24.000Z", "conditions": [["eq", "$key", 1]]}"#, "0006-00000224"),
            (#"{"expiration": "2025-04-11T06:42:24.000Z", "conditions": [["in", "$key", "a"]]}"#, "0006-00000224"),
            (#"{"expiration": "2025-04-11T06:42:24.000Z", "conditions": [["eq", "$", "a"]]}"#, "0006-00000224"),
            (#"{"conditions": [{"bucket": "b"}]}"#, nil),
            (#"{"expiration": "tomorrow", "conditions": [{"bucket": "b"}]}"#, nil),
            (#"{"expiration": 1, "conditions": [{"bucket": "b"}]}"#, nil),
            ("[]", nil), ("", nil), ("{", nil), ("null", nil), ("\\", nil),
            (String(repeating: "[", count: 5_000), nil),
        ] as [(String, String?)])
    func aMalformedPolicyIsRefused(json: String, ec: String?) {
        let found = #expect(throws: OSSError.self) { try PostPolicy(base64: Base64.encode(Array(json.utf8))) }
        #expect(found?.code == .invalidPolicyDocument)
        #expect(found?.ec == ec)
    }

    @Test(arguments: ["%%%", "e30", "/w=="])
    func aPolicyThatIsNoBase64OfATextIsRefused(field: String) {
        let found = #expect(throws: OSSError.self) { try PostPolicy(base64: field) }
        #expect(found?.code == .invalidPolicyDocument)
    }

    @Test(arguments: [
        [("policy", "x")], [("OSSAccessKeyId", "id")], [("Signature", "s")],
        [("OSSAccessKeyId", "id"), ("Signature", "s")], [("OSSAccessKeyId", "id"), ("policy", "x")],
        [("OSSAccessKeyId", "id"), ("Signature", "s"), ("policy", "x"), ("Policy", "y")],
        [("OSSAccessKeyId", "id"), ("Signature", "s"), ("signature", "s"), ("policy", "x")],
        [("OSSAccessKeyId", "id"), ("Signature", "s"), ("policy", "x"), ("x-oss-signature", "s")],
        [("x-oss-signature-version", "OSS4-HMAC-SHA256"), ("policy", "x")],
        [("x-oss-signature-version", "OSS2"), ("x-oss-credential", "id"), ("policy", "x")],
    ])
    func halfASignatureIsNeverAnonymous(fields: [(String, String)]) {
        let conditions = RequestAuthentication.Conditions(
            region: "cn-hangzhou", nowUnixSeconds: Self.now, schemes: SignatureScheme.all)
        let found = #expect(throws: OSSError.self) {
            try PostAuthentication.read(Self.form(fields), conditions: conditions)
        }
        #expect(found?.code == .invalidArgument)
    }

    @Test(arguments: try SignatureVector.forms())
    func aFormIsTakenOnlyWhereItsSchemeIs(vector: SignatureVector) {
        let found = #expect(throws: OSSError.self) {
            try PostAuthentication.read(vector.form, conditions: vector.conditions(schemes: SignatureScheme.current))
        }
        #expect(found?.code == .invalidArgument)
    }

    @Test(arguments: try SignatureVector.forms().filter(\.isV4))
    func aFormOfV4IsGoodForSevenDaysAtMost(vector: SignatureVector) throws {
        for (offset, ec) in [(-901, "0002-00000235"), (604_801, "0002-00000236")] as [(Int64, String)] {
            let found = #expect(throws: OSSError.self) { try vector.verify(at: vector.time.unix + offset) }
            #expect(found?.ec == ec)
        }
        let another = #expect(throws: OSSError.self) {
            try PostAuthentication.read(vector.form, conditions: vector.conditions(region: "another"))
        }
        #expect(another?.code == .invalidArgument)
    }
}
