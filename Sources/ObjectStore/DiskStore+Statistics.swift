import GRDB
import OSSKit

/// How much a bucket holds of what.
package struct BucketStatistics: Sendable, Equatable {
    /// All objects together.
    package let all: BucketUsage
    /// The objects of each storage class, those of `Standard` included; classes without objects are missing.
    package let byStorageClass: [String: BucketUsage]
    /// How many uploads in parts have not ended.
    package let uploadCount: Int
    /// How many live channels there are.
    package let liveChannelCount: Int
}

extension DiskStore {
    /// How much a bucket holds of what, from one state of it.
    ///
    /// - Throws: `NoSuchBucket`.
    package func statistics(of bucket: BucketRecord) async throws -> BucketStatistics {
        try requireOpen()
        return try await database.read { database in
            let all = try BucketTable.usage(of: bucket, in: database)
            // Nearly all objects are of one class: the few others are counted, and the rest is of that one.
            var classes = try BucketTable.usageOfOtherClasses(bucket, in: database)
            let standard = classes.values.reduce(all) { rest, other in
                BucketUsage(
                    objectCount: rest.objectCount - other.objectCount, sizeBytes: rest.sizeBytes - other.sizeBytes)
            }
            if standard.objectCount > 0 { classes["Standard"] = standard }
            let channels = ConfigurationPlace(bucketID: bucket.id, kind: .liveChannel)
            return BucketStatistics(
                all: all, byStorageClass: classes,
                uploadCount: try UploadTable.count(inBucket: bucket.id, in: database),
                liveChannelCount: try ConfigurationTable.countOthers(channels, in: database))
        }
    }
}
