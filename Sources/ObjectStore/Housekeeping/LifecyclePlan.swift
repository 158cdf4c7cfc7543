import OSSKit

/// The rules of a bucket, and the document that they are from.
package struct LifecyclePlan: Sendable {
    /// The enabled rules.
    package let rules: [LifecycleRule]
    /// The document that has to stand for the rules to be applied; nil for rules that have none.
    package let document: [UInt8]?

    /// Collects the two.
    package init(_ rules: [LifecycleRule], of document: [UInt8]? = nil) {
        self.rules = rules
        self.document = document
    }
}

/// Where the rules of buckets come from.
package protocol LifecycleRules: Sendable {
    /// The buckets that have any.
    func buckets() async throws -> [BucketName]
    /// The enabled rules of a bucket.
    func plan(for bucket: BucketRecord) async throws -> LifecyclePlan
}

/// No rules at all.
package struct NoLifecycleRules: LifecycleRules {
    /// Makes the empty source.
    package init() {}

    package func buckets() async throws -> [BucketName] { [] }
    package func plan(for bucket: BucketRecord) async throws -> LifecyclePlan { LifecyclePlan([]) }
}

/// The rules of the lifecycle documents of a store's buckets, as they stand when they are asked for.
package struct DocumentedLifecycleRules: LifecycleRules {
    private let store: DiskStore

    /// Takes the store whose buckets have the documents.
    package init(of store: DiskStore) {
        self.store = store
    }

    package func buckets() async throws -> [BucketName] { try await store.bucketNames(having: .lifecycle) }

    package func plan(for bucket: BucketRecord) async throws -> LifecyclePlan {
        guard let stored = try await store.configuration(.lifecycle, named: "", of: bucket) else {
            return LifecyclePlan([])
        }
        let document = try LifecycleConfiguration(document: stored.bytes)
        return LifecyclePlan(document.rules.compactMap(LifecycleRule.init), of: stored.bytes)
    }
}
