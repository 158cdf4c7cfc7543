import GRDB
import OSSKit

/// One walk over the uploads of a bucket, which jumps over what is rolled up instead of reading it.
struct UploadListing {
    private typealias Start = (key: [UInt8], uploadID: String)

    /// Greater than every ID.
    private static let afterAllIDs = "~"

    private let bucket: BucketRecord
    private let query: UploadQuery
    private let keys: KeyRollUp
    private var uploads: [MultipartUpload] = []
    private var commonPrefixes: [[UInt8]] = []
    private var last: UploadPage.Position?

    /// Reads one page of a bucket.
    static func page(of bucket: BucketRecord, _ query: UploadQuery, in database: Database) throws -> UploadPage {
        var listing = UploadListing(bucket: bucket, query: query)
        return try listing.walk(database)
    }

    private init(bucket: BucketRecord, query: UploadQuery) {
        self.bucket = bucket
        self.query = query
        self.keys = KeyRollUp(prefix: query.prefix, delimiter: query.delimiter)
    }

    private mutating func walk(_ database: Database) throws -> UploadPage {
        var start = firstPlace()
        while let from = start {
            start = nil
            let rows = try UploadTable.cursor(in: bucket, from: from, in: database)
            while let row = try rows.next() {
                let upload = try UploadTable.upload(row, in: bucket)
                guard upload.key.bytes.starts(with: query.prefix) else { break }
                if uploads.count + commonPrefixes.count == query.limit { return page(isTruncated: true) }
                if let prefix = keys.commonPrefix(of: upload.key.bytes) {
                    commonPrefixes.append(prefix)
                    last = UploadPage.Position(key: prefix, uploadID: nil)
                    start = KeyRollUp.successor(of: prefix).map { ($0, "") }
                    break
                }
                uploads.append(upload)
                last = UploadPage.Position(key: upload.key.bytes, uploadID: upload.id.text)
            }
        }
        return page(isTruncated: false)
    }

    private func page(isTruncated: Bool) -> UploadPage {
        UploadPage(uploads: uploads, commonPrefixes: commonPrefixes, next: isTruncated ? last : nil)
    }

    /// Behind which the page begins; nil if nothing can follow the marker.
    private func firstPlace() -> Start? {
        guard let marker = query.keyMarker, !marker.lexicographicallyPrecedes(query.prefix) else {
            return (query.prefix, "")
        }
        if let prefix = keys.commonPrefix(around: marker) {
            return KeyRollUp.successor(of: prefix).map { ($0, "") }
        }
        return (marker, query.uploadIDMarker ?? Self.afterAllIDs)
    }
}
