import OSSKit
import ObjectStore

/// `GET /?stat`: how much a bucket holds; the numbers are those of this moment.
///
/// Source: oss-wire fact 11.5.
enum GetBucketStat {
    /// What the document calls the storage classes.
    private static let names = [
        "Standard": "Standard", "IA": "InfrequentAccess", "Archive": "Archive", "ColdArchive": "ColdArchive",
        "DeepColdArchive": "DeepColdArchive",
    ]

    static func answer(_ call: OSSCall) async throws -> OSSAnswer {
        let found = try await call.store.statistics(of: call.bucket())
        var document = BucketStat()
        document.storageBytes = Int(found.all.sizeBytes)
        document.objectCount = Int(found.all.objectCount)
        document.multipartUploadCount = found.uploadCount
        document.liveChannelCount = found.liveChannelCount
        document.lastModifiedUnixSeconds = Int(call.environment.now() / 1_000)
        document.deleteMarkerCount = 0
        for (storageClass, name) in names {
            var usage = BucketStat.Usage()
            let held = found.byStorageClass[storageClass]
            usage.storageBytes = Int(held?.sizeBytes ?? 0)
            usage.realStorageBytes = storageClass == "Standard" ? nil : usage.storageBytes
            usage.objectCount = Int(held?.objectCount ?? 0)
            document.usages[name] = usage
        }
        return OSSAnswer(document: document.write())
    }
}
