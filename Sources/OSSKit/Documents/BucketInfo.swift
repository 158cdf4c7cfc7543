/// The answer of GetBucketInfo.
///
/// Source: oss-wire facts 11.5 and 17.
public struct BucketInfo: Sendable, Equatable {
    /// The bucket's name.
    public let name: String
    /// When the bucket was made, in unix milliseconds.
    public let createdAtMilliseconds: Int64
    /// Where the bucket is.
    public let endpoints: BucketEndpoints
    /// The bucket's owner.
    public let owner: Owner
    /// The bucket's ACL: `private`, `public-read` or `public-read-write`.
    public let acl: String
    /// The storage class, such as `Standard`.
    public var storageClass = "Standard"
    /// How copies are kept: `LRS` or `ZRS`.
    public var dataRedundancyType = "LRS"

    /// Makes an answer.
    public init(
        name: String, createdAtMilliseconds: Int64, endpoints: BucketEndpoints, owner: Owner, acl: String = "private"
    ) {
        self.name = name
        self.createdAtMilliseconds = createdAtMilliseconds
        self.endpoints = endpoints
        self.owner = owner
        self.acl = acl
    }

    /// Reads an answer.
    ///
    /// - Throws: `MalformedXML` if the document is not one.
    public init(document: some Collection<UInt8>) throws(OSSError) {
        let root = try XMLReader.read(document, root: "BucketInfo")
        guard let bucket = root.child("Bucket") else { throw XMLReader.refusal("the element Bucket is missing.") }
        let location = bucket.textOrEmpty(of: "Location")
        self.init(
            name: try bucket.requiredText(of: "Name"), createdAtMilliseconds: try bucket.date(of: "CreationDate"),
            endpoints: BucketEndpoints(
                region: BucketEndpoints.region(ofLocation: location),
                extranet: bucket.textOrEmpty(of: "ExtranetEndpoint"),
                intranet: bucket.textOrEmpty(of: "IntranetEndpoint")),
            owner: bucket.child("Owner").map(Owner.init) ?? Owner(id: "", displayName: ""),
            acl: bucket.child("AccessControlList")?.text(of: "Grant") ?? "private")
        storageClass = bucket.text(of: "StorageClass") ?? storageClass
        dataRedundancyType = bucket.text(of: "DataRedundancyType") ?? dataRedundancyType
    }

    /// Writes the document.
    public func write() -> String {
        XMLWriter.document("BucketInfo") { writer in
            writer.element("Bucket") { writeBucket(to: &$0) }
        }
    }

    private func writeBucket(to writer: inout XMLWriter) {
        writer.element("AccessMonitor", "Disabled")
        writer.element("CreationDate", ISO8601.format(unixMilliseconds: createdAtMilliseconds))
        writer.element("CrossRegionReplication", "Disabled")
        writer.element("DataRedundancyType", dataRedundancyType)
        writer.element("ExtranetEndpoint", endpoints.extranet)
        writer.element("IntranetEndpoint", endpoints.intranet)
        writer.element("Location", BucketEndpoints.location(ofRegion: endpoints.region))
        writer.element("Name", name)
        writer.element("StorageClass", storageClass)
        writer.element("TransferAcceleration", "Disabled")
        writer.element("Owner") { writer in
            writer.element("DisplayName", owner.displayName)
            writer.element("ID", owner.id)
        }
        writer.element("AccessControlList") { $0.element("Grant", acl) }
        writer.element("ServerSideEncryptionRule") { $0.element("SSEAlgorithm", "None") }
    }
}

/// The answer of GetBucketLocation.
///
/// Source: oss-wire fact 11.5.
public enum LocationConstraint {
    /// Writes the document for a region's ID, such as `cn-hangzhou`.
    public static func write(region: String) -> String {
        var writer = XMLWriter()
        writer.element("LocationConstraint", BucketEndpoints.location(ofRegion: region))
        return writer.finished()
    }

    /// Reads the region's ID from a document.
    ///
    /// - Throws: `MalformedXML` if the document is not one.
    public static func read(_ document: some Collection<UInt8>) throws(OSSError) -> String {
        BucketEndpoints.region(ofLocation: try XMLReader.read(document, root: "LocationConstraint").text)
    }
}
