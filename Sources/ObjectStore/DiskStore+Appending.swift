import Foundation
import GRDB
import OSSKit

extension DiskStore {
    /// The greatest size of an object that is appended to, in bytes: 5 GiB.
    package static let appendableLimitBytes: Int64 = 5 * 1_024 * 1_024 * 1_024

    /// Judges whether bytes may be added to an object now, as `append` will.
    package func requireAppendable(
        at position: Int64, adding addedBytes: Int64, to place: ObjectPlace, condition: WriteCondition
    ) async throws {
        try requireOpen()
        try await database.read { database in
            _ = try place.requireAppendable(at: position, adding: addedBytes, condition, in: database)
        }
    }

    /// Puts a finished upload behind the bytes of an appendable object, which is made if the key is free.
    ///
    /// Bytes that are there already stay where they are, but for a few small ones at the end.
    /// Whatever is thrown, the upload is over and its bytes are gone.
    /// - Parameters:
    ///   - position: how many bytes the object must have.
    ///   - attributes: what a new object says about itself; nothing changes for one that is there.
    /// - Throws: `NoSuchBucket`, `ObjectNotAppendable`, `PositionNotEqualToLength`, `EntityTooLarge`, and
    ///   `FileAlreadyExists` as the condition asks.
    package func append(
        _ upload: ObjectUpload, at position: Int64, to place: ObjectPlace, attributes: ObjectAttributes,
        condition: WriteCondition = WriteCondition()
    ) async throws -> ObjectRecord {
        let body = try await upload.takeBody()
        let (texts, now) = (try AttributeText(attributes), environment.now)
        let limitBytes = configuration.inlineLimitBytes
        return try await commit(naming: body, weightBytes: texts.lengthBytes + limitBytes) { database, insertBody in
            let current = try place.requireAppendable(
                at: position, adding: body.summary.sizeBytes, condition, in: database)
            if let current, body.summary.sizeBytes == 0 { return Change(value: current) }
            let version = try current?.version ?? place.versionOfAppendable(in: database)
            var appending = try Appending(to: current, version, mergeLimitBytes: limitBytes, in: database)
            if body.summary.sizeBytes > 0 {
                try appending.add(try insertBody(), body.summary, in: database)
            }
            return try appending.write(
                at: place, current?.attributes ?? attributes, texts: current == nil ? texts : nil,
                atMilliseconds: now(), in: database)
        }
    }
}

extension ObjectPlace {
    /// Judges whether bytes may be added to what the place shows.
    ///
    /// Behind a delete marker there is nothing to add to. Source: oss-wire fact 10.
    fileprivate func requireAppendable(
        at position: Int64, adding addedBytes: Int64, _ condition: WriteCondition, in database: Database
    ) throws -> ObjectRecord? {
        let versioning = try BucketTable.require(bucket, in: database)
        let current = try ObjectTable.find(key, inBucket: bucket.id, database)
        if versioning != nil, current == nil {
            let marker = try VersionTable.newest(of: Data(key.bytes), inBucket: bucket.id, database)
            guard marker == nil else { throw OSSError(.objectNotAppendable) }
        }
        try Appending.judge(
            current, at: position, adding: addedBytes, versioning == nil ? condition : WriteCondition())
        return current
    }

    /// Which version a new appendable object is: always `null`, and the only version of its key.
    fileprivate func versionOfAppendable(in database: Database) throws -> ObjectVersion {
        guard try BucketTable.require(bucket, in: database) != nil else { return .unversioned }
        return ObjectVersion(sequence: try BucketTable.takeSequence(ofBucket: bucket.id, in: database), id: .null)
    }
}

/// The growth of one appendable object in one transaction.
///
/// The body is a list of segments. Small segments at its end are put together as in a binary counter: a new one swallows
/// those before it that are no larger than it has grown. So each byte is written anew a few times at most, and many
/// small appends do not make many segments.
struct Appending {
    private let former: ObjectRecord?
    private let version: ObjectVersion
    private let mergeLimitBytes: Int
    private var body: BodyReference
    private var leftovers = Leftovers()
    private var sizeBytes: Int64
    private var crc64: UInt64
    private var digest: [UInt8]

    /// How many bytes of an appendable object's ETag are zero.
    ///
    /// Source: oss-wire fact 5, from captures.
    private static let zeroCount = 4

    /// Judges whether bytes may be added to what is there.
    static func judge(
        _ current: ObjectRecord?, at position: Int64, adding addedBytes: Int64, _ condition: WriteCondition
    ) throws(OSSError) {
        if let current {
            if position == 0, condition.forbidsOverwrite { throw OSSError(.fileAlreadyExists) }
            guard current.type == .appendable else { throw OSSError(.objectNotAppendable) }
        }
        let sizeBytes = current?.sizeBytes ?? 0
        guard position == sizeBytes else {
            throw OSSError(
                .positionNotEqualToLength,
                headers: [
                    ("x-oss-next-append-position", String(sizeBytes)),
                    ("x-oss-hash-crc64ecma", String(current?.crc64 ?? 0)),
                ])
        }
        let (sum, overflow) = sizeBytes.addingReportingOverflow(addedBytes)
        guard !overflow, sum <= DiskStore.appendableLimitBytes else { throw OSSError(.entityTooLarge) }
    }

    /// Takes up the body of an object, or makes one; a body that somebody else names as well is not touched.
    ///
    /// - Parameter version: which version the object is; a grown one stays what it was.
    init(
        to former: ObjectRecord?, _ version: ObjectVersion, mergeLimitBytes: Int, in database: Database
    ) throws {
        self.former = former
        self.version = version
        self.mergeLimitBytes = mergeLimitBytes
        self.sizeBytes = former?.sizeBytes ?? 0
        self.crc64 = former?.crc64 ?? 0
        self.digest = former?.entityTag.digest ?? Self.digest(after: [], MD5Digest.of([]))
        guard let former else {
            self.body = try BodyTable.insertSegmented(sizeBytes: 0, in: database)
            return
        }
        self.body = former.body
        if try BodyTable.isShared(former.body.id, in: database) {
            self.body = try BodyTable.insertSegmented(sizeBytes: sizeBytes, in: database)
            try SegmentTable.share(former.body.id, with: body.id, in: database)
            try BodyTable.release(former.body, &leftovers, in: database)
        }
    }

    /// Adds a segment at the end.
    mutating func add(_ added: BodyReference, _ summary: BodySummary, in database: Database) throws {
        let end = sizeBytes + summary.sizeBytes
        var segment = Segment(range: sizeBytes..<end, crc64: summary.crc64, body: added)
        if case .inline = added.place { segment = try mergeTail(segment, in: database) }
        try SegmentTable.insert(segment, intoBody: body.id, in: database)
        sizeBytes = end
        crc64 = CRC64.combine(crc64, summary.crc64, secondLengthBytes: summary.sizeBytes)
        digest = Self.digest(after: digest, summary.md5)
        try BodyTable.setSize(sizeBytes, ofBody: body.id, in: database)
    }

    /// Writes the row of the object.
    func write(
        at place: ObjectPlace, _ attributes: ObjectAttributes, texts: AttributeText?, atMilliseconds time: Int64,
        in database: Database
    ) throws -> Change<ObjectRecord> {
        let record = ObjectRecord(
            bucketID: place.bucket.id, key: place.key, sizeBytes: sizeBytes, entityTag: .opaque(digest), crc64: crc64,
            lastModifiedMilliseconds: time, type: .appendable, symlinkTarget: nil, attributes: attributes,
            body: body, version: version)
        try ObjectTable.write(record, texts: try texts ?? AttributeText(attributes), database)
        let added = UsageChange(objects: former == nil ? 1 : 0, bytes: sizeBytes - (former?.sizeBytes ?? 0))
        try BucketTable.add(added, toBucket: place.bucket.id, in: database)
        return Change(value: record, leftovers: leftovers)
    }

    /// Puts the last segments together with a new one; returns the one that takes their place.
    private mutating func mergeTail(_ added: Segment, in database: Database) throws -> Segment {
        var (merged, swallowed) = (added, [Segment]())
        while let last = try SegmentTable.last(ofBody: body.id, before: merged.range.lowerBound, in: database),
            last.body.place == .inline, last.checks.sizeBytes <= merged.checks.sizeBytes,
            last.checks.sizeBytes + merged.checks.sizeBytes <= Int64(mergeLimitBytes)
        {
            merged = Segment(
                range: last.range.lowerBound..<merged.range.upperBound,
                crc64: CRC64.combine(last.crc64, merged.crc64, secondLengthBytes: merged.checks.sizeBytes),
                body: added.body)
            swallowed.insert(last, at: 0)
        }
        guard !swallowed.isEmpty else { return added }
        var bytes = Data()
        for segment in swallowed + [added] {
            bytes += try BodyTable.inlineBytes(segment.body, segment.checks, in: database)
        }
        for segment in swallowed {
            try SegmentTable.delete(segment, fromBody: body.id, in: database)
            try BodyTable.release(segment.body, &leftovers, in: database)
        }
        try BodyTable.replaceInline(added.body, bytes, crc64: merged.crc64, in: database)
        return merged
    }

    private static func digest(after digest: [UInt8], _ md5: [UInt8]) -> [UInt8] {
        MD5Digest.of(digest + md5).dropLast(zeroCount) + Array(repeating: 0, count: zeroCount)
    }
}
