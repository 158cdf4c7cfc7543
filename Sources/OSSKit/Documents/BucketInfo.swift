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
    /// Whether the bucket keeps versions; nil if it never did.
    public var versioning: VersioningConfiguration.Status?
    /// Whether the time of the last access to each object is kept.
    public var accessMonitor = FeatureStatus.disabled
    /// Whether the bucket can be reached at the acceleration endpoint.
    public var transferAcceleration = FeatureStatus.disabled
    /// Whether objects are copied to another region.
    public var crossRegionReplication = FeatureStatus.disabled
    /// Whether everything that would let everybody in is refused; nil if it is not told.
    public var blocksPublicAccess: Bool?
    /// Where logs go; nil for nowhere.
    public var logging: BucketLoggingStatus.Target?
    /// What the owner says of the bucket; nil if it is not told.
    public var comment: String?
    /// The resource group; nil if it is not told.
    public var resourceGroupID: String?
    /// How objects are encrypted that do not say it themselves; nil for not at all.
    public var encryption: ServerSideEncryptionRule?

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
        try readSettings(bucket)
    }

    private mutating func readSettings(_ bucket: XMLElement) throws(OSSError) {
        versioning = bucket.child("Versioning") == nil ? nil : try bucket.requiredWord(of: "Versioning")
        accessMonitor = Self.status(bucket, "AccessMonitor")
        transferAcceleration = Self.status(bucket, "TransferAcceleration")
        crossRegionReplication = Self.status(bucket, "CrossRegionReplication")
        blocksPublicAccess = try bucket.flag(of: "BlockPublicAccess")
        comment = bucket.text(of: "Comment")
        resourceGroupID = bucket.text(of: "ResourceGroupId")
        if let policy = bucket.child("BucketPolicy"), let target = policy.text(of: "LogBucket"), !target.isEmpty {
            logging = BucketLoggingStatus.Target(bucket: target, prefix: policy.textOrEmpty(of: "LogPrefix"))
        }
        let rule = bucket.child("ServerSideEncryptionRule")
        if let rule, let algorithm = rule.text(of: "SSEAlgorithm"), algorithm != "None" {
            encryption = ServerSideEncryptionRule(
                algorithm: algorithm, masterKeyID: rule.text(of: "KMSMasterKeyID"),
                dataEncryption: rule.text(of: "KMSDataEncryption"))
        }
    }

    private static func status(_ bucket: XMLElement, _ name: String) -> FeatureStatus {
        FeatureStatus(rawValue: bucket.textOrEmpty(of: name)) ?? .disabled
    }

    /// Writes the document.
    public func write() -> String {
        XMLWriter.document("BucketInfo") { writer in
            writer.element("Bucket") { writeBucket(to: &$0) }
        }
    }

    private func writeBucket(to writer: inout XMLWriter) {
        writer.element("AccessMonitor", accessMonitor.rawValue)
        writer.element("BlockPublicAccess", ifPresent: blocksPublicAccess)
        if let logging {
            writer.element("BucketPolicy") { writer in
                writer.element("LogBucket", logging.bucket)
                writer.element("LogPrefix", logging.prefix)
            }
        }
        writer.element("Comment", ifPresent: comment)
        writer.element("CreationDate", ISO8601.format(unixMilliseconds: createdAtMilliseconds))
        writer.element("CrossRegionReplication", crossRegionReplication.rawValue)
        writer.element("DataRedundancyType", dataRedundancyType)
        writer.element("ExtranetEndpoint", endpoints.extranet)
        writer.element("IntranetEndpoint", endpoints.intranet)
        writer.element("Location", BucketEndpoints.location(ofRegion: endpoints.region))
        writer.element("Name", name)
        writer.element("ResourceGroupId", ifPresent: resourceGroupID)
        writer.element("StorageClass", storageClass)
        writer.element("TransferAcceleration", transferAcceleration.rawValue)
        writer.element("Versioning", ifPresent: versioning?.rawValue)
        writer.element("Owner") { writer in
            writer.element("DisplayName", owner.displayName)
            writer.element("ID", owner.id)
        }
        writer.element("AccessControlList") { $0.element("Grant", acl) }
        writer.element("ServerSideEncryptionRule") { writer in
            writer.element("SSEAlgorithm", encryption?.algorithm ?? "None")
            writer.element("KMSMasterKeyID", ifPresent: encryption?.masterKeyID)
            writer.element("KMSDataEncryption", ifPresent: encryption?.dataEncryption)
        }
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
