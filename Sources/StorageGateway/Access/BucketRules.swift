import OSSKit
import ObjectStore
import Synchronization

/// What a bucket's configurations say about access: its policy and its public access block.
package struct BucketRules: Sendable {
    /// The policy of a bucket.
    package enum Policy: Sendable {
        /// It has none.
        case none
        /// It has this one.
        case readable(AccessPolicy)
        /// It has one that cannot be read: nobody but the owner is let in.
        case unreadable
    }

    /// The policy.
    package var policy: Policy
    /// Whether what policy and ACLs grant to everybody does not count.
    package var blocksPublicAccess: Bool

    /// Makes rules; by default there are none.
    package init(policy: Policy = .none, blocksPublicAccess: Bool = false) {
        self.policy = policy
        self.blocksPublicAccess = blocksPublicAccess
    }
}

/// Where the rules of buckets come from.
package struct AccessDocuments: Sendable {
    /// The text of a bucket's policy, and whether public access is blocked.
    package typealias Documents = (policy: [UInt8]?, blocksPublicAccess: Bool)

    private let documents: @Sendable (BucketRecord) async throws -> Documents
    private let kept = KeptPolicies()

    /// Takes a source of documents.
    package init(_ documents: @escaping @Sendable (BucketRecord) async throws -> Documents) {
        self.documents = documents
    }

    /// What the buckets of a store say about themselves.
    ///
    /// A public access block that cannot be read counts as one; that of the bucket's owner counts as the bucket's own.
    package init(of store: DiskStore) {
        self.init { bucket in
            let policy = try await store.configuration(.policy, of: bucket) { $0 }
            let blocks = try await store.configuration(.publicAccessBlock, of: bucket) { document in
                (try? PublicAccessBlockConfiguration(document: document))?.blocksPublicAccess ?? true
            }
            if blocks == true { return (policy, true) }
            return (policy, try await AccountPublicAccessBlock.isSet(forBucketsOf: bucket.ownerID, in: store))
        }
    }

    /// The rules of a bucket.
    func rules(of bucket: BucketRecord) async throws -> BucketRules {
        let (policy, blocksPublicAccess) = try await documents(bucket)
        guard let policy else { return BucketRules(blocksPublicAccess: blocksPublicAccess) }
        return BucketRules(policy: kept.policy(of: policy), blocksPublicAccess: blocksPublicAccess)
    }
}

/// Policies that were read already, by the bytes of their documents.
private final class KeptPolicies: Sendable {
    private let policies = Mutex<[[UInt8]: BucketRules.Policy]>([:])

    /// The policy of a document, read now if it was not read before.
    func policy(of document: [UInt8]) -> BucketRules.Policy {
        if let kept = policies.withLock({ $0[document] }) { return kept }
        let read = (try? AccessPolicy(json: document, kind: .bucket)).map(BucketRules.Policy.readable) ?? .unreadable
        policies.withLock { policies in
            if policies.count >= Limits.keptPolicies { policies.removeAll() }
            policies[document] = read
        }
        return read
    }
}
