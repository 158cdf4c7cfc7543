/// The body of DeleteMultipleObjects.
///
/// Source: oss-wire fact 8.7.
public struct DeleteRequest: Sendable, Equatable {
    /// One object to delete.
    public struct Object: Sendable, Equatable {
        /// The object's key.
        public let key: ObjectKey
        /// The version to delete; nil for the current one.
        public let versionID: String?

        /// Names an object.
        public init(key: ObjectKey, versionID: String? = nil) {
            self.key = key
            self.versionID = versionID
        }
    }

    /// Whether the answer is to be empty.
    public let isQuiet: Bool
    /// The objects, 1 to 1,000 of them, in the order in which they were sent.
    public let objects: [Object]

    /// Makes a body.
    public init(isQuiet: Bool, objects: [Object]) {
        self.isQuiet = isQuiet
        self.objects = objects
    }

    /// Reads a body; nothing of it is taken unless all of it is right.
    ///
    /// - Throws: `MalformedXML` for another document, for no keys and for more than 1,000; `InvalidObjectName` for a
    ///   key that no object can have.
    public init(document: some Collection<UInt8>) throws(OSSError) {
        let root = try XMLReader.read(document, root: "Delete")
        isQuiet = try root.flag(of: "Quiet") ?? false
        let elements = root.all("Object")
        guard (1...Limits.maximumKeysPerDelete).contains(elements.count) else {
            throw XMLReader.refusal("the number of objects is not between 1 and \(Limits.maximumKeysPerDelete).")
        }
        var objects: [Object] = []
        for element in elements {
            let key = try ObjectKey(try element.requiredText(of: "Key"))
            let versionID = element.text(of: "VersionId")
            objects.append(Object(key: key, versionID: versionID?.isEmpty == true ? nil : versionID))
        }
        self.objects = objects
    }

    /// Writes the body; keys are never percent-encoded here.
    public func write() -> String {
        XMLWriter.document("Delete") { writer in
            writer.element("Quiet", isQuiet)
            for object in objects {
                writer.element("Object") { writer in
                    writer.element("Key", object.key.text)
                    writer.element("VersionId", ifPresent: object.versionID)
                }
            }
        }
    }
}

/// The answer of DeleteMultipleObjects when it was not asked to be quiet.
///
/// Source: oss-wire fact 8.7. Keys that were not there are reported as deleted.
public struct DeleteResult: Sendable, Equatable {
    /// One object that is gone.
    public struct Deleted: Sendable, Equatable {
        /// The object's key.
        public let key: ObjectKey
        /// The version that the request named; nil if it named none.
        public let versionID: String?
        /// The version of the delete marker that was made or removed; nil if there was none.
        public let deleteMarkerVersionID: String?

        /// Makes an entry of the answer.
        public init(key: ObjectKey, versionID: String? = nil, deleteMarkerVersionID: String? = nil) {
            self.key = key
            self.versionID = versionID
            self.deleteMarkerVersionID = deleteMarkerVersionID
        }
    }

    /// The objects that are gone, in the order of the request.
    public let deleted: [Deleted]
    /// Whether the answer has its keys percent-encoded.
    public let isURLEncoded: Bool

    /// Makes an answer.
    public init(deleted: [Deleted], isURLEncoded: Bool) {
        self.deleted = deleted
        self.isURLEncoded = isURLEncoded
    }

    /// Reads an answer; the empty body of a quiet request lists nothing.
    ///
    /// - Throws: `MalformedXML` if the document is not one; `InvalidObjectName` if a key in it cannot be one.
    public init(document: some Collection<UInt8>) throws(OSSError) {
        guard !document.isEmpty else {
            self.init(deleted: [], isURLEncoded: false)
            return
        }
        let root = try XMLReader.read(document, root: "DeleteResult")
        let decoder = KeyDecoder(encodingType: root.text(of: "EncodingType"))
        var deleted: [Deleted] = []
        for element in root.all("Deleted") {
            deleted.append(
                Deleted(
                    key: try decoder.key(try element.requiredText(of: "Key")), versionID: element.text(of: "VersionId"),
                    deleteMarkerVersionID: element.text(of: "DeleteMarkerVersionId")))
        }
        self.init(deleted: deleted, isURLEncoded: decoder.isURLEncoded)
    }

    /// Writes the document.
    public func write() -> String {
        XMLWriter.document("DeleteResult") { writer in
            writer.element("EncodingType", ifPresent: isURLEncoded ? "url" : nil)
            for entry in deleted {
                writer.element("Deleted") { writer in
                    writer.element("Key", isURLEncoded ? PercentCoding.encode(entry.key.bytes) : entry.key.text)
                    writer.element("VersionId", ifPresent: entry.versionID)
                    if let marker = entry.deleteMarkerVersionID {
                        writer.element("DeleteMarker", true)
                        writer.element("DeleteMarkerVersionId", marker)
                    }
                }
            }
        }
    }
}
