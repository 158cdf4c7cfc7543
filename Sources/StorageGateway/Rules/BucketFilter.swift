import OSSKit
import ObjectStore

/// Which of their buckets a requester asks for: those with a tag, or of a resource group.
///
/// Source: oss-wire fact 12.
struct BucketFilter {
    /// The resource group of a bucket that names none.
    static let usualGroup = "rg-default"

    private let call: OSSCall
    private let tagKey: String?
    private let tagValue: String?
    private let group: String?

    /// Reads what is asked for.
    init(_ call: OSSCall) {
        func parameter(_ name: String) -> String? {
            call.request.target.value(of: name).flatMap { $0.isEmpty ? nil : $0 }
        }
        self.call = call
        tagKey = parameter("tag-key")
        tagValue = parameter("tag-value")
        group = call.header("x-oss-resource-group-id")
    }

    /// A page of the buckets that are asked for.
    func page(prefix: String, after: String, limit: Int) async throws -> BucketPage {
        let (store, owner) = (call.store, call.requester.ownerID)
        guard tagKey != nil || tagValue != nil || group != nil else {
            return try await store.buckets(ownedBy: owner, prefix: prefix, after: after, limit: limit)
        }
        var found: [BucketRecord] = []
        var marker = after
        while true {
            let page = try await store.buckets(ownedBy: owner, prefix: prefix, after: marker, limit: limit)
            for bucket in page.records where try await isAskedFor(bucket) {
                if found.count == limit { return BucketPage(records: found, isTruncated: true) }
                found.append(bucket)
            }
            guard page.isTruncated, let last = page.records.last else {
                return BucketPage(records: found, isTruncated: false)
            }
            marker = last.name.text
        }
    }

    private func isAskedFor(_ bucket: BucketRecord) async throws -> Bool {
        if tagKey != nil || tagValue != nil {
            let tags = try await call.store.configuration(.tags, of: bucket) { try Tagging(document: $0).tags }
            let isTagged = (tags ?? []).contains { tag in
                (tagKey?.utf8.elementsEqual(tag.key.utf8) ?? true)
                    && (tagValue?.utf8.elementsEqual(tag.value.utf8) ?? true)
            }
            guard isTagged else { return false }
        }
        guard let group else { return true }
        let found = try await call.store.configuration(.resourceGroup, of: bucket) {
            try BucketResourceGroupConfiguration(document: $0).resourceGroupID
        }
        return (found ?? Self.usualGroup).utf8.elementsEqual(group.utf8)
    }
}
