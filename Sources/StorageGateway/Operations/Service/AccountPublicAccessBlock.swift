import OSSKit
import ObjectStore

/// `/?publicAccessBlock`: whether anything may be public in any bucket of an account.
///
/// Source: oss-wire fact 11.6; how it works together with that of a bucket is assumption A-139.
enum AccountPublicAccessBlock {
    /// Sets it.
    static func set(_ call: OSSCall) async throws -> OSSAnswer {
        let document = try PublicAccessBlockConfiguration(
            document: try await RequestBodyReader.document(of: call) ?? [])
        try await call.store.setConfiguration(
            .publicAccessBlock, ofAccount: call.requester.ownerID, to: Array(document.write().utf8))
        return OSSAnswer()
    }

    /// Tells it.
    static func tell(_ call: OSSCall) async throws -> OSSAnswer {
        let blocks = try await isSet(forBucketsOf: call.requester.ownerID, in: call.store)
        return OSSAnswer(document: PublicAccessBlockConfiguration(blocksPublicAccess: blocks).write())
    }

    /// Removes it.
    static func remove(_ call: OSSCall) async throws -> OSSAnswer {
        try await call.store.setConfiguration(.publicAccessBlock, ofAccount: call.requester.ownerID, to: nil)
        return OSSAnswer(status: 204)
    }

    /// Whether it is set for the buckets of an account; one that cannot be read counts as set.
    static func isSet(forBucketsOf ownerID: String, in store: DiskStore) async throws -> Bool {
        guard let document = try await store.configuration(.publicAccessBlock, ofAccount: ownerID) else { return false }
        return (try? PublicAccessBlockConfiguration(document: document))?.blocksPublicAccess ?? true
    }
}
