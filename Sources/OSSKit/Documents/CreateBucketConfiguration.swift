/// The body of PutBucket, all of it optional.
///
/// Source: oss-wire fact 11.1.
public struct CreateBucketConfiguration: Sendable, Equatable {
    /// The storage classes that a bucket can have.
    public static let storageClasses = ["Standard", "IA", "Archive", "ColdArchive", "DeepColdArchive"]
    /// The kinds of redundancy that a bucket can have.
    public static let redundancyTypes = ["LRS", "ZRS"]

    /// The storage class; nil if the request leaves it open.
    public let storageClass: String?
    /// The kind of redundancy; nil if the request leaves it open.
    public let dataRedundancyType: String?
    /// The location, as old clients send it; nil if the request leaves it open.
    public let locationConstraint: String?

    /// Makes a body.
    public init(storageClass: String?, dataRedundancyType: String?) {
        self.storageClass = storageClass
        self.dataRedundancyType = dataRedundancyType
        locationConstraint = nil
    }

    /// Writes the body.
    public func write() -> String {
        XMLWriter.document("CreateBucketConfiguration") { writer in
            writer.element("StorageClass", ifPresent: storageClass)
            writer.element("DataRedundancyType", ifPresent: dataRedundancyType)
            writer.element("LocationConstraint", ifPresent: locationConstraint)
        }
    }

    /// Reads a body; an empty one asks for nothing.
    ///
    /// - Throws: `MalformedXML` if the body is not a document of this kind; `InvalidArgument` if it asks for a storage
    ///   class or a redundancy that does not exist.
    public init(document: some Collection<UInt8>) throws(OSSError) {
        guard !document.isEmpty else {
            storageClass = nil
            dataRedundancyType = nil
            locationConstraint = nil
            return
        }
        let root = try XMLReader.read(document, root: "CreateBucketConfiguration")
        storageClass = root.text(of: "StorageClass")
        dataRedundancyType = root.text(of: "DataRedundancyType")
        locationConstraint = root.text(of: "LocationConstraint")
        if let storageClass, !Self.storageClasses.contains(storageClass) {
            throw .invalidArgument("StorageClass", storageClass, message: "No such bucket storage class exists.")
        }
        if let dataRedundancyType, !Self.redundancyTypes.contains(dataRedundancyType) {
            throw .invalidArgument(
                "DataRedundancyType", dataRedundancyType, message: "No such bucket data redundancy type exists.")
        }
    }
}
