import OSSKit
import StorageGateway
import Testing

/// What buckets say of themselves and the server acts upon: pages of other origins, referers, websites, retention and
/// encryption.
@Suite struct BucketRulesTests {
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

    private func set(_ surface: TestSurface, _ query: String, _ document: String) async throws {
        let answer = try await surface.send(
            Call(method: "PUT", target: "/bucket/?\(query)", body: Array(document.utf8)))
        #expect(answer.status == 200, "\(answer.text)")
    }

    // MARK: Pages of other origins

    private static let cors = """
        <CORSConfiguration>\
        <CORSRule><AllowedOrigin>https://*.example.com</AllowedOrigin><AllowedMethod>PUT</AllowedMethod>\
        <AllowedMethod>GET</AllowedMethod><AllowedHeader>x-oss-*</AllowedHeader><ExposeHeader>ETag</ExposeHeader>\
        <MaxAgeSeconds>60</MaxAgeSeconds></CORSRule>\
        <CORSRule><AllowedOrigin>*</AllowedOrigin><AllowedMethod>GET</AllowedMethod>\
        <AllowedHeader>*</AllowedHeader></CORSRule>\
        <ResponseVary>true</ResponseVary></CORSConfiguration>
        """

    struct Preflight: Sendable, CustomTestStringConvertible {
        var origin: String?
        var method: String?
        var headers: String?
        var target = "/bucket/k"
        /// The origin that is allowed, or the code of the refusal.
        let outcome: String
        var testDescription: String { "\(origin ?? "-") \(method ?? "-") \(headers ?? "-") \(target)" }
    }

    @Test(arguments: [
        Preflight(origin: "https://a.example.com", method: "PUT", outcome: "https://a.example.com"),
        Preflight(
            origin: "https://a.example.com", method: "PUT", headers: "X-OSS-Meta-A, x-oss-b",
            outcome: "https://a.example.com"),
        Preflight(origin: "https://a.example.com", method: "GET", headers: "other", outcome: "*"),
        Preflight(origin: "http://b", method: "GET", headers: "a,b", target: "/bucket", outcome: "*"),
        Preflight(origin: "http://b", method: "PUT", outcome: "AccessForbidden"),
        Preflight(origin: "https://A.EXAMPLE.com", method: "PUT", outcome: "AccessForbidden"),
        Preflight(origin: "https://example.com", method: "PUT", outcome: "AccessForbidden"),
        Preflight(origin: "https://a.example.com", method: "PUT", headers: "x-os", outcome: "AccessForbidden"),
        Preflight(origin: "https://a.example.com", method: "put", outcome: "AccessForbidden"),
        Preflight(origin: "http://b", method: "DELETE", outcome: "AccessForbidden"),
        Preflight(method: "GET", outcome: "BadRequest"),
        Preflight(origin: "http://b", outcome: "BadRequest"),
        Preflight(origin: "http://b", method: "GET", target: "/", outcome: "AccessForbidden"),
        Preflight(origin: "http://b", method: "GET", target: "/nobody/k", outcome: "NoSuchBucket"),
    ])
    func aPreflightIsAnsweredByTheFirstRuleThatHolds(_ row: Preflight) async throws {
        try await withSurface { surface in
            try await set(surface, "cors", Self.cors)
            var headers: [(String, String)] = []
            if let origin = row.origin { headers.append(("Origin", origin)) }
            if let method = row.method { headers.append(("Access-Control-Request-Method", method)) }
            if let asked = row.headers { headers.append(("Access-Control-Request-Headers", asked)) }
            let answer = try await surface.send(
                Call(method: "OPTIONS", target: row.target, headers: headers, isSigned: false))
            guard answer.status == 200 else {
                #expect(answer.element("Code") == row.outcome)
                let statuses = ["BadRequest": 400, "NoSuchBucket": 404, "AccessForbidden": 403]
                #expect(answer.status == statuses[row.outcome])
                #expect(answer.header("Access-Control-Allow-Origin") == nil)
                return
            }
            #expect(answer.header("Access-Control-Allow-Origin") == row.outcome)
            #expect(answer.header("Access-Control-Allow-Methods") == row.method)
            #expect(answer.body.isEmpty)
            #expect(answer.header("Vary") == "Origin")
            let isFirst = row.outcome != "*"
            #expect(answer.header("Access-Control-Max-Age") == (isFirst ? "60" : nil))
            #expect(answer.header("Access-Control-Expose-Headers") == (isFirst ? "ETag" : nil))
        }
    }

    @Test func aPreflightOfABucketWithoutRulesIsRefused() async throws {
        try await withSurface { surface in
            let answer = try await surface.send(
                Call(
                    method: "OPTIONS", target: "/bucket/k",
                    headers: [("Origin", "http://a"), ("Access-Control-Request-Method", "GET")], isSigned: false))
            #expect(answer.status == 403)
            #expect(answer.element("Code") == "AccessForbidden")
        }
    }

    @Test func answersAndRefusalsTellPagesWhatTheyMayDo() async throws {
        try await withSurface { surface in
            try await set(surface, "cors", Self.cors)
            let origin = [("Origin", "https://a.example.com")]
            let stored = try await surface.put("k", "x", origin)
            #expect(stored.header("Access-Control-Allow-Origin") == "https://a.example.com")
            #expect(stored.header("Access-Control-Allow-Methods") == "PUT, GET")
            let missing = try await surface.send(Call(method: "GET", target: "/bucket/other", headers: origin))
            #expect(missing.status == 404)
            #expect(missing.header("Access-Control-Allow-Origin") == "https://a.example.com")
            let stranger = try await surface.send(
                Call(method: "GET", target: "/bucket/k", headers: origin, isSigned: false))
            #expect(stranger.status == 403)
            #expect(stranger.header("Access-Control-Allow-Origin") == "https://a.example.com")
            let deleted = try await surface.send(Call(method: "DELETE", target: "/bucket/k", headers: origin))
            #expect(deleted.status == 204)
            #expect(deleted.header("Access-Control-Allow-Origin") == nil)
            #expect(deleted.header("Vary") == "Origin")
            let plain = try await surface.put("k", "x")
            #expect(plain.header("Access-Control-Allow-Origin") == nil)
            let removed = try await surface.send(Call(method: "DELETE", target: "/bucket/?cors"))
            #expect(removed.status == 204)
            let after = try await surface.put("k", "x", origin)
            #expect(after.header("Access-Control-Allow-Origin") == nil)
        }
    }

    // MARK: Referers

    struct Visit: Sendable, CustomTestStringConvertible {
        let rules: String
        let referer: String?
        let passes: Bool
        var testDescription: String { "\(referer ?? "-") \(rules)" }
    }

    private static func rules(
        _ empty: Bool, more: String = "", _ allowed: [String], denied: [String] = []
    ) -> String {
        let list = allowed.map { "<Referer>\($0)</Referer>" }.joined()
        let black = denied.map { "<Referer>\($0)</Referer>" }.joined()
        return "<RefererConfiguration><AllowEmptyReferer>\(empty)</AllowEmptyReferer>\(more)"
            + "<RefererList>\(list)</RefererList><RefererBlacklist>\(black)</RefererBlacklist></RefererConfiguration>"
    }

    private static let keepsQuery = "<AllowTruncateQueryString>false</AllowTruncateQueryString>"
    private static let cutsPath = "<TruncatePath>true</TruncatePath>"

    @Test(arguments: [
        Visit(rules: rules(true, []), referer: nil, passes: true),
        Visit(rules: rules(true, []), referer: "http://a", passes: true),
        Visit(rules: rules(false, []), referer: nil, passes: true),
        Visit(rules: rules(false, ["http://a"]), referer: nil, passes: false),
        Visit(rules: rules(true, ["http://a"]), referer: nil, passes: true),
        Visit(rules: rules(true, ["http://a"]), referer: "http://a", passes: true),
        Visit(rules: rules(true, ["http://a"]), referer: "http://a?b=c", passes: true),
        Visit(rules: rules(true, more: keepsQuery, ["http://a"]), referer: "http://a?b=c", passes: false),
        Visit(rules: rules(true, ["http://a"]), referer: "http://a/b", passes: false),
        Visit(rules: rules(true, more: cutsPath, ["http://a"]), referer: "http://a/b/c?d", passes: true),
        Visit(rules: rules(true, more: cutsPath, ["http://a"]), referer: "http://a.b/c", passes: false),
        Visit(rules: rules(true, ["http://*.a.com"]), referer: "http://x.y.a.com", passes: true),
        Visit(rules: rules(true, ["http://*.a.com"]), referer: "http://a.com", passes: false),
        Visit(rules: rules(true, ["http://a?/*"]), referer: "http://ab/c", passes: true),
        Visit(rules: rules(true, ["http://a?/*"]), referer: "http://a/c", passes: false),
        Visit(rules: rules(true, ["*a*b*c"]), referer: "xaybbzc", passes: true),
        Visit(rules: rules(true, ["*a*b*c"]), referer: "xaybbzcd", passes: false),
        Visit(rules: rules(true, [], denied: ["http://bad*"]), referer: "http://bad.com", passes: false),
        Visit(rules: rules(true, [], denied: ["http://bad*"]), referer: "http://good.com", passes: true),
        Visit(rules: rules(true, ["*"], denied: ["http://bad*"]), referer: "http://bad.com", passes: false),
    ])
    func aLinkIsGoodOnThePagesThatAreAllowed(_ visit: Visit) async throws {
        try await withSurface { surface in
            _ = try await surface.put("k", "x")
            try await set(surface, "referer", visit.rules)
            let presigner = Presigner(
                endpoint: try Endpoint("http://127.0.0.1:10724"), region: TestSurface.region,
                credentials: Credentials(accessKeyID: TestSurface.accessKeyID, accessKeySecret: TestSurface.secret))
            let request = Presigner.Request(method: "GET", bucket: try BucketName("bucket"), key: try ObjectKey("k"))
            let url = try presigner.presignV4(request, lifetimeSeconds: 60, nowUnixSeconds: surface.nowUnixSeconds).url
            let target = String(url.dropFirst("http://127.0.0.1:10724".count))
            let headers = visit.referer.map { [("Referer", $0)] } ?? []
            let link = try await surface.send(Call(method: "GET", target: target, headers: headers, isSigned: false))
            #expect(link.status == (visit.passes ? 200 : 403))
            if !visit.passes { #expect(link.element("Message") == "You are denied by bucket referer policy.") }
            let signed = try await surface.send(Call(method: "GET", target: "/bucket/k", headers: headers))
            #expect(signed.status == 200)
        }
    }

    // MARK: Websites

    @Test func aRoutingRuleRedirectsThoseWithoutASignature() async throws {
        try await withSurface { surface in
            try await set(
                surface, "website",
                """
                <WebsiteConfiguration><RoutingRules><RoutingRule><RuleNumber>2</RuleNumber><Condition>\
                <KeyPrefixEquals>old/</KeyPrefixEquals></Condition><Redirect><RedirectType>External</RedirectType>\
                <HostName>example.com</HostName><Protocol>https</Protocol>\
                <ReplaceKeyPrefixWith>new/</ReplaceKeyPrefixWith><PassQueryString>true</PassQueryString>\
                <HttpRedirectCode>301</HttpRedirectCode></Redirect></RoutingRule>\
                <RoutingRule><RuleNumber>1</RuleNumber><Condition><KeyPrefixEquals>old/x</KeyPrefixEquals>\
                <IncludeHeader><Key>a</Key><StartsWith>b</StartsWith></IncludeHeader></Condition><Redirect>\
                <ReplaceKeyWith>p/${key}?</ReplaceKeyWith></Redirect></RoutingRule></RoutingRules></WebsiteConfiguration>
                """)
            func visit(
                _ target: String, _ headers: [(String, String)] = [], isSigned: Bool = false
            ) async throws -> TestSurface.Answer {
                try await surface.send(Call(method: "GET", target: target, headers: headers, isSigned: isSigned))
            }
            let moved = try await visit("/bucket/old/%E4%B8%AD%20?a=b%26")
            #expect(moved.status == 301)
            #expect(moved.header("Location") == "https://example.com/new/%E4%B8%AD%20?a=b%26")
            let first = try await visit("/bucket/old/xy", [("a", "bc")])
            #expect(first.status == 302)
            #expect(first.header("Location") == "http://127.0.0.1:10724/bucket/p/old/xy%3F")
            let other = try await visit("/bucket/other")
            #expect(other.status == 403)
            let signed = try await visit("/bucket/old/k", isSigned: true)
            #expect(signed.element("Code") == "NoSuchKey")
            let acl = try await visit("/bucket/old/k?acl")
            #expect(acl.status == 403)
        }
    }

    @Test(arguments: [
        "<HostName>a b</HostName>", "<HostName>a&#13;&#10;b</HostName>", "<HostName></HostName>",
        "<Protocol>ftp</Protocol>", "<HttpRedirectCode>200</HttpRedirectCode>", "<RedirectType>Other</RedirectType>",
        "<ReplaceKeyWith>a</ReplaceKeyWith><ReplaceKeyPrefixWith>b</ReplaceKeyPrefixWith>",
    ])
    func aRedirectToNowhereIsRefused(_ redirect: String) async throws {
        try await withSurface { surface in
            let document = """
                <WebsiteConfiguration><RoutingRules><RoutingRule><RuleNumber>1</RuleNumber><Condition></Condition>\
                <Redirect>\(redirect)</Redirect></RoutingRule></RoutingRules></WebsiteConfiguration>
                """
            let answer = try await surface.send(
                Call(method: "PUT", target: "/bucket/?website", body: Array(document.utf8)))
            #expect(answer.element("Code") == "InvalidArgument")
        }
    }

    // MARK: Encryption

    struct Encrypted: Sendable, CustomTestStringConvertible {
        var rule: String?
        var headers: [(String, String)] = []
        let algorithm: String?
        var testDescription: String { "\(rule ?? "-") \(headers)" }
    }

    @Test(arguments: [
        Encrypted(algorithm: nil), Encrypted(rule: "AES256", algorithm: "AES256"),
        Encrypted(rule: "KMS", algorithm: "KMS"),
        Encrypted(headers: [("x-oss-server-side-encryption", "SM4")], algorithm: "SM4"),
        Encrypted(rule: "AES256", headers: [("x-oss-server-side-encryption", "KMS")], algorithm: "KMS"),
    ])
    func anObjectTellsHowItIsEncrypted(_ row: Encrypted) async throws {
        try await withSurface { surface in
            if let rule = row.rule {
                try await set(
                    surface, "encryption",
                    "<ServerSideEncryptionRule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>\(rule)</SSEAlgorithm>"
                        + "</ApplyServerSideEncryptionByDefault></ServerSideEncryptionRule>")
            }
            let stored = try await surface.put("k", "x", row.headers)
            let head = try await surface.send(Call(method: "HEAD", target: "/bucket/k"))
            let got = try await surface.send(Call(method: "GET", target: "/bucket/k"))
            let copied = try await surface.send(
                Call(method: "PUT", target: "/bucket/c", headers: row.headers + [("x-oss-copy-source", "/bucket/k")]))
            for answer in [stored, head, got, copied] {
                #expect(answer.status == 200)
                #expect(answer.header("x-oss-server-side-encryption") == row.algorithm)
                let keyID = answer.header("x-oss-server-side-encryption-key-id")
                #expect((keyID != nil) == (row.algorithm == "KMS"))
            }
        }
    }

    @Test(arguments: [
        ("x-oss-server-side-encryption", "DES", "InvalidEncryptionAlgorithmError"),
        ("x-oss-server-side-encryption-key-id", "k", "InvalidEncryptionRequest"),
    ])
    func aContradictionOfEncryptionStoresNothing(name: String, value: String, code: String) async throws {
        try await withSurface { surface in
            let answer = try await surface.put("k", "x", [(name, value)])
            #expect(answer.element("Code") == code)
            let found = try await surface.send(Call(method: "GET", target: "/bucket/k"))
            #expect(found.status == 404)
        }
    }

    /// Source: assumption A-125.
    @Test(arguments: [nil, "AES256", "SM4"])
    func howDataAreEncryptedIsAQuestionOnlyWithTheKeyService(algorithm: String?) async throws {
        try await withSurface { surface in
            let asked = algorithm.map { [("x-oss-server-side-encryption", $0)] } ?? []
            let put = try await surface.put("k", "x", asked + [("x-oss-server-side-data-encryption", "SM4")])
            #expect(put.status == 200)
            let head = try await surface.send(Call(method: "HEAD", target: "/bucket/k"))
            #expect(head.header("x-oss-server-side-encryption") == algorithm)
            #expect(head.header("x-oss-server-side-data-encryption") == nil)
        }
    }

    @Test func aPartDoesNotSayHowItIsEncrypted() async throws {
        try await withSurface { surface in
            let begun = try await surface.send(Call(method: "POST", target: "/bucket/k?uploads&sequential"))
            let id = try #require(begun.element("UploadId"))
            for (method, query) in [("PUT", "partNumber=1&uploadId=\(id)"), ("POST", "uploadId=\(id)")] {
                let refused = try await surface.send(
                    Call(
                        method: method, target: "/bucket/k?\(query)",
                        headers: [("x-oss-server-side-encryption", "AES256")], body: Array("x".utf8)))
                #expect(refused.status == 400)
                #expect(refused.element("Code") == "InvalidArgument")
            }
        }
    }

    // MARK: Retention

    @Test func objectsAreHeldForAsLongAsTheBucketSays() async throws {
        try await withSurface { surface in
            _ = try await surface.put("k", "x")
            func post(_ query: String, _ root: String = "", _ days: Int = 0) async throws -> TestSurface.Answer {
                let document = "<\(root)><RetentionPeriodInDays>\(days)</RetentionPeriodInDays></\(root)>"
                return try await surface.send(
                    Call(
                        method: "POST", target: "/bucket/?\(query)", body: root.isEmpty ? [] : Array(document.utf8)))
            }
            let made = try await post("worm", "InitiateWormConfiguration", 2)
            let id = try #require(made.header("x-oss-worm-id"))
            let twice = try await post("worm", "InitiateWormConfiguration", 2)
            #expect(twice.element("Code") == "WORMConfigurationAlreadyExists")
            let early = try await post("wormId=\(id)&wormExtend", "ExtendWormConfiguration", 3)
            #expect(early.element("Code") == "InvalidWORMConfiguration")
            let wrong = try await post("wormId=other")
            #expect(wrong.element("Code") == "NoSuchWORMConfiguration")
            let locked = try await post("wormId=\(id)")
            #expect(locked.status == 200)
            let abort = try await surface.send(Call(method: "DELETE", target: "/bucket/?worm"))
            #expect(abort.element("Code") == "WORMConfigurationLocked")
            let shorter = try await post("wormId=\(id)&wormExtend", "ExtendWormConfiguration", 2)
            #expect(shorter.element("Code") == "InvalidWORMConfiguration")
            let longer = try await post("wormId=\(id)&wormExtend", "ExtendWormConfiguration", 3)
            #expect(longer.status == 200)
            let told = try await surface.send(Call(method: "GET", target: "/bucket/?worm"))
            #expect(told.element("RetentionPeriodInDays") == "3")
            #expect(told.element("State") == "Locked")
            let batch = "<Delete><Object><Key>none</Key></Object><Object><Key>k</Key></Object></Delete>"
            func attempts() async throws -> [TestSurface.Answer] {
                [
                    try await surface.send(
                        Call(method: "POST", target: "/bucket/?delete", body: Array(batch.utf8))),
                    try await surface.put("k", "y"),
                    try await surface.send(Call(method: "DELETE", target: "/bucket/k")),
                ]
            }
            surface.clock.nowMilliseconds += 3 * 86_400_000 - 1
            for answer in try await attempts() { #expect(answer.element("Code") == "FileImmutable") }
            let found = try await surface.send(Call(method: "GET", target: "/bucket/k"))
            #expect(found.text == "x")
            let new = try await surface.put("new", "x")
            #expect(new.status == 200)
            surface.clock.nowMilliseconds += 1
            let first = try await attempts()[0]
            #expect(first.status == 200)
        }
    }

    @Test func aRetentionThatNobodyLocksEndsAfterADay() async throws {
        try await withSurface { surface in
            let document =
                "<InitiateWormConfiguration><RetentionPeriodInDays>9</RetentionPeriodInDays>"
                + "</InitiateWormConfiguration>"
            let made = try await surface.send(
                Call(method: "POST", target: "/bucket/?worm", body: Array(document.utf8)))
            let id = try #require(made.header("x-oss-worm-id"))
            _ = try await surface.put("k", "x")
            let held = try await surface.send(Call(method: "DELETE", target: "/bucket/k"))
            #expect(held.status == 409)
            surface.clock.nowMilliseconds += 86_400_000
            let gone = try await surface.send(Call(method: "GET", target: "/bucket/?worm"))
            #expect(gone.element("Code") == "NoSuchWORMConfiguration")
            let late = try await surface.send(Call(method: "POST", target: "/bucket/?wormId=\(id)", body: []))
            #expect(late.element("Code") == "NoSuchWORMConfiguration")
            let deleted = try await surface.send(Call(method: "DELETE", target: "/bucket/k"))
            #expect(deleted.status == 204)
        }
    }
}
