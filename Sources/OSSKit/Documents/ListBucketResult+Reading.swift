extension ListBucketResult {
    /// Reads an answer of either operation and decodes its keys if it says that they are encoded.
    ///
    /// - Throws: `MalformedXML` if the document is not one; `InvalidObjectName` if a key in it cannot be one.
    public init(document: some Collection<UInt8>) throws(OSSError) {
        let root = try XMLReader.read(document, root: "ListBucketResult")
        let decoder = KeyDecoder(encodingType: root.text(of: "EncodingType"))
        question = Question(
            bucket: root.textOrEmpty(of: "Name"), prefix: try decoder.text(root.textOrEmpty(of: "Prefix")),
            delimiter: try decoder.text(ifPresent: root.text(of: "Delimiter")),
            maxKeys: try root.number(of: "MaxKeys") ?? 100, isURLEncoded: decoder.isURLEncoded)
        paging = try Self.paging(root, decoder)
        var objects: [Object] = []
        for element in root.all("Contents") {
            objects.append(try Self.object(element, decoder))
        }
        self.objects = objects
        var prefixes: [String] = []
        for element in root.all("CommonPrefixes") {
            for prefix in element.all("Prefix") {
                prefixes.append(try decoder.text(prefix.text))
            }
        }
        commonPrefixes = prefixes
    }

    private static func paging(_ root: XMLElement, _ decoder: KeyDecoder) throws(OSSError) -> Paging {
        let isTruncated = try root.flag(of: "IsTruncated") ?? false
        if root.child("Marker") != nil || root.child("KeyCount") == nil {
            return .markers(
                marker: try decoder.text(root.textOrEmpty(of: "Marker")),
                next: isTruncated ? try decoder.text(try root.requiredText(of: "NextMarker")) : nil)
        }
        return .tokens(
            startAfter: try decoder.text(ifPresent: root.text(of: "StartAfter")),
            continuation: root.text(of: "ContinuationToken"),
            next: isTruncated ? try root.requiredText(of: "NextContinuationToken") : nil)
    }

    private static func object(_ element: XMLElement, _ decoder: KeyDecoder) throws(OSSError) -> Object {
        var object = Object(
            key: try decoder.key(try element.requiredText(of: "Key")),
            lastModifiedMilliseconds: try element.date(of: "LastModified"),
            eTag: element.textOrEmpty(of: "ETag"), sizeBytes: Int64(try element.number(of: "Size") ?? 0),
            owner: element.child("Owner").map(Owner.init))
        object.type = element.text(of: "Type") ?? object.type
        object.storageClass = element.text(of: "StorageClass") ?? object.storageClass
        object.restoreInformation = element.text(of: "RestoreInfo")
        return object
    }
}

/// Undoes `encoding-type=url` where a document says that it was used.
struct KeyDecoder {
    /// Whether the document's keys are percent-encoded.
    let isURLEncoded: Bool

    /// Takes the text of the document's `EncodingType`.
    init(encodingType: String?) {
        isURLEncoded = encodingType == "url"
    }

    func text(_ written: String) throws(OSSError) -> String {
        guard isURLEncoded else { return written }
        guard let bytes = PercentCoding.decodePath(written.utf8), let text = String(validating: bytes, as: UTF8.self)
        else { throw XMLReader.refusal("a key is not encoded as the document says.") }
        return text
    }

    func text(ifPresent written: String?) throws(OSSError) -> String? {
        guard let written else { return nil }
        return try text(written)
    }

    func key(_ written: String) throws(OSSError) -> ObjectKey {
        try ObjectKey(try text(written))
    }
}
