import OSSKit
import ObjectStore

/// `DELETE /?tagging`: removes the tags of a bucket, all or those of the keys that are named.
///
/// Source: oss-wire fact 11.6.
enum DeleteBucketTags {
    static func answer(_ call: OSSCall) async throws -> OSSAnswer {
        let bucket = try await call.bucket()
        let named = call.request.target.first("tagging")?.valueBytes ?? []
        guard !named.isEmpty else {
            try await call.store.removeConfiguration(.tags, of: bucket)
            return OSSAnswer(status: 204)
        }
        let keys = Set(named.split(separator: UInt8(ascii: ",")).map(Array.init))
        try await call.store.changeConfiguration(.tags, of: bucket) { former in
            guard let current = former.current else { return nil }
            let tags = try Tagging(document: current.bytes).tags.filter { !keys.contains(Array($0.key.utf8)) }
            return tags.isEmpty ? nil : Array(Tagging(tags).write().utf8)
        }
        return OSSAnswer(status: 204)
    }
}
