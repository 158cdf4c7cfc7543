import OSSKit

/// What somebody wants to do, with everything that decides whether they may.
package struct AccessQuestion: Sendable {
    /// What the ACLs of a bucket and an object can grant.
    package enum Kind: Sendable {
        /// Reads an object.
        case readObject
        /// Writes or deletes an object.
        case writeObject
        /// Lists what a bucket holds.
        case list
        /// Reads an object's ACL or tags; no ACL grants it.
        case readObjectConfiguration
        /// Changes an object's ACL or tags; no ACL grants it.
        case writeObjectConfiguration
        /// Reads or changes a bucket itself, or the service; no ACL grants it.
        case configuration
    }

    /// What is known of a bucket.
    package struct Bucket: Sendable {
        /// The account to which it belongs.
        package let ownerID: String
        /// Its ACL.
        package let acl: BucketACL
        /// Its policy and its public access block.
        package let rules: BucketRules

        /// Collects the facts.
        package init(ownerID: String, acl: BucketACL, rules: BucketRules = BucketRules()) {
            self.ownerID = ownerID
            self.acl = acl
            self.rules = rules
        }
    }

    /// OSS's name of the action, such as `oss:GetObject`.
    package var action: String
    /// What it does.
    package var kind: Kind
    /// What it is done to.
    package var resource: AccessResource
    /// Who asks.
    package var requester: Requester
    /// The bucket; nil for the service, and for a bucket that is about to be made.
    package var bucket: Bucket?
    /// The object's own ACL; nil if there is no object.
    package var objectACL: ObjectACL?
    /// What conditions ask for.
    package var facts: RequestFacts
    /// Whether a public ACL lets everybody list as well.
    package var lists = false

    /// Asks a question.
    package init(
        _ action: String, _ kind: Kind, on resource: AccessResource, by requester: Requester, facts: RequestFacts
    ) {
        self.action = action
        self.kind = kind
        self.resource = resource
        self.requester = requester
        self.facts = facts
    }
}

/// The decision on a question: it may be done, or why not.
///
/// Source: oss-wire fact 14; the order of the rules is assumption A-096.
package enum AccessDecision: Sendable, Equatable {
    /// It may be done.
    case allowed
    /// The policy of the access key or the session forbids it, or does not speak of it.
    case identityPolicy(isExplicit: Bool, isOfSession: Bool)
    /// The policy of the bucket forbids it.
    case bucketPolicy
    /// Nobody may do it without a signature.
    case anonymous
    /// The bucket is somebody else's.
    case otherOwner
    /// The ACL of the bucket does not grant it.
    case bucketACL
    /// The object's own ACL does not grant it.
    case objectACL

    /// Decides.
    ///
    /// What any policy forbids is refused. A policy of the key and one of the session each bound what may be done:
    /// what they do not allow is refused. Within these bounds it has to be granted: by ownership, by the bucket's
    /// policy, or by the ACL of the object or else of the bucket. A public access block takes away what policy and
    /// ACLs grant to everybody.
    package static func judge(_ question: AccessQuestion) -> AccessDecision {
        if let bound = boundary(question) { return bound }
        guard let bucket = question.bucket else { return question.requester.isAnonymous ? .anonymous : .allowed }
        let isOwner =
            !question.requester.isAnonymous
            && bucket.ownerID.utf8.elementsEqual(
                question.requester.ownerID.utf8)
        switch bucket.rules.policy {
        case .unreadable where !isOwner: return .bucketPolicy
        case .readable(let policy):
            // Whoever locks themselves out can still take their policy back.
            let isWayBack = isOwner && policyActions.contains(question.action)
            if !isWayBack, policy.says(.deny, question) { return .bucketPolicy }
            if !isOwner, policy.says(.allow, question, leavingOutPublic: bucket.rules.blocksPublicAccess) {
                return .allowed
            }
        case .unreadable, .none: break
        }
        return isOwner ? .allowed : grantByACL(question, bucket)
    }

    /// Actions on a bucket's policy that the policy cannot take from the bucket's owner.
    private static let policyActions: Set<String> = [
        "oss:GetBucketPolicy", "oss:PutBucketPolicy", "oss:DeleteBucketPolicy",
    ]

    /// The refusal by the policies of key and session; nil if they let it pass.
    private static func boundary(_ question: AccessQuestion) -> AccessDecision? {
        let policies = [(question.requester.keyPolicy, false), (question.requester.session?.policy, true)]
        for (policy, isOfSession) in policies {
            guard let policy else { continue }
            if policy.says(.deny, question) { return .identityPolicy(isExplicit: true, isOfSession: isOfSession) }
        }
        for (policy, isOfSession) in policies {
            guard let policy else { continue }
            if !policy.says(.allow, question) { return .identityPolicy(isExplicit: false, isOfSession: isOfSession) }
        }
        return nil
    }

    private static func grantByACL(_ question: AccessQuestion, _ bucket: AccessQuestion.Bucket) -> AccessDecision {
        if question.kind == .configuration { return question.requester.isAnonymous ? .anonymous : .otherOwner }
        let own = question.objectACL.flatMap { BucketACL(rawValue: $0.rawValue) }
        let acl = bucket.rules.blocksPublicAccess ? .private : own ?? bucket.acl
        let isGranted =
            switch question.kind {
            case .readObject: acl != .private
            case .writeObject: acl == .publicReadWrite
            case .list: question.lists && acl != .private
            case .readObjectConfiguration, .writeObjectConfiguration, .configuration: false
            }
        if isGranted { return .allowed }
        return own == nil && !question.kind.isAlwaysTheObjects ? .bucketACL : .objectACL
    }
}

extension AccessQuestion.Kind {
    /// Whether OSS's refusal speaks of the object, whatever ACL it has.
    fileprivate var isAlwaysTheObjects: Bool { self == .readObjectConfiguration || self == .writeObjectConfiguration }
}
