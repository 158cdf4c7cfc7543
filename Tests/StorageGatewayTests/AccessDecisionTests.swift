import OSSKit
import StorageGateway
import Testing

/// The rules by which access is decided, as a table.
@Suite struct AccessDecisionTests {
    private static let owner = Requester(
        ownerID: "1", accessKeyID: "a", scheme: .v4Header, keyPolicy: nil, session: nil)
    private static let other = Requester(
        ownerID: "2", accessKeyID: "b", scheme: .v4Header, keyPolicy: nil, session: nil)

    private static func bound(_ key: String?, session: String? = nil) throws -> Requester {
        Requester(
            ownerID: "1", accessKeyID: "a", scheme: .v4Header, keyPolicy: try key.map { try identity($0) },
            session: try session.map {
                Requester.Session(name: "role/name", parentAccessKeyID: "a", policy: try identity($0))
            })
    }

    private static func identity(_ statements: String) throws -> AccessPolicy {
        try AccessPolicy(json: Array(#"{"Version": "1", "Statement": [\#(statements)]}"#.utf8), kind: .identity)
    }

    private static func statement(
        _ effect: String, _ action: String = "oss:GetObject", _ resource: String = "acs:oss:*:*:bucket/*",
        principal: String? = nil, _ condition: String? = nil
    ) -> String {
        let whose = principal.map { #""Principal": ["\#($0)"], "# } ?? ""
        let when = condition.map { #", "Condition": \#($0)"# } ?? ""
        return #"{"Effect": "\#(effect)", \#(whose)"Action": ["\#(action)"], "Resource": ["\#(resource)"]\#(when)}"#
    }

    private static func question(
        _ requester: Requester, acl: BucketACL = .private, object: ObjectACL? = nil, policy: String? = nil,
        blocks: Bool = false
    ) throws -> AccessQuestion {
        var question = AccessQuestion(
            "oss:GetObject", .readObject,
            on: AccessResource(.object("bucket", Array("dir/k".utf8)), region: "cn-hangzhou", ownerID: "1"),
            by: requester, facts: RequestFacts(isSecure: false, nowUnixSeconds: 1_800_000_000))
        question.facts.sourceAddress = NetworkAddress("10.1.2.3")
        question.facts.userAgent = "probe/1.0"
        var rules = BucketRules(blocksPublicAccess: blocks)
        if let policy {
            let document = Array(#"{"Version": "1", "Statement": [\#(policy)]}"#.utf8)
            rules.policy = .readable(try AccessPolicy(json: document, kind: .bucket))
        }
        question.bucket = AccessQuestion.Bucket(ownerID: "1", acl: acl, rules: rules)
        question.objectACL = object
        return question
    }

    struct ACLCase: Sendable {
        let kind: AccessQuestion.Kind
        let bucket: BucketACL
        let object: ObjectACL?
        let decision: AccessDecision
    }

    @Test(arguments: [
        ACLCase(kind: .readObject, bucket: .private, object: nil, decision: .bucketACL),
        ACLCase(kind: .readObject, bucket: .private, object: .default, decision: .bucketACL),
        ACLCase(kind: .readObject, bucket: .private, object: .publicRead, decision: .allowed),
        ACLCase(kind: .readObject, bucket: .publicRead, object: nil, decision: .allowed),
        ACLCase(kind: .readObject, bucket: .publicRead, object: .default, decision: .allowed),
        ACLCase(kind: .readObject, bucket: .publicRead, object: .private, decision: .objectACL),
        ACLCase(kind: .readObject, bucket: .publicReadWrite, object: .private, decision: .objectACL),
        ACLCase(kind: .writeObject, bucket: .publicRead, object: nil, decision: .bucketACL),
        ACLCase(kind: .writeObject, bucket: .publicReadWrite, object: nil, decision: .allowed),
        ACLCase(kind: .writeObject, bucket: .publicReadWrite, object: .publicRead, decision: .objectACL),
        ACLCase(kind: .writeObject, bucket: .private, object: .publicReadWrite, decision: .allowed),
        ACLCase(kind: .list, bucket: .publicReadWrite, object: nil, decision: .bucketACL),
        ACLCase(kind: .readObjectConfiguration, bucket: .publicReadWrite, object: nil, decision: .objectACL),
        ACLCase(kind: .writeObjectConfiguration, bucket: .publicReadWrite, object: nil, decision: .objectACL),
        ACLCase(kind: .configuration, bucket: .publicReadWrite, object: nil, decision: .anonymous),
    ])
    func anACLGrantsWhatItSays(_ row: ACLCase) throws {
        var question = try Self.question(.anonymous, acl: row.bucket, object: row.object)
        question.kind = row.kind
        #expect(AccessDecision.judge(question) == row.decision)
        let blocked = try Self.question(.anonymous, acl: row.bucket, object: row.object, blocks: true)
        #expect(AccessDecision.judge(blocked) != .allowed)
        question.requester = Self.owner
        #expect(AccessDecision.judge(question) == .allowed)
    }

    @Test func aListIsGrantedByAnACLOnlyWhereTheServerIsToldSo() throws {
        var question = try Self.question(.anonymous, acl: .publicRead)
        question.kind = .list
        question.lists = true
        #expect(AccessDecision.judge(question) == .allowed)
    }

    struct PolicyCase: Sendable {
        let statements: [String]
        let requester: Requester
        var acl = BucketACL.private
        var blocks = false
        let decision: AccessDecision
    }

    static let policyCases: [PolicyCase] = [
        .init(statements: [statement("Allow", principal: "2")], requester: other, decision: .allowed),
        .init(statements: [statement("Allow", principal: "b")], requester: other, decision: .allowed),
        .init(statements: [statement("Allow", principal: "3")], requester: other, decision: .bucketACL),
        .init(statements: [statement("Allow", principal: "*")], requester: .anonymous, decision: .allowed),
        .init(
            statements: [statement("Allow", principal: "*")], requester: .anonymous, blocks: true, decision: .bucketACL),
        .init(statements: [statement("Allow", principal: "2")], requester: other, blocks: true, decision: .allowed),
        .init(statements: [statement("Allow", principal: "2")], requester: .anonymous, decision: .bucketACL),
        .init(
            statements: [statement("Allow", "oss:PutObject", principal: "2")], requester: other, decision: .bucketACL),
        .init(statements: [statement("Allow", "OSS:get*", principal: "2")], requester: other, decision: .allowed),
        .init(
            statements: [statement("Allow", "oss:*", "acs:oss:*:*:bucket/dir/*", principal: "2")], requester: other,
            decision: .allowed),
        .init(
            statements: [statement("Allow", "oss:*", "acs:oss:*:*:bucket/d?r/k", principal: "2")], requester: other,
            decision: .allowed),
        .init(
            statements: [statement("Allow", "oss:*", "acs:oss:*:*:bucket", principal: "2")], requester: other,
            decision: .bucketACL),
        .init(
            statements: [statement("Allow", "oss:*", "acs:oss:*:*:bucket/dir", principal: "2")], requester: other,
            decision: .bucketACL),
        .init(
            statements: [statement("Allow", "oss:*", "acs:oss:cn-beijing:*:bucket/*", principal: "2")],
            requester: other, decision: .bucketACL),
        .init(
            statements: [statement("Allow", "oss:*", "acs:oss:oss-cn-hangzhou:1:bucket/*", principal: "2")],
            requester: other, decision: .allowed),
        .init(
            statements: [statement("Allow", "oss:*", "acs:oss:*:9:bucket/*", principal: "2")], requester: other,
            decision: .bucketACL),
        // What is denied stays denied, whoever else allows it.
        .init(
            statements: [statement("Allow", principal: "2"), statement("Deny", principal: "2")], requester: other,
            decision: .bucketPolicy),
        .init(statements: [statement("Deny", principal: "*")], requester: owner, decision: .bucketPolicy),
        .init(
            statements: [statement("Deny", principal: "2")], requester: .anonymous, acl: .publicRead,
            decision: .allowed),
        .init(
            statements: [statement("Deny", principal: "*")], requester: .anonymous, acl: .publicRead,
            decision: .bucketPolicy),
    ]

    @Test(arguments: policyCases.indices)
    func aPolicyOfABucketGrantsAndForbids(_ position: Int) throws {
        let row = Self.policyCases[position]
        let question = try Self.question(
            row.requester, acl: row.acl, policy: row.statements.joined(separator: ","), blocks: row.blocks)
        #expect(AccessDecision.judge(question) == row.decision)
    }

    @Test(arguments: [
        (#"{"IpAddress": {"acs:SourceIp": "10.0.0.0/8"}}"#, true),
        (#"{"IpAddress": {"acs:SourceIp": ["192.168.0.0/16", "10.1.2.3"]}}"#, true),
        (#"{"IpAddress": {"acs:SourceIp": "10.1.2.4"}}"#, false),
        (#"{"NotIpAddress": {"acs:SourceIp": "10.1.0.0/16"}}"#, false),
        (#"{"NotIpAddress": {"acs:SourceIp": "11.0.0.0/8"}}"#, true),
        (#"{"IpAddress": {"acs:SourceIp": "::/0"}}"#, false),
        (#"{"Bool": {"acs:SecureTransport": "false"}}"#, true),
        (#"{"Bool": {"acs:SecureTransport": true}}"#, false),
        (#"{"StringLike": {"acs:UserAgent": "probe/*"}}"#, true),
        (#"{"StringLike": {"acs:UserAgent": "Probe/*"}}"#, false),
        (#"{"StringNotLike": {"acs:UserAgent": "probe/*"}}"#, false),
        (#"{"StringEquals": {"acs:UserAgent": "probe/*"}}"#, false),
        (#"{"StringEqualsIgnoreCase": {"acs:UserAgent": "PROBE/1.0"}}"#, true),
        (#"{"StringEquals": {"acs:Referer": "x"}}"#, false),
        (#"{"StringNotEquals": {"acs:Referer": "x"}}"#, true),
        (#"{"DateLessThan": {"acs:CurrentTime": "2027-01-15T08:00:01Z"}}"#, true),
        (#"{"DateGreaterThan": {"acs:CurrentTime": "2027-01-15T08:00:00Z"}}"#, false),
        (#"{"IpAddress": {"acs:SourceIp": "10.0.0.0/8"}, "Bool": {"acs:SecureTransport": "true"}}"#, false),
    ])
    func aStatementCountsOnlyWhereItsConditionsHold(_ condition: String, holds: Bool) throws {
        let allow = try Self.question(
            Self.other, policy: Self.statement("Allow", principal: "2", condition))
        #expect(AccessDecision.judge(allow) == (holds ? .allowed : .bucketACL))
        let deny = try Self.question(
            .anonymous, acl: .publicRead, policy: Self.statement("Deny", principal: "*", condition))
        #expect(AccessDecision.judge(deny) == (holds ? .bucketPolicy : .allowed))
    }

    @Test func aPolicyThatCannotBeReadLetsNobodyInButTheOwner() throws {
        for (requester, decision) in [
            (Self.owner, AccessDecision.allowed), (Self.other, .bucketPolicy), (.anonymous, .bucketPolicy),
        ] {
            var question = try Self.question(requester, acl: .publicRead)
            question.bucket = AccessQuestion.Bucket(
                ownerID: "1", acl: .publicRead, rules: BucketRules(policy: .unreadable))
            #expect(AccessDecision.judge(question) == decision)
        }
    }

    @Test func anOwnerCanAlwaysTakeAPolicyBack() throws {
        var question = try Self.question(
            Self.owner, policy: Self.statement("Deny", "oss:*", "acs:oss:*:*:*", principal: "*"))
        question.kind = .configuration
        for (action, decision) in [
            ("oss:DeleteBucketPolicy", AccessDecision.allowed), ("oss:GetBucketInfo", .bucketPolicy),
        ] {
            question.action = action
            #expect(AccessDecision.judge(question) == decision)
        }
        question.requester = Self.other
        question.action = "oss:DeleteBucketPolicy"
        #expect(AccessDecision.judge(question) == .bucketPolicy)
    }

    @Test func policiesOfKeyAndSessionBoundWhatTheirHolderMayDo() throws {
        let allow = Self.statement("Allow")
        let deny = Self.statement("Deny", "oss:GetObject", "acs:oss:*:*:bucket/dir/*")
        let elsewhere = Self.statement("Allow", "oss:GetObject", "acs:oss:*:*:bucket/other/*")
        let cases: [(String?, String?, AccessDecision)] = [
            (allow, nil, .allowed), (allow, allow, .allowed), (nil, allow, .allowed),
            (elsewhere, nil, .identityPolicy(isExplicit: false, isOfSession: false)),
            (elsewhere, allow, .identityPolicy(isExplicit: false, isOfSession: false)),
            (allow, elsewhere, .identityPolicy(isExplicit: false, isOfSession: true)),
            (allow + "," + deny, nil, .identityPolicy(isExplicit: true, isOfSession: false)),
            (allow, allow + "," + deny, .identityPolicy(isExplicit: true, isOfSession: true)),
        ]
        for (key, session, decision) in cases {
            let requester = try Self.bound(key, session: session)
            let found = AccessDecision.judge(try Self.question(requester))
            #expect(found == decision)
            // A public ACL opens nothing to somebody who is bound to less.
            let open = AccessDecision.judge(try Self.question(requester, acl: .publicReadWrite))
            #expect(open == decision)
        }
    }

    @Test func keysAreComparedAsBytes() throws {
        var question = try Self.question(
            Self.other, policy: Self.statement("Allow", "oss:*", "acs:oss:*:*:bucket/\u{E9}", principal: "2"))
        for (key, decision) in [("\u{E9}", AccessDecision.allowed), ("e\u{301}", .bucketACL)] {
            question.resource = AccessResource(
                .object("bucket", Array(key.utf8)), region: "cn-hangzhou", ownerID: "1")
            #expect(AccessDecision.judge(question) == decision)
        }
    }
}
