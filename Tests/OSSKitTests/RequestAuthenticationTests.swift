import OSSKit
import Testing

/// Requests that are refused before anything is compared.
@Suite struct RequestAuthenticationTests {
    private static let now: Int64 = 1_744_353_684
    private static let date = "20250411T064124Z"
    private static let httpDate = "Fri, 11 Apr 2025 06:41:24 GMT"
    private static let zeros = String(repeating: "0", count: 64)
    private static let scope = "20250411/cn-hangzhou/oss/aliyun_v4_request"

    /// One request, and the refusal that is wanted.
    struct Refused: CustomTestStringConvertible, Sendable {
        let what: String
        var query = ""
        var headers: [WireHeader] = []
        var code = OSSErrorCode.invalidArgument
        var ec: String?

        var testDescription: String { what }
    }

    private static func header(
        _ what: String, _ authorization: String, date: String? = date, sha256: String? = "UNSIGNED-PAYLOAD",
        code: OSSErrorCode = .invalidArgument, ec: String? = nil
    ) -> Refused {
        var headers = [WireHeader("Authorization", authorization)]
        if let date { headers.append(WireHeader("x-oss-date", date)) }
        if let sha256 { headers.append(WireHeader("x-oss-content-sha256", sha256)) }
        return Refused(what: what, headers: headers, code: code, ec: ec)
    }

    private static func v4(_ credential: String) -> String {
        "OSS4-HMAC-SHA256 Credential=\(credential),Signature=\(zeros)"
    }

    private static func url(
        _ changes: [String: String?], _ what: String, code: OSSErrorCode = .invalidArgument, ec: String? = nil
    ) -> Refused {
        var parameters: [String: String] = [
            "x-oss-signature-version": "OSS4-HMAC-SHA256", "x-oss-credential": "id/\(scope)", "x-oss-date": date,
            "x-oss-expires": "60", "x-oss-signature": zeros,
        ]
        for (name, value) in changes {
            parameters[name] = value
        }
        let query = parameters.sorted { $0.key < $1.key }.map { "\($0.key)=\(PercentCoding.encode($0.value))" }
        return Refused(what: what, query: query.joined(separator: "&"), code: code, ec: ec)
    }

    static let headers: [Refused] = [
        header("empty", "", ec: "0002-00000002"),
        header("unknown scheme", "Foo x", ec: "0002-00000002"),
        header("lower case", "oss id:sig", ec: "0002-00000002"),
        header("Bearer", "Bearer abc", ec: "0002-00000002"),
        header("AWS V2", "AWS id:sig", ec: "0002-00000002"),
        header("AWS V4", "AWS4-HMAC-SHA256 Credential=a", ec: "0002-00000002"),
        header("OSS V2", "OSS2 AccessKeyId:id,Signature:s", ec: "0002-00000002"),
        header("another scheme of OSS", "OSS3 id:sig", ec: "0002-00000061"),
        header("V4 with a tail", "OSS4-HMAC-SHA256X Credential=id/\(scope),Signature=\(zeros)", ec: "0002-00000061"),
        header("V1 without anything", "OSS", ec: "0002-00000062"),
        header("V1 with a blank", "OSS ", ec: "0002-00000062"),
        header("V1 without a colon", "OSS id", ec: "0002-00000062"),
        header("V1 without an ID", "OSS :sig", ec: "0002-00000063"),
        header("V1 with a wrong ID", "OSS i d:sig", ec: "0002-00000064"),
        header("V1 with a Kelvin sign", "OSS \u{212A}:sig", ec: "0002-00000064"),
        header("V1 without a signature", "OSS id:", ec: "0002-00000065"),
        header("V1 with a long signature", "OSS id:" + String(repeating: "A", count: 257), ec: "0002-00000065"),
        header("V1 without a date", "OSS id:sig", date: nil, code: .accessDenied, ec: "0002-00000503"),
        header("V1 with an empty date", "OSS id:sig", date: "", code: .accessDenied, ec: "0002-00000503"),
        header("V1 with a date of V4", "OSS id:sig", code: .accessDenied, ec: "0002-00000503"),
        header("V4 without anything", "OSS4-HMAC-SHA256"),
        header("V4 without a signature", "OSS4-HMAC-SHA256 Credential=id/\(scope)"),
        header("V4 with an empty signature", "OSS4-HMAC-SHA256 Credential=id/\(scope),Signature="),
        header("V4 with a long signature", v4("id/\(scope)") + zeros + zeros + zeros + "0"),
        header("V4 without a credential", "OSS4-HMAC-SHA256 Signature=\(zeros)", ec: "0002-00000206"),
        header("V4 with a doubled field", v4("id/\(scope)") + ",Signature=\(zeros)"),
        header("V4 with an unknown field", v4("id/\(scope)") + ",Extra=1"),
        header("V4 with an empty field", v4("id/\(scope)") + ","),
        header("V4 with an absent additional header", v4("id/\(scope)") + ",AdditionalHeaders=range"),
        header("V4 with an empty additional header", v4("id/\(scope)") + ",AdditionalHeaders=host;"),
        header("V4 with a doubled additional header", v4("id/\(scope)") + ",AdditionalHeaders=host;Host"),
        header("V4 without an ID", v4("/\(scope)"), ec: "0002-00000206"),
        header("V4 with a wrong ID", v4("i;d/\(scope)"), ec: "0002-00000206"),
        header("V4 with a short scope", v4("id/20250411/cn-hangzhou/oss"), ec: "0002-00000206"),
        header("V4 with a long scope", v4("id/x/\(scope)"), ec: "0002-00000206"),
        header("V4 with another end", v4("id/20250411/cn-hangzhou/oss/aws4_request"), ec: "0002-00000213"),
        header("V4 of another day", v4("id/20250412/cn-hangzhou/oss/aliyun_v4_request"), ec: "0002-00000212"),
        header("V4 of part of a day", v4("id/2025/cn-hangzhou/oss/aliyun_v4_request"), ec: "0002-00000212"),
        header("V4 of no day", v4("id//cn-hangzhou/oss/aliyun_v4_request"), ec: "0002-00000212"),
        header("V4 of another region", v4("id/20250411/cn-beijing/oss/aliyun_v4_request"), ec: "0002-00000226"),
        header("V4 of another product", v4("id/20250411/cn-hangzhou/s3/aliyun_v4_request"), ec: "0002-00000227"),
        header("V4 without a date", v4("id/\(scope)"), date: nil, code: .accessDenied, ec: "0002-00000503"),
        header("V4 with an HTTP date", v4("id/\(scope)"), date: httpDate, code: .accessDenied, ec: "0002-00000503"),
        header("V4 without a payload line", v4("id/\(scope)"), sha256: nil, ec: "0002-00000214"),
        header("V4 with a hashed payload", v4("id/\(scope)"), sha256: zeros, ec: "0002-00000214"),
        header(
            "V4 with a streamed payload", v4("id/\(scope)"), sha256: "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
            ec: "0002-00000214"),
        Refused(
            what: "two headers",
            headers: [WireHeader("Authorization", "OSS id:sig"), WireHeader("authorization", "OSS id:sig")]),
        Refused(
            what: "two dates",
            headers: [
                WireHeader("Authorization", "OSS id:sig"), WireHeader("Date", httpDate), WireHeader("Date", httpDate),
            ], code: .accessDenied, ec: "0002-00000503"),
        Refused(
            what: "header and V1 URL", query: "OSSAccessKeyId=id&Expires=9999999999&Signature=s",
            headers: [WireHeader("Authorization", "OSS id:sig"), WireHeader("Date", httpDate)]),
        Refused(
            what: "header and part of a V4 URL", query: "x-oss-credential=id",
            headers: [WireHeader("Authorization", "OSS id:sig"), WireHeader("Date", httpDate)]),
        Refused(
            what: "two tokens",
            headers: [
                WireHeader("Authorization", "OSS id:sig"), WireHeader("Date", httpDate),
                WireHeader("x-oss-security-token", "a"), WireHeader("security-token", "b"),
            ], code: .invalidSecurityToken),
        Refused(
            what: "an empty token",
            headers: [
                WireHeader("Authorization", "OSS id:sig"), WireHeader("Date", httpDate),
                WireHeader("x-oss-security-token", " "),
            ], code: .invalidSecurityToken),
    ]

    static let v1URLs: [Refused] = [
        Refused(what: "no signature", query: "OSSAccessKeyId=id&Expires=9999999999", code: .accessDenied),
        Refused(what: "no expiry", query: "OSSAccessKeyId=id&Signature=s", code: .accessDenied),
        Refused(what: "no ID", query: "Expires=9999999999&Signature=s", code: .accessDenied),
        Refused(what: "an expiry alone", query: "Expires=9999999999", code: .accessDenied),
        Refused(what: "a token alone", query: "security-token=x", code: .accessDenied),
        Refused(what: "an empty signature", query: "OSSAccessKeyId=id&Expires=1&Signature=", code: .accessDenied),
        Refused(what: "an ID without value", query: "OSSAccessKeyId&Expires=1&Signature=s", code: .accessDenied),
        Refused(what: "a doubled ID", query: "OSSAccessKeyId=id&OSSAccessKeyId=id&Expires=9999999999&Signature=s"),
        Refused(
            what: "a doubled and encoded expiry", query: "OSSAccessKeyId=id&Expires=1&%45xpires=9999999999&Signature=s"),
        Refused(what: "a doubled signature", query: "OSSAccessKeyId=id&Expires=9999999999&Signature=s&Signature=t"),
        Refused(what: "V1 and V4", query: "OSSAccessKeyId=id&Expires=9999999999&Signature=s&x-oss-signature=s"),
        Refused(
            what: "an AWS URL", query: "AWSAccessKeyId=id&Expires=9999999999&Signature=s", ec: "0002-00000002"),
        Refused(what: "an AWS V4 URL", query: "X-Amz-Algorithm=AWS4-HMAC-SHA256", ec: "0002-00000002"),
        Refused(
            what: "a strange ID", query: "OSSAccessKeyId=%E2%84%AA&Expires=9999999999&Signature=s",
            code: .invalidAccessKeyId, ec: "0002-00000902"),
        Refused(
            what: "a token in the header", query: "OSSAccessKeyId=id&Expires=9999999999&Signature=s",
            headers: [WireHeader("x-oss-security-token", "t")], code: .invalidRequest),
    ]

    static let v1Expiries: [Refused] = [
        "", " 9999999999", "9999999999 ", "+9999999999", "-1", "1e10", "0x7fffffff", "9999999999.0",
        "9223372036854775807",
        "18446744073709551616", "%D9%A9%D9%A9%D9%A9%D9%A9%D9%A9%D9%A9%D9%A9%D9%A9%D9%A9%D9%A9", "never",
    ].map {
        Refused(
            what: "Expires=\($0)",
            query:
                "OSSAccessKeyId=id&Expires=\($0.replacing("+", with: "%2B").replacing(" ", with: "%20"))&Signature=s",
            code: .accessDenied, ec: "0002-00000070")
    }

    static let v4URLs: [Refused] = [
        url(["x-oss-signature-version": nil], "no version", ec: "0002-00000002"),
        url(["x-oss-signature-version": "OSS2"], "V2", ec: "0002-00000002"),
        url(["x-oss-signature-version": "oss4-hmac-sha256"], "lower case", ec: "0002-00000002"),
        url(["x-oss-access-key-id": "id"], "a parameter of V2", ec: "0002-00000002"),
        url(["x-oss-credential": nil], "no credential", ec: "0002-00000224"),
        url(["x-oss-credential": "id"], "half a credential", ec: "0002-00000224"),
        url(["x-oss-date": nil], "no date", ec: "0002-00000223"),
        url(["x-oss-date": httpDate], "an HTTP date", ec: "0002-00000223"),
        url(["x-oss-date": "20250411T064124Z "], "a date with a blank", ec: "0002-00000223"),
        url(["x-oss-expires": nil], "no lifetime", ec: "0002-00000215"),
        url(["x-oss-expires": ""], "an empty lifetime", ec: "0002-00000215"),
        url(["x-oss-expires": "0"], "no time to live", ec: "0002-00000232"),
        url(["x-oss-expires": "604801"], "a second too long", ec: "0002-00000232"),
        url(["x-oss-expires": "-1"], "negative", ec: "0002-00000232"),
        url(["x-oss-expires": "2147483648"], "2^31", ec: "0002-00000232"),
        url(["x-oss-expires": "9223372036854775807"], "2^63-1", ec: "0002-00000232"),
        url(["x-oss-expires": "18446744073709551616"], "2^64", ec: "0002-00000232"),
        url(["x-oss-expires": "٦٠"], "other digits", ec: "0002-00000232"),
        url(["x-oss-expires": "6e1"], "exponent", ec: "0002-00000232"),
        url(["x-oss-signature": nil], "no signature", ec: "0002-00000219"),
        url(["x-oss-signature": ""], "an empty signature", ec: "0002-00000219"),
        url(["x-oss-signature": String(repeating: "0", count: 257)], "a long signature", ec: "0002-00000219"),
        url(["x-oss-additional-headers": "range"], "an absent additional header"),
        url(["x-oss-additional-headers": "host;host"], "a doubled additional header"),
        url(["x-oss-credential": "id/20250411/cn-hangzhou/oss/aws4_request"], "another end", ec: "0002-00000213"),
        url(["x-oss-credential": "id/20250410/cn-hangzhou/oss/aliyun_v4_request"], "another day", ec: "0002-00000223"),
        url(["x-oss-credential": "id/20250411/x/oss/aliyun_v4_request"], "another region", ec: "0002-00000228"),
        url(
            ["x-oss-credential": "id/20250411/cn-hangzhou/x/aliyun_v4_request"], "another product", ec: "0002-00000227"),
        url(["OSSAccessKeyId": "id"], "V1 and V4"),
        url(["Signature": "s"], "V1 and V4"),
        url(["x-oss-security-token": ""], "an empty token", code: .invalidSecurityToken),
        Refused(what: "a signature alone", query: "x-oss-signature=\(zeros)", ec: "0002-00000002"),
        Refused(what: "a credential alone", query: "x-oss-credential=id", ec: "0002-00000002"),
    ]

    @Test(arguments: headers + v1URLs + v1Expiries + v4URLs)
    func aBrokenSignatureIsNeverAnonymous(wanted: Refused) {
        let found = #expect(throws: OSSError.self) {
            try Self.read(query: wanted.query, headers: wanted.headers)
        }
        #expect(found?.code == wanted.code)
        #expect(found?.ec == (wanted.ec ?? wanted.code.usualEC))
    }

    @Test(arguments: ["", "acl", "prefix=a&max-keys=10", "x-oss-process=image", "signature=s", "expires=1", "uploads"])
    func aRequestWithoutATraceOfASignatureIsAnonymous(query: String) throws {
        guard case .anonymous = try Self.read(query: query, headers: [WireHeader("x-oss-date", Self.date)]) else {
            Issue.record("not anonymous")
            return
        }
    }

    @Test(
        arguments: [
            (-901, false), (-900, true), (0, true), (900, true), (901, false), (Int64.min / 2, false),
            (Int64.max / 2, false),
        ] as [(Int64, Bool)])
    func aHeaderIsGoodForFifteenMinutesBothWays(offset: Int64, isGood: Bool) throws {
        let v1 = [WireHeader("Authorization", "OSS id:sig"), WireHeader("Date", Self.httpDate)]
        let v4 = [
            WireHeader("Authorization", Self.v4("id/\(Self.scope)")), WireHeader("x-oss-date", Self.date),
            WireHeader("x-oss-content-sha256", "UNSIGNED-PAYLOAD"),
        ]
        for headers in [v1, v4] {
            if isGood {
                #expect(throws: Never.self) { try Self.read(headers: headers, now: Self.now + offset) }
            } else {
                let found = #expect(throws: OSSError.self) { try Self.read(headers: headers, now: Self.now + offset) }
                #expect(found?.code == .requestTimeTooSkewed)
                #expect(
                    found?.fields.first == OSSError.Field(name: "MaxAllowedSkewMilliseconds", value: "900000"))
                #expect(
                    found?.fields[1] == OSSError.Field(name: "RequestTime", value: "2025-04-11T06:41:24.000Z"))
            }
        }
    }

    @Test(
        arguments: [
            (-901, "0002-00000235"), (-900, nil), (0, nil), (60, nil), (61, "0002-00000236"),
            (Int64.min / 2, "0002-00000235"), (Int64.max / 2, "0002-00000236"),
        ] as [(Int64, String?)])
    func aV4URLIsGoodUntilItsLastSecond(offset: Int64, ec: String?) throws {
        let query = Self.url([:], "plain").query
        guard let ec else {
            #expect(throws: Never.self) { try Self.read(query: query, now: Self.now + offset) }
            return
        }
        let found = #expect(throws: OSSError.self) { try Self.read(query: query, now: Self.now + offset) }
        #expect(found?.code == .accessDenied)
        #expect(found?.ec == ec)
        #expect(found?.fields.first == OSSError.Field(name: "Expires", value: "2025-04-11T06:42:24.000Z"))
    }

    @Test(arguments: [(-1, true), (0, true), (1, false), (Int64.max / 2, false)] as [(Int64, Bool)])
    func aV1URLIsGoodUntilItsLastSecond(offset: Int64, isGood: Bool) throws {
        let query = "OSSAccessKeyId=id&Expires=\(Self.now)&Signature=s"
        if isGood {
            #expect(throws: Never.self) { try Self.read(query: query, now: Self.now + offset) }
        } else {
            let found = #expect(throws: OSSError.self) { try Self.read(query: query, now: Self.now + offset) }
            #expect(found?.ec == "0002-00000069")
        }
    }

    @Test func expiryIsReportedBeforeAnythingElseOfAV1URL() {
        let found = #expect(throws: OSSError.self) {
            try Self.read(query: "OSSAccessKeyId=%20&Expires=1&Signature=wrong")
        }
        #expect(found?.ec == "0002-00000069")
    }

    @Test func garbageNeverTraps() {
        var random = SeededRandom(seed: 17)
        let alphabet = "OSS4-HMAC-SHA256 Credential=/,;:Signature=é\u{0}09%&AdditionalHeaders\u{212A}"
        for _ in 0..<20_000 {
            let headers = [
                WireHeader("Authorization", "OSS4-HMAC-SHA256 " + random.text(from: alphabet, upTo: 40)),
                WireHeader("x-oss-date", random.text(from: "0129TZ: é", upTo: 17)),
            ]
            _ = try? Self.read(headers: headers)
            _ = try? Self.read(
                query: "x-oss-signature-version=OSS4-HMAC-SHA256&x-oss-credential="
                    + random.text(from: alphabet, upTo: 30) + "&x-oss-expires=" + random.text(from: "019", upTo: 25))
        }
    }

    private static func read(
        query: String = "", headers: [WireHeader] = [], now: Int64 = now
    ) throws(OSSError) -> RequestAuthentication {
        let target = try RequestTarget("/bucket/key" + (query.isEmpty ? "" : "?" + query))
        let request = WireRequest(method: "GET", scheme: "http", host: "h:1", target: target, headers: headers)
        return try RequestAuthentication.read(
            request, resource: try target.pathStyleResource(),
            conditions: .init(region: "cn-hangzhou", nowUnixSeconds: now))
    }
}
