import NIOCore
import OSSKit

/// Names a row of `objects`.
struct ObjectRowKey: Hashable, Sendable {
    /// The bucket's number.
    let bucketID: Int64
    /// The bytes of the object's key.
    let key: [UInt8]
}

/// An object that was looked up, and its bytes if they are few and were read.
struct CachedObject: Sendable {
    /// The row.
    let record: ObjectRecord
    /// The whole body, which was checked when it was read; nil if it was not read, or is a blob.
    var body: ByteBuffer?
}

/// What a bucket says of a kind, as it was read; a bucket that says nothing is remembered as well.
struct CachedConfiguration: Sendable {
    /// The row; nil if there is none.
    let stored: StoredConfiguration?
    /// The row in the form in which it is used; nil if there is none.
    let value: (any Sendable)?
}

/// The rows that reads find without asking the database.
///
/// Buckets and what they say, which are few, have parts of their own, so that no number of objects drives them out.
final class RowCaches: Sendable {
    /// What an entry takes beside its texts and bytes, about.
    private static let entryBytes = 800
    /// The part of all bytes that buckets may take, and the part that what they say may take.
    private static let bucketPart = 16

    /// Buckets by name.
    let buckets: CoherentCache<String, BucketRecord>
    /// Objects by bucket and key.
    let objects: CoherentCache<ObjectRowKey, CachedObject>
    /// What buckets say, of the kinds of which a bucket has one.
    let configurations: CoherentCache<ConfigurationPlace, CachedConfiguration>

    /// Makes empty caches.
    init(limitBytes: Int) {
        let bucketBytes = limitBytes / Self.bucketPart
        buckets = CoherentCache(limitBytes: bucketBytes)
        configurations = CoherentCache(limitBytes: bucketBytes)
        objects = CoherentCache(limitBytes: limitBytes - 2 * bucketBytes)
    }

    /// How many bytes of rows and small bodies are in memory now.
    var costBytes: Int { buckets.costBytes + configurations.costBytes + objects.costBytes }

    /// How many bytes a configuration is counted with: what it says is there twice, as bytes and in the form of use.
    static func costBytes(of configuration: CachedConfiguration) -> Int {
        entryBytes + 4 * (configuration.stored?.bytes.count ?? 0)
    }

    /// How many bytes a bucket is counted with.
    static func costBytes(of bucket: BucketRecord) -> Int {
        entryBytes + bucket.name.text.utf8.count + bucket.ownerID.utf8.count
    }

    /// How many bytes an object is counted with, without its body.
    static func costBytes(of record: ObjectRecord) -> Int {
        // The key is there twice: in the row, and as what names it.
        let ownBytes =
            entryBytes + 2 * record.key.bytes.count + (record.symlinkTarget?.bytes.count ?? 0)
            + (record.attributes.contentType?.utf8.count ?? 0)
        let texts =
            (record.attributes.headers + record.attributes.userMetadata).map { ($0.name, $0.value) }
            + record.attributes.tags.map { ($0.key, $0.value) }
        return texts.reduce(ownBytes) { $0 + 64 + $1.0.utf8.count + $1.1.utf8.count }
    }
}
