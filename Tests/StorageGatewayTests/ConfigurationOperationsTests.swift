import OSSKit
import StorageGateway
import Testing

/// What is said about buckets, one case for each document: set, told, removed, and refused.
@Suite struct ConfigurationOperationsTests {
    private typealias Call = TestSurface.Call

    struct Case: Sendable, CustomTestStringConvertible {
        let query: String
        /// A document, without its declaration.
        let document: String
        /// What is told of a bucket that says nothing: a code, or the beginning of a root element.
        let unset: String
        var isRemovable = true
        /// Documents that are refused, each with its code.
        var bad: [(document: String, code: String)] = []
        var contentType = "application/xml"

        var testDescription: String { query }
    }

    static let cases: [Case] = [
        Case(
            query: "cors",
            document: """
                <CORSConfiguration><CORSRule><AllowedOrigin>*</AllowedOrigin><AllowedMethod>GET</AllowedMethod>\
                <AllowedHeader>x-*</AllowedHeader><ExposeHeader>ETag</ExposeHeader><MaxAgeSeconds>5</MaxAgeSeconds>\
                </CORSRule><ResponseVary>true</ResponseVary></CORSConfiguration>
                """, unset: "NoSuchCORSConfiguration",
            bad: [
                ("<CORSConfiguration></CORSConfiguration>", "MalformedXML"),
                (
                    "<CORSConfiguration><CORSRule><AllowedOrigin>*</AllowedOrigin><AllowedMethod>GET</AllowedMethod>"
                        + "<MaxAgeSeconds>-1</MaxAgeSeconds></CORSRule></CORSConfiguration>", "InvalidArgument"
                ),
                (
                    "<CORSConfiguration>"
                        + String(
                            repeating: "<CORSRule><AllowedOrigin>*</AllowedOrigin><AllowedMethod>GET</AllowedMethod>"
                                + "</CORSRule>", count: 11) + "</CORSConfiguration>", "CORSRuleBeyondLimit"
                ),
            ]),
        Case(
            query: "lifecycle",
            document: """
                <LifecycleConfiguration><Rule><ID>r</ID><Prefix>a/</Prefix><Status>Enabled</Status>\
                <Expiration><Days>30</Days></Expiration><Transition><Days>10</Days><StorageClass>IA</StorageClass>\
                </Transition></Rule></LifecycleConfiguration>
                """, unset: "NoSuchLifecycle"),
        Case(
            query: "website",
            document: """
                <WebsiteConfiguration><IndexDocument><Suffix>index.html</Suffix></IndexDocument>\
                <ErrorDocument><Key>error.html</Key></ErrorDocument></WebsiteConfiguration>
                """, unset: "NoSuchWebsiteConfiguration",
            bad: [("<WebsiteConfiguration></WebsiteConfiguration>", "MalformedXML")]),
        Case(
            query: "referer",
            document: """
                <RefererConfiguration><AllowEmptyReferer>false</AllowEmptyReferer>\
                <AllowTruncateQueryString>true</AllowTruncateQueryString><RefererList><Referer>http://*.example.com</Referer>\
                </RefererList></RefererConfiguration>
                """, unset: "<RefererConfiguration", isRemovable: false,
            bad: [("<RefererConfiguration></RefererConfiguration>", "MalformedXML")]),
        Case(
            query: "logging",
            document: """
                <BucketLoggingStatus><LoggingEnabled><TargetBucket>bucket</TargetBucket>\
                <TargetPrefix>logs/</TargetPrefix></LoggingEnabled></BucketLoggingStatus>
                """, unset: "<BucketLoggingStatus",
            bad: [
                (
                    "<BucketLoggingStatus><LoggingEnabled><TargetBucket>nobody</TargetBucket></LoggingEnabled>"
                        + "</BucketLoggingStatus>", "InvalidTargetBucketForLogging"
                ),
                (
                    "<BucketLoggingStatus><LoggingEnabled><TargetBucket>bucket</TargetBucket>"
                        + "<TargetPrefix>/a</TargetPrefix></LoggingEnabled></BucketLoggingStatus>", "InvalidArgument"
                ),
            ]),
        Case(
            query: "userDefinedLogFieldsConfig",
            document: """
                <UserDefinedLogFieldsConfiguration><HeaderSet><header>h</header></HeaderSet>\
                <ParamSet><parameter>p</parameter></ParamSet></UserDefinedLogFieldsConfiguration>
                """, unset: "NoSuchUserDefinedLogFieldsConfig"),
        Case(
            query: "encryption",
            document: """
                <ServerSideEncryptionRule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>AES256</SSEAlgorithm>\
                </ApplyServerSideEncryptionByDefault></ServerSideEncryptionRule>
                """, unset: "NoSuchServerSideEncryptionRule",
            bad: [
                (
                    "<ServerSideEncryptionRule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>X</SSEAlgorithm>"
                        + "</ApplyServerSideEncryptionByDefault></ServerSideEncryptionRule>",
                    "InvalidEncryptionAlgorithmError"
                ),
                (
                    "<ServerSideEncryptionRule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>AES256</SSEAlgorithm>"
                        + "<KMSMasterKeyID>k</KMSMasterKeyID></ApplyServerSideEncryptionByDefault>"
                        + "</ServerSideEncryptionRule>", "InvalidArgument"
                ),
            ]),
        Case(
            query: "requestPayment",
            document: "<RequestPaymentConfiguration><Payer>Requester</Payer></RequestPaymentConfiguration>",
            unset: "<RequestPaymentConfiguration", isRemovable: false,
            bad: [
                ("<RequestPaymentConfiguration><Payer>Me</Payer></RequestPaymentConfiguration>", "MalformedXML")
            ]),
        Case(
            query: "publicAccessBlock",
            document: "<PublicAccessBlockConfiguration><BlockPublicAccess>true</BlockPublicAccess>"
                + "</PublicAccessBlockConfiguration>", unset: "<PublicAccessBlockConfiguration"),
        Case(
            query: "policy",
            document: #"{"Version":"1","Statement":[{"Effect":"Allow","Action":["oss:GetObject"],"#
                + #""Principal":["*"],"Resource":["acs:oss:*:*:bucket/*"]}]}"#,
            unset: "NoSuchBucketPolicy",
            bad: [
                ("{}", "InvalidPolicyDocument"), ("[]", "InvalidPolicyDocument"), ("no JSON", "InvalidPolicyDocument"),
                (#"{"Version":"2","Statement":[]}"#, "InvalidPolicyDocument"),
                (
                    #"{"Version":"1","Statement":[{"Effect":"Maybe","Action":"a","Resource":"b"}]}"#,
                    "InvalidPolicyDocument"
                ),
            ], contentType: "application/json"),
        Case(
            query: "transferAcceleration",
            document: "<TransferAccelerationConfiguration><Enabled>true</Enabled></TransferAccelerationConfiguration>",
            unset: "NoSuchTransferAccelerationConfiguration", isRemovable: false),
        Case(
            query: "resourceGroup",
            document: "<BucketResourceGroupConfiguration><ResourceGroupId>rg-1</ResourceGroupId>"
                + "</BucketResourceGroupConfiguration>", unset: "<BucketResourceGroupConfiguration",
            isRemovable: false),
        Case(
            query: "httpsConfig",
            document: """
                <HttpsConfiguration><TLS><Enable>true</Enable><TLSVersion>TLSv1.2</TLSVersion></TLS></HttpsConfiguration>
                """, unset: "<HttpsConfiguration", isRemovable: false,
            bad: [("<HttpsConfiguration><TLS><Enable>true</Enable></TLS></HttpsConfiguration>", "MalformedXML")]),
        Case(
            query: "accessmonitor",
            document: "<AccessMonitorConfiguration><Status>Enabled</Status></AccessMonitorConfiguration>",
            unset: "<AccessMonitorConfiguration", isRemovable: false),
        Case(
            query: "bucketArchiveDirectRead",
            document: "<ArchiveDirectReadConfiguration><Enabled>true</Enabled></ArchiveDirectReadConfiguration>",
            unset: "<ArchiveDirectReadConfiguration", isRemovable: false),
        Case(
            query: "objectWorm",
            document: """
                <ObjectWormConfiguration><ObjectWormEnabled>Enabled</ObjectWormEnabled><Rule><DefaultRetention>\
                <Mode>COMPLIANCE</Mode><Days>1</Days></DefaultRetention></Rule></ObjectWormConfiguration>
                """, unset: "NoSuchConfiguration", isRemovable: false),
        Case(
            query: "overwriteConfig",
            document: """
                <OverwriteConfiguration><Rule><ID>1</ID><Action>forbid</Action><Prefix>a</Prefix></Rule>\
                </OverwriteConfiguration>
                """, unset: "NoSuchConfiguration",
            bad: [
                (
                    "<OverwriteConfiguration><Rule><Action>allow</Action></Rule></OverwriteConfiguration>",
                    "InvalidArgument"
                )
            ]),
        Case(
            query: "qosInfo",
            document: "<QoSConfiguration>"
                + [
                    ("TotalUploadBandwidth", 10), ("IntranetUploadBandwidth", -1), ("ExtranetUploadBandwidth", 9),
                    ("TotalDownloadBandwidth", 10), ("IntranetDownloadBandwidth", 10),
                    ("ExtranetDownloadBandwidth", -1), ("TotalQps", 1_000), ("IntranetQps", 1_000), ("ExtranetQps", 0),
                ].map { "<\($0)>\($1)</\($0)>" }.joined() + "</QoSConfiguration>", unset: "<QoSConfiguration",
            bad: [
                ("<QoSConfiguration><TotalQps>-2</TotalQps></QoSConfiguration>", "InvalidArgument"),
                (
                    "<QoSConfiguration><TotalUploadBandwidth>11</TotalUploadBandwidth></QoSConfiguration>",
                    "InvalidArgument"
                ),
                (
                    "<QoSConfiguration><TotalQps>5</TotalQps><IntranetQps>6</IntranetQps></QoSConfiguration>",
                    "InvalidArgument"
                ),
            ]),
        Case(
            query: "qos", document: "<BucketUserQos><StorageCapacity>100</StorageCapacity></BucketUserQos>",
            unset: "<BucketUserQos", isRemovable: false,
            bad: [
                ("<BucketUserQos><StorageCapacity>-2</StorageCapacity></BucketUserQos>", "InvalidArgument"),
                ("<BucketUserQos></BucketUserQos>", "MalformedXML"),
            ]),
        Case(
            query: "quota", document: "<QuotaConfiguration><StorageQuota>1</StorageQuota></QuotaConfiguration>",
            unset: "NoSuchConfiguration"),
        Case(
            query: "policy&comp=callback",
            document: """
                <BucketCallbackPolicy><PolicyItem><PolicyName>p</PolicyName><Callback>e30=</Callback>\
                <CallbackVar></CallbackVar></PolicyItem></BucketCallbackPolicy>
                """, unset: "BucketCallbackPolicyNotExist"),
    ]

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

    private func put(_ surface: TestSurface, _ query: String, _ document: String) async throws -> TestSurface.Answer {
        try await surface.send(Call(method: "PUT", target: "/bucket/?\(query)", body: Array(document.utf8)))
    }

    private func get(_ surface: TestSurface, _ query: String) async throws -> TestSurface.Answer {
        try await surface.send(Call(method: "GET", target: "/bucket/?\(query)"))
    }

    /// What is told of a bucket that says nothing.
    private func expectUnset(_ row: Case, _ answer: TestSurface.Answer) {
        if row.unset.hasPrefix("<") {
            #expect(answer.status == 200)
            #expect(answer.text.contains("\n\(row.unset)>"))
        } else {
            #expect(answer.status == 404)
            #expect(answer.element("Code") == row.unset)
            #expect(answer.element("BucketName") == "bucket")
        }
    }

    @Test(arguments: cases)
    func aDocumentIsToldAsItWasSet(_ row: Case) async throws {
        try await withSurface { surface in
            expectUnset(row, try await get(surface, row.query))
            let set = try await put(surface, row.query, row.document)
            #expect(set.status == 200)
            #expect(set.body.isEmpty)
            let told = try await get(surface, row.query)
            #expect(told.status == 200)
            #expect(told.header("Content-Type") == row.contentType)
            if row.contentType == "application/xml" {
                let (found, wanted) = (try XMLReader.read(told.body), try XMLReader.read(Array(row.document.utf8)))
                #expect(found.leaves == wanted.leaves)
            } else {
                #expect(told.text == row.document)
            }
            let again = try await put(surface, row.query, row.document)
            #expect(again.status == 200)
        }
    }

    @Test(arguments: cases)
    func aDocumentIsRemovedAndMayBeRemovedAgain(_ row: Case) async throws {
        try await withSurface { surface in
            _ = try await put(surface, row.query, row.document)
            for _ in 0..<2 {
                let removed = try await surface.send(Call(method: "DELETE", target: "/bucket/?\(row.query)"))
                #expect(removed.status == (row.isRemovable ? 204 : 400))
            }
            let told = try await get(surface, row.query)
            if row.isRemovable { expectUnset(row, told) } else { #expect(told.status == 200) }
        }
    }

    @Test(arguments: cases)
    func aBadDocumentChangesNothing(_ row: Case) async throws {
        try await withSurface { surface in
            _ = try await put(surface, row.query, row.document)
            let before = try await get(surface, row.query)
            let general: [(document: String, code: String)] =
                row.contentType == "application/xml"
                ? [("", "MalformedXML"), ("<a", "MalformedXML"), ("<Other></Other>", "MalformedXML")]
                : [("", "InvalidPolicyDocument")]
            for bad in general + row.bad {
                let answer = try await put(surface, row.query, bad.document)
                #expect(answer.status == 400)
                #expect(answer.element("Code") == bad.code)
            }
            let digest = try await surface.send(
                Call(
                    method: "PUT", target: "/bucket/?\(row.query)",
                    headers: [("Content-MD5", "XUFAKrxLKna5cZ2REBfFkg==")], body: Array(row.document.utf8)))
            #expect(digest.element("Code") == "InvalidDigest")
            let after = try await get(surface, row.query)
            #expect(after.text == before.text)
        }
    }

    @Test(arguments: cases)
    func nobodyElseSetsToldOrRemovesIt(_ row: Case) async throws {
        try await withSurface { surface in
            _ = try await put(surface, row.query, row.document)
            let before = try await get(surface, row.query)
            surface.signAs("stranger")
            for method in ["GET", "PUT", "DELETE"] where row.isRemovable || method != "DELETE" {
                let body = method == "PUT" ? Array(row.document.utf8) : nil
                let answer = try await surface.send(
                    Call(method: method, target: "/bucket/?\(row.query)", body: body))
                #expect(answer.status == 403)
                #expect(answer.element("Code") == "AccessDenied")
                let missing = try await surface.send(
                    Call(method: method, target: "/no-bucket/?\(row.query)", body: body))
                #expect(missing.element("Code") == "NoSuchBucket")
                let anonymous = try await surface.send(
                    Call(method: method, target: "/bucket/?\(row.query)", body: body, isSigned: false))
                #expect(anonymous.status == 403)
            }
            surface.signAs("owner")
            let after = try await get(surface, row.query)
            #expect(after.text == before.text)
        }
    }

    @Test(arguments: cases)
    func itGoesWithItsBucket(_ row: Case) async throws {
        try await withSurface { surface in
            _ = try await put(surface, row.query, row.document)
            let deleted = try await surface.send(Call(method: "DELETE", target: "/bucket/"))
            #expect(deleted.status == 204)
            let gone = try await get(surface, row.query)
            #expect(gone.element("Code") == "NoSuchBucket")
            let made = try await surface.send(Call(method: "PUT", target: "/bucket/"))
            #expect(made.status == 200)
            expectUnset(row, try await get(surface, row.query))
        }
    }

    struct BadLifecycle: Sendable, CustomTestStringConvertible {
        let rules: String
        let code: String
        var testDescription: String { rules }
    }

    private static func rule(_ content: String, id: String = "", prefix: String = "a", tags: String = "") -> String {
        "<Rule><ID>\(id)</ID><Prefix>\(prefix)</Prefix>\(tags)<Status>Enabled</Status>\(content)</Rule>"
    }

    private static func transition(_ days: Int, _ storageClass: String, _ more: String = "") -> String {
        "<Transition><Days>\(days)</Days><StorageClass>\(storageClass)</StorageClass>\(more)</Transition>"
    }

    private static let expiration = "<Expiration><Days>9</Days></Expiration>"
    private static let tag = "<Tag><Key>k</Key><Value>v</Value></Tag>"

    @Test(arguments: [
        BadLifecycle(rules: "", code: "MalformedXML"),
        BadLifecycle(rules: rule(""), code: "MalformedXML"),
        BadLifecycle(rules: rule("<Expiration><Days>0</Days></Expiration>"), code: "InvalidArgument"),
        BadLifecycle(rules: rule("<Expiration><Days>x</Days></Expiration>"), code: "MalformedXML"),
        BadLifecycle(
            rules: rule("<Expiration><Days>1</Days><Date>2017-01-01T00:00:00.000Z</Date></Expiration>"),
            code: "MalformedXML"),
        BadLifecycle(
            rules: rule("<Expiration><Date>2017-01-01T00:00:01.000Z</Date></Expiration>"), code: "InvalidArgument"),
        BadLifecycle(rules: rule(expiration + transition(9, "IA")), code: "InvalidArgument"),
        BadLifecycle(rules: rule(transition(1, "Standard")), code: "InvalidArgument"),
        BadLifecycle(rules: rule(transition(1, "Other")), code: "InvalidArgument"),
        BadLifecycle(rules: rule(transition(5, "IA") + transition(2, "Archive")), code: "InvalidArgument"),
        BadLifecycle(rules: rule(transition(1, "IA", "<IsAccessTime>true</IsAccessTime>")), code: "MalformedXML"),
        BadLifecycle(
            rules: rule(
                "<Expiration><CreatedBeforeDate>2017-01-01T00:00:00.000Z</CreatedBeforeDate></Expiration>"
                    + transition(1, "IA")), code: "InvalidRequest"),
        BadLifecycle(
            rules: rule(expiration, id: "1", prefix: "a") + rule(expiration, id: "1", prefix: "b"),
            code: "InvalidArgument"),
        BadLifecycle(
            rules: rule(expiration, prefix: "b") + rule(expiration, prefix: "a/b") + rule(expiration, prefix: "a/"),
            code: "InvalidArgument"),
        BadLifecycle(rules: rule(expiration, prefix: "") + rule(expiration, prefix: "b"), code: "InvalidArgument"),
        BadLifecycle(
            rules: rule(expiration, prefix: "a", tags: tag) + rule(expiration, prefix: "ab"), code: "InvalidArgument"),
        BadLifecycle(
            rules: rule("<AbortMultipartUpload><Days>1</Days></AbortMultipartUpload>", tags: tag),
            code: "InvalidArgument"),
        BadLifecycle(rules: String(repeating: rule(expiration), count: 1_001), code: "MalformedXML"),
    ])
    func aLifecycleThatContradictsItselfIsRefused(_ bad: BadLifecycle) async throws {
        try await withSurface { surface in
            let answer = try await put(
                surface, "lifecycle", "<LifecycleConfiguration>\(bad.rules)</LifecycleConfiguration>")
            #expect(answer.element("Code") == bad.code)
            let told = try await get(surface, "lifecycle")
            #expect(told.element("Code") == "NoSuchLifecycle")
        }
    }

    @Test func rulesMayOverlapWhereThatIsAskedForOrTheyDiffer() async throws {
        try await withSurface { surface in
            let other = "<Tag><Key>k</Key><Value>w</Value></Tag>"
            let differing =
                Self.rule(Self.expiration, prefix: "a") + Self.rule(Self.transition(1, "IA"), prefix: "ab")
                + Self.rule(Self.expiration, prefix: "b", tags: Self.tag)
                + Self.rule(Self.expiration, prefix: "b/c", tags: other)
            let set = try await put(
                surface, "lifecycle", "<LifecycleConfiguration>\(differing)</LifecycleConfiguration>")
            #expect(set.status == 200)
            let ids = try XMLReader.read(try await get(surface, "lifecycle").body).all("Rule").map { $0.text(of: "ID") }
            #expect(Set(ids).count == 4)
            #expect(ids.allSatisfy { $0?.utf8.count == 32 })
            let overlapping = Self.rule(Self.expiration, prefix: "a") + Self.rule(Self.expiration, prefix: "ab")
            let document = "<LifecycleConfiguration>\(overlapping)</LifecycleConfiguration>"
            for (value, status) in [("true", 200), ("false", 400), ("maybe", 400)] {
                let answer = try await surface.send(
                    Call(
                        method: "PUT", target: "/bucket/?lifecycle",
                        headers: [("x-oss-allow-same-action-overlap", value)], body: Array(document.utf8)))
                #expect(answer.status == status)
                if value == "false" {
                    #expect(answer.element("Message") == "Overlap for same action type Expiration")
                }
            }
        }
    }
}

extension XMLElement {
    /// The texts of the elements without children, in order, each behind its name.
    fileprivate var leaves: [String] {
        children.isEmpty ? ["\(name)=\(text)"] : children.flatMap(\.leaves)
    }
}
