import OSSKit

/// One line of `ls`.
package enum ListingRow: Sendable, Equatable {
    /// A bucket.
    case bucket(name: String, createdAtMilliseconds: Int64, region: String, storageClass: String)
    /// An object, or one version of it.
    case object(ListedObject)
    /// What keys have in common up to the next `/`.
    case folder(bucket: String, prefix: [UInt8])

    /// The line for a person.
    ///
    /// - Parameters:
    ///   - encoding: how keys are written.
    ///   - hasUnits: whether sizes are in KiB, MiB and so on, not in bytes.
    package func text(_ encoding: KeyEncoding, hasUnits: Bool = false) -> String {
        switch self {
        case .bucket(let name, let created, let region, let storageClass):
            return "\(Self.time(created))  \(Self.padded(region, 14))  \(Self.padded(storageClass, 10))  oss://\(name)"
        case .folder(let bucket, let prefix):
            let size = Self.filled("folder", Self.sizeColumns)
            return "\(String(repeating: " ", count: 20))  \(size)  oss://\(bucket)/\(encoding.shown(prefix))"
        case .object(let object):
            let size = hasUnits ? ByteAmount.text(object.sizeBytes) : String(object.sizeBytes)
            var line = "\(Self.time(object.lastModifiedMilliseconds))  "
            line += Self.filled(object.isDeleteMarker ? "deleted" : size, Self.sizeColumns)
            line += "  oss://\(object.bucket)/\(encoding.shown(object.key))"
            if let version = object.versionID { line += "  \(version)\(object.isLatest ? " latest" : "")" }
            return line
        }
    }

    /// The line for a program.
    package func json(_ encoding: KeyEncoding) -> String {
        var line = JSONLine()
        switch self {
        case .bucket(let name, let created, let region, let storageClass):
            line.add("type", "bucket")
            line.add("bucket", name)
            line.add("created", ISO8601.format(unixMilliseconds: created))
            line.add("region", region)
            line.add("storageClass", storageClass)
        case .folder(let bucket, let prefix):
            line.add("type", "folder")
            line.add("bucket", bucket)
            line.add("prefix", encoding.jsonText(prefix))
        case .object(let object):
            line.add("type", object.isDeleteMarker ? "delete-marker" : "object")
            line.add("bucket", object.bucket)
            line.add("key", encoding.jsonText(object.key))
            line.add("size", object.isDeleteMarker ? nil : object.sizeBytes)
            line.add("lastModified", ISO8601.format(unixMilliseconds: object.lastModifiedMilliseconds))
            line.add("etag", object.eTag)
            line.add("storageClass", object.storageClass)
            if let version = object.versionID {
                line.add("versionId", version)
                line.add("isLatest", object.isLatest)
            }
        }
        return line.text
    }

    private static let sizeColumns = 12

    /// A time to the second: `2026-11-23T14:33:29Z`.
    private static func time(_ milliseconds: Int64) -> String {
        ISO8601.format(unixMilliseconds: milliseconds).prefix(19) + "Z"
    }

    private static func padded(_ text: String, _ columns: Int) -> String {
        text + String(repeating: " ", count: max(columns - text.count, 0))
    }

    private static func filled(_ text: String, _ columns: Int) -> String {
        String(repeating: " ", count: max(columns - text.count, 0)) + text
    }
}

/// An object, or one version of it, as a list shows it.
package struct ListedObject: Sendable, Equatable {
    /// The bucket.
    package let bucket: String
    /// The key.
    package let key: [UInt8]
    /// The length of the content.
    package let sizeBytes: Int64
    /// When it was written, in unix milliseconds.
    package let lastModifiedMilliseconds: Int64
    /// The ETag with its quotes; nil for a mark that stands for a deletion.
    package var eTag: String?
    /// The storage class.
    package var storageClass: String?
    /// The version; nil in a list without versions.
    package var versionID: String?
    /// Whether it is the version that counts.
    package var isLatest = true
    /// Whether it stands for a deletion.
    package var isDeleteMarker = false

    /// Describes an object.
    package init(bucket: String, key: [UInt8], sizeBytes: Int64, lastModifiedMilliseconds: Int64) {
        self.bucket = bucket
        self.key = key
        self.sizeBytes = sizeBytes
        self.lastModifiedMilliseconds = lastModifiedMilliseconds
    }
}

extension KeyEncoding {
    /// A key as the text of a JSON line: as it is, since JSON can hold every key, or in percent form.
    package func jsonText(_ key: some Collection<UInt8>) -> String {
        self == .url ? PercentCoding.encode(key, keepingSlash: true) : String(decoding: key, as: UTF8.self)
    }
}
