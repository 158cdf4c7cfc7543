import OSSKit
import Testing

/// Documents that are read and written by the same type, with what they hold.
@Suite struct BucketDocumentTests {
    static let midnight: Int64 = 1_483_228_800_000

    static func cors() -> CORSConfiguration {
        var rule = CORSConfiguration.Rule(
            allowedOrigins: ["*", "https://*.example.com"], allowedMethods: CORSConfiguration.methods)
        rule.allowedHeaders = ["x-oss-*", "Range"]
        rule.exposeHeaders = ["ETag"]
        rule.maxAgeSeconds = 100
        return CORSConfiguration(
            rules: [rule, .init(allowedOrigins: ["http://a"], allowedMethods: ["GET"])], responseVary: true)
    }

    static func lifecycle() -> LifecycleConfiguration {
        var all = LifecycleConfiguration.Rule(id: "r<1>", prefix: "logs/")
        all.tags = [Tag("k", "v")]
        all.filter = .init()
        all.filter?.sizeGreaterThan = 1
        all.filter?.sizeLessThan = 100
        all.filter?.exclusions = [.init(prefix: "logs/keep/", tag: Tag("a", "b")), .init(prefix: "logs/x")]
        all.expiration = .days(30)
        var transition = LifecycleConfiguration.Transition(.days(10), storageClass: "IA")
        transition.isAccessTime = true
        transition.returnsToStandardWhenVisited = false
        transition.allowsSmallFile = true
        all.transitions = [transition, .init(.createdBefore(midnight), storageClass: "Archive")]
        all.noncurrentExpirationDays = 5
        all.noncurrentTransitions = [.init(.days(2), storageClass: "IA")]
        all.abortMultipartUpload = .createdBefore(midnight)
        all.accessTimeBase = 1_600_000_000
        var off = LifecycleConfiguration.Rule(prefix: "", status: .disabled)
        off.expiration = .expiredObjectDeleteMarker
        var dated = LifecycleConfiguration.Rule(prefix: "d")
        dated.expiration = .date(midnight)
        return LifecycleConfiguration(rules: [all, off, dated])
    }

    static func website() -> WebsiteConfiguration {
        var site = WebsiteConfiguration(
            indexDocument: .init(suffix: "index.html"), errorDocument: .init(key: "error.html", httpStatus: 404))
        site.indexDocument?.supportsSubfolders = true
        site.indexDocument?.type = 2
        var rule = WebsiteConfiguration.RoutingRule(number: 1)
        rule.condition.keyPrefixEquals = "abc/"
        rule.condition.keySuffixEquals = ".jpg"
        rule.condition.httpErrorCodeReturnedEquals = 404
        var header = WebsiteConfiguration.Condition.Header(key: "host")
        header.equals = "a"
        header.startsWith = "b"
        header.endsWith = "c"
        rule.condition.includeHeaders = [header]
        rule.redirect.redirectType = "Mirror"
        rule.redirect.passesQueryString = true
        rule.redirect.scheme = "https"
        rule.redirect.hostName = "example.com"
        rule.redirect.replaceKeyWith = "prefix/${key}"
        rule.redirect.replaceKeyPrefixWith = "x"
        rule.redirect.enablesReplacePrefix = false
        rule.redirect.httpRedirectCode = 301
        rule.redirect.mirrorElements = [
            XMLElement("MirrorURL", text: "http://example.com/"),
            XMLElement("MirrorHeaders", children: [XMLElement("PassAll", text: "true")]),
        ]
        site.routingRules = [rule]
        return site
    }

    static func inventory() -> InventoryConfiguration {
        var destination = InventoryConfiguration.Destination(
            accountID: "1", roleARN: "acs:ram::1:role/r", bucket: "b-1")
        destination.prefix = "lists/"
        destination.encryption = .kms(keyID: "k")
        var list = InventoryConfiguration(id: "i", destination: destination, frequency: "Weekly")
        list.filter = .init()
        list.filter?.prefix = "p"
        list.filter?.modifiedAfter = 1
        list.filter?.modifiedBefore = 2
        list.filter?.lowerSizeBound = 3
        list.filter?.upperSizeBound = 4
        list.filter?.storageClass = "IA,Archive"
        list.optionalFields = ["Size", "ETag"]
        return list
    }

    static func all() throws -> [any XMLDocument] {
        var referer = RefererConfiguration(allowsEmptyReferer: false, referers: ["http://*.example.com", "a?"])
        referer.truncatesQueryString = true
        referer.truncatesPath = false
        referer.deniedReferers = ["http://b"]
        var worm = WormConfiguration(id: "w", state: .locked, retentionDays: 1, createdAtMilliseconds: midnight)
        worm.expiresAtMilliseconds = midnight + 86_400_000
        var suite = HTTPSConfiguration.CipherSuite(isEnabled: true)
        suite.isStrong = false
        suite.custom = ["A", "B"]
        suite.customTLS13 = ["C"]
        var replication = ReplicationConfiguration.Rule(destinationBucket: "b-2")
        replication.id = "1"
        replication.prefixes = ["a", "b"]
        replication.action = "ALL"
        replication.destinationLocation = "oss-cn-beijing"
        replication.transferType = "oss_acc"
        replication.status = "doing"
        replication.historicalObjectReplication = .enabled
        replication.syncRole = "r"
        replication.replicationTimeControl = .disabled
        var cname = ListCnameResult.Cname(domain: "example.com", lastModifiedMilliseconds: midnight)
        cname.isWildcard = false
        cname.certificate = XMLElement("Certificate", children: [XMLElement("Type", text: "CAS")])
        var style = ImageStyle(content: "image/resize,w_100")
        style.name = "small"
        style.category = "image"
        style.createTime = "Wed, 20 May 2020 12:07:15 GMT"
        style.lastModifyTime = "Wed, 21 May 2020 12:07:15 GMT"
        var overwrite = OverwriteConfiguration.Rule(id: "1")
        overwrite.prefix = "a"
        overwrite.suffix = "b"
        overwrite.principals = ["1"]
        var stat = BucketStat()
        stat.storageBytes = 10
        stat.objectCount = 2
        stat.multipartPartCount = 3
        stat.deleteMarkerCount = 4
        stat.usages = ["Standard": .init(), "ColdArchive": .init()]
        stat.usages["ColdArchive"]?.realStorageBytes = 7
        let owner = Owner(id: "1", displayName: "one")
        return [
            cors(), lifecycle(), website(), inventory(), referer, RefererConfiguration(), worm, stat,
            Tagging([Tag("a&b", "<c>"), Tag("d", "")]), Tagging([]), VersioningConfiguration(.enabled),
            VersioningConfiguration(.suspended), VersioningConfiguration(nil),
            AccessControlPolicy(owner: owner, grant: BucketACL.publicReadWrite),
            AccessControlPolicy(owner: owner, grant: ObjectACL.default),
            BucketLoggingStatus(.init(bucket: "b", prefix: "p", role: "r")), BucketLoggingStatus(nil),
            UserDefinedLogFieldsConfiguration(headers: ["a", "b"], parameters: ["c"]),
            ServerSideEncryptionRule(algorithm: "KMS", masterKeyID: "k", dataEncryption: "SM4"),
            PolicyStatus(isPublic: true), PublicAccessBlockConfiguration(blocksPublicAccess: false),
            RequestPaymentConfiguration(.requester), TransferAccelerationConfiguration(isEnabled: true),
            ArchiveDirectReadConfiguration(isEnabled: false), AccessMonitorConfiguration(.enabled),
            BucketResourceGroupConfiguration(resourceGroupID: "rg-1"),
            HTTPSConfiguration(limitsTLS: true, tlsVersions: ["TLSv1.2", "TLSv1.3"], cipherSuite: suite),
            InitiateWormConfiguration(retentionDays: 1), ExtendWormConfiguration(retentionDays: 25_550),
            ObjectWormConfiguration(.enabled, defaultRetention: .init(mode: "COMPLIANCE", years: 1)),
            ObjectWormConfiguration(.enabled), RestoreRequest(days: 3, tier: .bulk), RestoreRequest(),
            Retention(mode: "GOVERNANCE", retainUntilMilliseconds: midnight), LegalHold(isOn: true),
            PostResponse(bucket: "b", eTag: "\"A\"", key: try ObjectKey("a&b"), location: "http://b/a"),
            RegionInfoList(regions: [
                .init(location: "oss-a", internetEndpoint: "i", internalEndpoint: "j", accelerateEndpoint: "k")
            ]), ReplicationConfiguration(rules: [replication, .init(destinationBucket: "b-3")]),
            ReplicationRules(ids: ["1", "2"]),
            ListInventoryConfigurationsResult(configurations: [inventory()], nextContinuationToken: "t"),
            BucketCnameConfiguration(domain: "example.com"),
            ListCnameResult(bucket: "b", owner: "1", cnames: [cname]),
            CnameToken(bucket: "b", cname: "example.com", token: "t", expireTime: "Wed, 23 Feb 2022 21:16:37 GMT"),
            style, StyleList(styles: [style, ImageStyle(content: "c")]), OverwriteConfiguration(rules: [overwrite]),
            BucketDataRedundancyTransition(taskID: "t"), try versions(isURLEncoded: true),
            try versions(isURLEncoded: false),
        ]
    }

    static func versions(isURLEncoded: Bool) throws -> ListVersionsResult {
        var marker = ListVersionsResult.Entry(
            key: try ObjectKey("a b/é"), versionID: "v2", isLatest: true, lastModifiedMilliseconds: midnight)
        marker.owner = Owner(id: "1", displayName: "one")
        var version = ListVersionsResult.Entry(
            key: try ObjectKey("a b/é"), versionID: "null", isLatest: false, lastModifiedMilliseconds: midnight)
        version.content = .init(eTag: "\"A\"", sizeBytes: 5)
        version.content?.type = "Appendable"
        version.content?.storageClass = "Archive"
        version.content?.restoreInformation = "ongoing-request=\"true\""
        var result = ListVersionsResult(
            question: .init(bucket: "b-1", prefix: "a b/", delimiter: "/", maxKeys: 2, isURLEncoded: isURLEncoded),
            marker: .init(key: "a", versionID: "v"), nextMarker: .init(key: "a b/é", versionID: "null"))
        result.entries = [marker, version]
        result.commonPrefixes = ["a b/c/"]
        return result
    }

    private func comesBack<Document: XMLDocument>(_ wanted: Document) throws {
        let text = wanted.write()
        let found = try Document(document: Array(text.utf8))
        #expect(found == wanted, "\(text)")
        // What is not known here is passed over, wherever it stands.
        let strange = text.replacingFirst(
            "<\(Document.rootName)>", with: "<\(Document.rootName)><Stranger>1</Stranger>")
        let foundBesideStranger = try Document(document: Array(strange.utf8))
        #expect(foundBesideStranger == wanted, "\(strange)")
        let foreign = Array(text.replacingFirst("<\(Document.rootName)>", with: "<Other>").utf8)
        #expect(throws: OSSError.self) { try Document(document: foreign) }
        #expect(throws: OSSError.self) { try Document(document: []) }
    }

    @Test func everyDocumentComesBack() throws {
        for document in try Self.all() {
            try comesBack(document)
        }
    }

    /// Documents from which no element can be missing, and each with one of its elements left out.
    @Test func aMissingElementIsRefused() throws {
        let documents: [any XMLDocument] = [
            PolicyStatus(isPublic: true), PublicAccessBlockConfiguration(blocksPublicAccess: true),
            RequestPaymentConfiguration(.requester), TransferAccelerationConfiguration(isEnabled: true),
            AccessMonitorConfiguration(.enabled), BucketResourceGroupConfiguration(resourceGroupID: "g"),
            InitiateWormConfiguration(retentionDays: 1), ExtendWormConfiguration(retentionDays: 1),
            WormConfiguration(id: "w", state: .inProgress, retentionDays: 1, createdAtMilliseconds: 0),
            Retention(mode: "COMPLIANCE", retainUntilMilliseconds: 0), LegalHold(isOn: false),
            ServerSideEncryptionRule(algorithm: "AES256"), BucketDataRedundancyTransition(taskID: "t"),
            BucketCnameConfiguration(domain: "d"), ReplicationRules(ids: ["1"]), ImageStyle(content: "c"),
        ]
        for document in documents {
            let lines = document.write().split(separator: "\n")
            let leaves = lines.indices.filter { lines[$0].contains("</") && lines[$0].hasPrefix("  ") }
                .filter { lines[$0].split(separator: "<").count == 3 }
            for index in leaves {
                var without = lines
                without.remove(at: index)
                refuses(document, without.joined(separator: "\n"))
            }
        }
    }

    private func refuses<Document: XMLDocument>(_ document: Document, _ text: String) {
        #expect(throws: OSSError.self, "\(text)") { try Document(document: Array(text.utf8)) }
    }

    @Test func theCORSConfigurationIsWrittenAsOSSWritesIt() {
        let found = CORSConfiguration(
            rules: [.init(allowedOrigins: ["*"], allowedMethods: ["GET"])], responseVary: false
        ).write()
        let wanted = """
            <?xml version="1.0" encoding="UTF-8"?>
            <CORSConfiguration>
              <CORSRule>
                <AllowedOrigin>*</AllowedOrigin>
                <AllowedMethod>GET</AllowedMethod>
              </CORSRule>
              <ResponseVary>false</ResponseVary>
            </CORSConfiguration>

            """
        #expect(found == wanted)
    }

    /// Source: oss-wire fact 17, of what the strictest client demands.
    @Test func theVersionsHaveWhatTheStrictestClientDemands() throws {
        let found = ListVersionsResult(question: .init(bucket: "b")).write()
        for name in ["Name", "Prefix", "KeyMarker", "VersionIdMarker", "MaxKeys", "Delimiter", "IsTruncated"] {
            #expect(found.contains("<\(name)>"), "\(name)")
        }
        let entries = try Self.versions(isURLEncoded: true).write()
        #expect(entries.contains("<Key>a%20b%2F%C3%A9</Key>"))
        #expect(entries.contains("<NextKeyMarker>a%20b%2F%C3%A9</NextKeyMarker>"))
    }
}

/// Documents that are not what they have to be.
@Suite struct BucketDocumentRefusalTests {
    private func refusal<Document: XMLDocument>(_ type: Document.Type, _ content: String) -> OSSErrorCode? {
        let text = "<\(Document.rootName)>\(content)</\(Document.rootName)>"
        return #expect(throws: OSSError.self, "\(text)") { try Document(document: Array(text.utf8)) }?.code
    }

    private static let rule = "<CORSRule><AllowedOrigin>*</AllowedOrigin><AllowedMethod>GET</AllowedMethod></CORSRule>"

    @Test(
        arguments: [
            ("", .malformedXML), ("<CORSRule/>", .malformedXML),
            ("<CORSRule><AllowedOrigin>*</AllowedOrigin></CORSRule>", .malformedXML),
            ("<CORSRule><AllowedMethod>GET</AllowedMethod></CORSRule>", .malformedXML),
            (rule.replacingFirst("GET", with: "PATCH"), .malformedXML),
            (rule.replacingFirst("GET", with: "get"), .malformedXML),
            (rule.replacingFirst("*", with: "*.*"), .malformedXML),
            (
                rule.replacingFirst("</CORSRule>", with: "<MaxAgeSeconds>-1</MaxAgeSeconds></CORSRule>"),
                .invalidArgument
            ),
            (rule + "<ResponseVary>yes</ResponseVary>", .malformedXML),
            (String(repeating: rule, count: 11), .corsRuleBeyondLimit),
        ] as [(String, OSSErrorCode)])
    func wrongCORSConfigurations(content: String, code: OSSErrorCode) {
        let found = refusal(CORSConfiguration.self, content)
        #expect(found == code)
    }

    @Test(
        arguments: [
            ("", .malformedXML), ("<Rule><Prefix>a</Prefix></Rule>", .malformedXML),
            ("<Rule><Status>enabled</Status></Rule>", .malformedXML),
            ("<Rule><Status>Enabled</Status><Expiration/></Rule>", .malformedXML),
            ("<Rule><Status>Enabled</Status><Expiration><Days>x</Days></Expiration></Rule>", .malformedXML),
            (
                "<Rule><Status>Enabled</Status><Expiration><Days>1</Days>"
                    + "<CreatedBeforeDate>2017-01-01T00:00:00.000Z</CreatedBeforeDate></Expiration></Rule>",
                .malformedXML
            ),
            (
                "<Rule><Status>Enabled</Status><Expiration><Date>2017-01-01T00:00:01.000Z</Date></Expiration></Rule>",
                .invalidArgument
            ),
            (
                "<Rule><Status>Enabled</Status><Expiration><Date>1969-01-01T00:00:00.000Z</Date></Expiration></Rule>",
                .invalidArgument
            ),
            ("<Rule><Status>Enabled</Status><Transition><Days>1</Days></Transition></Rule>", .malformedXML),
            (
                "<Rule><Status>Enabled</Status><NoncurrentVersionTransition><Days>1</Days><StorageClass>IA"
                    + "</StorageClass></NoncurrentVersionTransition></Rule>", .malformedXML
            ),
            ("<Rule><Status>Enabled</Status><NoncurrentVersionExpiration/></Rule>", .malformedXML),
            ("<Rule><Status>Enabled</Status><ID>" + String(repeating: "i", count: 256) + "</ID></Rule>", .malformedXML),
            (String(repeating: "<Rule><Status>Enabled</Status></Rule>", count: 1_001), .malformedXML),
        ] as [(String, OSSErrorCode)])
    func wrongLifecycles(content: String, code: OSSErrorCode) {
        let found = refusal(LifecycleConfiguration.self, content)
        #expect(found == code)
    }

    @Test(arguments: [
        "", "<IndexDocument/>", "<IndexDocument><Suffix>i</Suffix><Type>3</Type></IndexDocument>",
        "<IndexDocument><Suffix>i</Suffix><SupportSubDir>1</SupportSubDir></IndexDocument>", "<ErrorDocument/>",
        "<RoutingRules><RoutingRule/></RoutingRules>",
        "<RoutingRules><RoutingRule><RuleNumber>1</RuleNumber><Condition/></RoutingRule></RoutingRules>",
        "<RoutingRules><RoutingRule><RuleNumber>x</RuleNumber><Condition/><Redirect/></RoutingRule></RoutingRules>",
        "<RoutingRules>"
            + String(
                repeating: "<RoutingRule><RuleNumber>1</RuleNumber><Condition/><Redirect/></RoutingRule>", count: 21)
            + "</RoutingRules>",
    ])
    func wrongWebsites(content: String) {
        let found = refusal(WebsiteConfiguration.self, content)
        #expect(found == .malformedXML)
    }

    @Test func otherWrongDocuments() {
        #expect(refusal(VersioningConfiguration.self, "<Status>enabled</Status>") == .malformedXML)
        #expect(refusal(VersioningConfiguration.self, "<Status/>") == .malformedXML)
        #expect(refusal(RequestPaymentConfiguration.self, "<Payer>Nobody</Payer>") == .malformedXML)
        #expect(refusal(PolicyStatus.self, "<IsPublic>TRUE</IsPublic>") == .malformedXML)
        #expect(refusal(RefererConfiguration.self, "<RefererList/>") == .malformedXML)
        #expect(refusal(Tagging.self, "") == .malformedXML)
        #expect(refusal(Tagging.self, "<TagSet><Tag><Value>v</Value></Tag></TagSet>") == .malformedXML)
        #expect(refusal(AccessControlPolicy<BucketACL>.self, "<AccessControlList/>") == .malformedXML)
        #expect(
            refusal(
                AccessControlPolicy<BucketACL>.self, "<AccessControlList><Grant>default</Grant></AccessControlList>")
                == .malformedXML)
        #expect(refusal(BucketStat.self, "<Storage>1</Storage>") == .malformedXML)
        #expect(refusal(BucketStat.self, "<Storage>-1</Storage><ObjectCount>1</ObjectCount>") == .malformedXML)
        #expect(refusal(BucketLoggingStatus.self, "<LoggingEnabled/>") == .malformedXML)
        let rule = "<ApplyServerSideEncryptionByDefault><SSEAlgorithm>DES</SSEAlgorithm>"
        let encryption = rule + "</ApplyServerSideEncryptionByDefault>"
        #expect(refusal(ServerSideEncryptionRule.self, encryption) == .invalidEncryptionAlgorithmError)
        #expect(refusal(RestoreRequest.self, "<Days>0</Days>") == .malformedXML)
        #expect(refusal(RestoreRequest.self, "<JobParameters><Tier>Fast</Tier></JobParameters>") == .invalidArgument)
        #expect(refusal(RestoreRequest.self, "<JobParameters/>") == .malformedXML)
        let days = "<RetentionPeriodInDays>"
        #expect(refusal(InitiateWormConfiguration.self, days + "0</RetentionPeriodInDays>") == .malformedXML)
        #expect(refusal(ExtendWormConfiguration.self, days + "25551</RetentionPeriodInDays>") == .malformedXML)
        #expect(refusal(LegalHold.self, "<Status>on</Status>") == .malformedXML)
        #expect(refusal(PostResponse.self, "<Bucket>b</Bucket><ETag>e</ETag><Key/>") == .invalidObjectName)
        #expect(refusal(ListVersionsResult.self, "<Name>b</Name>") == .malformedXML)
        #expect(refusal(ListVersionsResult.self, "<IsTruncated>true</IsTruncated>") == .malformedXML)
        #expect(
            refusal(ListVersionsResult.self, "<IsTruncated>false</IsTruncated><Version><Key>a</Key></Version>")
                == .malformedXML)
    }

    /// OSS's own sample has no zone there.
    @Test func aDateWithoutAZoneIsReadWhereOSSWritesOne() throws {
        let text = """
            <WormConfiguration><WormId>w</WormId><State>Locked</State><RetentionPeriodInDays>1</RetentionPeriodInDays>\
            <CreationDate>2020-10-15T15:50:32</CreationDate></WormConfiguration>
            """
        let found = try WormConfiguration(document: Array(text.utf8))
        #expect(found.createdAtMilliseconds == 1_602_777_032_000)
    }

    @Test func noStatusIsNoWish() {
        let found = #expect(throws: OSSError.self) { try VersioningConfiguration(nil).wantedStatus() }
        #expect(found?.code == .invalidArgument)
    }
}

@Suite struct TaggingTests {
    @Test(
        arguments: [
            ("a=b", [Tag("a", "b")]), ("a=b&c=", [Tag("a", "b"), Tag("c", "")]), ("a", [Tag("a", "")]), ("", []),
            ("a%20b=%2B&c+d=e%3D", [Tag("a b", "+"), Tag("c d", "e=")]), ("k=a=b", [Tag("k", "a=b")]),
            ("%C3%A9=1&e%CC%81=2", [Tag("é", "1"), Tag("e\u{301}", "2")]),
        ] as [(String, [Tag])])
    func theHeaderIsRead(value: String, wanted: [Tag]) throws {
        let found = try Tagging(headerValue: value).tags
        let bytes: ([Tag]) -> [[UInt8]] = { tags in tags.map { tag in Array("\(tag.key)=\(tag.value)".utf8) } }
        #expect(bytes(found) == bytes(wanted))
        let again = try Tagging(headerValue: Tagging(wanted).headerValue)
        #expect(again.tags.count == wanted.count)
    }

    @Test(arguments: ["a=1&a=2", "=b", "%=b", "a=%f", "a=%FF", "a=1&=", "a&a"])
    func aWrongHeaderIsRefused(value: String) {
        let found = #expect(throws: OSSError.self) { try Tagging(headerValue: value) }
        #expect(found?.code == .invalidArgument)
        #expect(found?.ec == "0010-00000219")
    }

    @Test(arguments: Tagging.Target.allCases)
    func theLimitsAreExact(target: Tagging.Target) throws {
        let most = target == .object ? 10 : 20
        let tags = (0...most).map { Tag("k\($0)", "v") }
        try Tagging(Array(tags.dropLast())).check(for: target)
        let found = #expect(throws: OSSError.self) { try Tagging(tags).check(for: target) }
        #expect(found?.code == .tooManyTags)
        let length = target == .object ? (key: 128, value: 256) : (key: 64, value: 128)
        let text: (Int) -> String = { String(repeating: "x", count: $0) }
        try Tagging([Tag(text(length.key), text(length.value))]).check(for: target)
        for tag in [Tag(text(length.key + 1), ""), Tag("k", text(length.value + 1)), Tag("", "v")] {
            let found = #expect(throws: OSSError.self) { try Tagging([tag]).check(for: target) }
            #expect(found?.code == .invalidTag)
        }
        let twice = #expect(throws: OSSError.self) { try Tagging([Tag("k", "1"), Tag("k", "2")]).check(for: target) }
        #expect(twice?.code == .repeatedTags)
    }

    @Test(arguments: ["a&b", "a?", "a\n", "<", "a*"])
    func anObjectsTagHasNoOtherCharacters(text: String) {
        #expect(throws: OSSError.self) { try Tagging([Tag(text, "")]).check(for: .object) }
        #expect(throws: OSSError.self) { try Tagging([Tag("k", text)]).check(for: .object) }
    }

    @Test(arguments: ["http://a", "HTTPS://a", "Aliyun", "aliyun-x"])
    func aBucketsTagDoesNotBeginSo(key: String) {
        #expect(throws: OSSError.self) { try Tagging([Tag(key, "")]).check(for: .bucket) }
    }
}

@Suite struct NestedErrorTests {
    @Test func theDetailOfADenialComesBack() throws {
        var detail = AccessDeniedDetail()
        detail.authPrincipalOwnerID = "1001"
        detail.authPrincipalType = "SubUser"
        detail.authPrincipalDisplayName = "2002"
        detail.authAction = "oss:GetObject"
        detail.policyType = "AccountLevelIdentityBasedPolicy"
        detail.noPermissionType = "ImplicitDeny"
        detail.encodedDiagnosticMessage = "AQ&<=="
        var error = OSSError(.accessDenied, ec: "0003-00000201", fields: [("BucketName", "b")])
        error.fields.append(detail.field)
        let document = ErrorDocument.write(error, requestID: "R", hostID: "h")
        let wanted = """
              <BucketName>b</BucketName>
              <AccessDeniedDetail>
                <AuthPrincipalOwnerId>1001</AuthPrincipalOwnerId>
                <AuthPrincipalType>SubUser</AuthPrincipalType>
            """
        #expect(document.contains(wanted))
        #expect(document.contains("  </AccessDeniedDetail>\n  <EC>0003-00000201</EC>"))
        let found = ServiceError(status: 403, headers: [], body: document.utf8)
        #expect(found.accessDeniedDetail == detail)
        #expect(found.fields["AccessDeniedDetail/AuthAction"] == "oss:GetObject")
    }

    @Test func anErrorWithoutADetailHasNone() {
        let document = ErrorDocument.write(OSSError(.accessDenied), requestID: "R", hostID: "h")
        #expect(ServiceError(status: 403, headers: [], body: document.utf8).accessDeniedDetail == nil)
        #expect(ServiceError(status: 304, headers: [], body: []).isNotModified)
    }
}

extension String {
    /// The text with the first place of another text replaced.
    fileprivate func replacingFirst(_ text: String, with other: String) -> String {
        guard let range = firstRange(of: text) else { return self }
        return replacingCharacters(range, other)
    }

    private func replacingCharacters(_ range: Range<String.Index>, _ other: String) -> String {
        String(self[..<range.lowerBound]) + other + self[range.upperBound...]
    }
}
