/// The answer of ListObjectVersions: all versions and delete markers, the newest of each key first.
///
/// Source: oss-wire facts 11.4 and 17.
public struct ListVersionsResult: XMLDocument {
    public static let rootName = "ListVersionsResult"

    /// One version or delete marker.
    public struct Entry: Sendable, Equatable {
        /// The object's key.
        public let key: ObjectKey
        /// The version's ID; `null` where the bucket made none.
        public let versionID: String
        /// Whether it is the current version.
        public let isLatest: Bool
        /// When it was written, in unix milliseconds.
        public let lastModifiedMilliseconds: Int64
        /// The owner; nil if the endpoint does not tell.
        public var owner: Owner?
        /// What a version holds; nil for a delete marker.
        public var content: Content?

        /// Makes an entry.
        public init(key: ObjectKey, versionID: String, isLatest: Bool, lastModifiedMilliseconds: Int64) {
            self.key = key
            self.versionID = versionID
            self.isLatest = isLatest
            self.lastModifiedMilliseconds = lastModifiedMilliseconds
        }

        /// Whether it is a delete marker.
        public var isDeleteMarker: Bool { content == nil }
    }

    /// What a version holds.
    public struct Content: Sendable, Equatable {
        /// The ETag with its quotes.
        public var eTag: String
        /// The length in bytes.
        public var sizeBytes: Int64
        /// The kind of object, such as `Normal`.
        public var type = "Normal"
        /// The storage class, such as `Standard`.
        public var storageClass = "Standard"
        /// Whether an archived object is restored, as the header `x-oss-restore` tells it; nil if it is not archived.
        public var restoreInformation: String?

        /// Describes a version.
        public init(eTag: String, sizeBytes: Int64) {
            self.eTag = eTag
            self.sizeBytes = sizeBytes
        }
    }

    /// Where a list begins or goes on.
    public struct Marker: Sendable, Hashable {
        /// The key.
        public let key: String
        /// The version; empty for all versions of keys after it.
        public let versionID: String

        /// Makes a marker; an empty one is the beginning.
        public init(key: String = "", versionID: String = "") {
            self.key = key
            self.versionID = versionID
        }
    }

    /// What the request asked for.
    public let question: ListBucketResult.Question
    /// Where the list began.
    public let marker: Marker
    /// Where the next page begins; nil if this is the last one.
    public let nextMarker: Marker?
    /// Versions and delete markers, in order.
    public var entries: [Entry] = []
    /// The common prefixes, in order.
    public var commonPrefixes: [String] = []

    /// Makes an answer without entries.
    public init(question: ListBucketResult.Question, marker: Marker = Marker(), nextMarker: Marker? = nil) {
        self.question = question
        self.marker = marker
        self.nextMarker = nextMarker
    }

    public init(root: XMLElement) throws(OSSError) {
        let decoder = KeyDecoder(encodingType: root.text(of: "EncodingType"))
        question = ListBucketResult.Question(
            bucket: root.textOrEmpty(of: "Name"), prefix: try decoder.text(root.textOrEmpty(of: "Prefix")),
            delimiter: try decoder.text(ifPresent: root.text(of: "Delimiter")),
            maxKeys: try root.number(of: "MaxKeys") ?? 100, isURLEncoded: decoder.isURLEncoded)
        marker = Marker(
            key: try decoder.text(root.textOrEmpty(of: "KeyMarker")), versionID: root.textOrEmpty(of: "VersionIdMarker")
        )
        if try root.requiredFlag(of: "IsTruncated") {
            nextMarker = Marker(
                key: try decoder.text(try root.requiredText(of: "NextKeyMarker")),
                versionID: root.textOrEmpty(of: "NextVersionIdMarker"))
        } else {
            nextMarker = nil
        }
        for element in root.children where element.isNamed("Version") || element.isNamed("DeleteMarker") {
            entries.append(try Entry(element, decoder))
        }
        for element in root.all("CommonPrefixes") {
            for prefix in element.texts("Prefix") {
                commonPrefixes.append(try decoder.text(prefix))
            }
        }
    }

    public func writeContent(to writer: inout XMLWriter) {
        writer.element("Name", question.bucket)
        writer.element("Prefix", encoded(question.prefix))
        writer.element("KeyMarker", encoded(marker.key))
        writer.element("VersionIdMarker", marker.versionID)
        writer.element("MaxKeys", question.maxKeys)
        writer.element("Delimiter", encoded(question.delimiter ?? ""))
        writer.element("EncodingType", ifPresent: question.isURLEncoded ? "url" : nil)
        writer.element("IsTruncated", nextMarker != nil)
        if let nextMarker {
            writer.element("NextKeyMarker", encoded(nextMarker.key))
            writer.element("NextVersionIdMarker", nextMarker.versionID)
        }
        for entry in entries {
            write(entry, to: &writer)
        }
        for prefix in commonPrefixes {
            writer.element("CommonPrefixes") { $0.element("Prefix", encoded(prefix)) }
        }
    }

    private func write(_ entry: Entry, to writer: inout XMLWriter) {
        writer.element(entry.isDeleteMarker ? "DeleteMarker" : "Version") { writer in
            writer.element("Key", encoded(entry.key.text))
            writer.element("VersionId", entry.versionID)
            writer.element("IsLatest", entry.isLatest)
            writer.element("LastModified", dateIfPresent: entry.lastModifiedMilliseconds)
            if let content = entry.content {
                writer.element("ETag", content.eTag)
                writer.element("Type", content.type)
                writer.element("Size", content.sizeBytes)
                writer.element("StorageClass", content.storageClass)
                writer.element("RestoreInfo", ifPresent: content.restoreInformation)
            }
            entry.owner?.write(to: &writer)
        }
    }

    private func encoded(_ text: String) -> String {
        question.isURLEncoded ? PercentCoding.encode(text) : text
    }
}

extension ListVersionsResult.Entry {
    fileprivate init(_ element: XMLElement, _ decoder: KeyDecoder) throws(OSSError) {
        self.init(
            key: try decoder.key(try element.requiredText(of: "Key")),
            versionID: try element.requiredText(of: "VersionId"),
            isLatest: try element.requiredFlag(of: "IsLatest"),
            lastModifiedMilliseconds: try element.date(of: "LastModified"))
        owner = element.child("Owner").map(Owner.init)
        guard element.isNamed("Version") else { return }
        var content = ListVersionsResult.Content(
            eTag: element.textOrEmpty(of: "ETag"), sizeBytes: Int64(try element.number(of: "Size") ?? 0))
        content.type = element.text(of: "Type") ?? content.type
        content.storageClass = element.text(of: "StorageClass") ?? content.storageClass
        content.restoreInformation = element.text(of: "RestoreInfo")
        self.content = content
    }
}
