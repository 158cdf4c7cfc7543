/// A list of a bucket's objects that is written into a bucket again and again.
///
/// Source: oss-wire fact 11.6.
public struct InventoryConfiguration: XMLDocument {
    public static let rootName = "InventoryConfiguration"

    /// Where lists go.
    public struct Destination: Sendable, Hashable {
        /// The format: `CSV`.
        public var format = "CSV"
        /// The account that the bucket belongs to.
        public var accountID: String
        /// The role in which lists are written.
        public var roleARN: String
        /// The bucket's name.
        public var bucket: String
        /// How the keys of lists begin; nil if it is not told.
        public var prefix: String?
        /// How lists are encrypted; nil for not at all.
        public var encryption: Encryption?

        /// Makes a destination.
        public init(accountID: String, roleARN: String, bucket: String) {
            self.accountID = accountID
            self.roleARN = roleARN
            self.bucket = bucket
        }
    }

    /// How lists are encrypted.
    public enum Encryption: Sendable, Hashable {
        /// By the store.
        case oss
        /// By a key of the key service.
        case kms(keyID: String)
    }

    /// Which objects are listed: all of what is told.
    public struct Filter: Sendable, Hashable {
        /// The prefix of the keys; nil for any.
        public var prefix: String?
        /// Written after this moment, in unix seconds; nil for any.
        public var modifiedAfter: Int?
        /// Written before this moment, in unix seconds; nil for any.
        public var modifiedBefore: Int?
        /// Not shorter, in bytes; nil for any.
        public var lowerSizeBound: Int?
        /// Not longer, in bytes; nil for any.
        public var upperSizeBound: Int?
        /// The storage classes, with commas between; nil for any.
        public var storageClass: String?

        /// Makes a filter that passes over nothing.
        public init() {}
    }

    /// The configuration's ID.
    public var id: String
    /// Whether lists are written.
    public var isEnabled: Bool
    /// Where they go.
    public var destination: Destination
    /// How often: `Daily` or `Weekly`.
    public var frequency: String
    /// Which objects are listed; nil for all.
    public var filter: Filter?
    /// Which versions: `All` or `Current`.
    public var includedObjectVersions: String
    /// What is listed beside keys, such as `Size`.
    public var optionalFields: [String] = []

    /// Makes a configuration of a list of all current objects.
    public init(id: String, destination: Destination, frequency: String = "Daily") {
        self.id = id
        isEnabled = true
        self.destination = destination
        self.frequency = frequency
        includedObjectVersions = "Current"
    }

    public init(root: XMLElement) throws(OSSError) {
        let destination = try root.required("Destination").required("OSSBucketDestination")
        self.init(
            id: try root.requiredText(of: "Id"), destination: try Destination(destination),
            frequency: try root.required("Schedule").requiredText(of: "Frequency"))
        isEnabled = try root.requiredFlag(of: "IsEnabled")
        includedObjectVersions = try root.requiredText(of: "IncludedObjectVersions")
        filter = try root.value("Filter") { element throws(OSSError) in try Filter(element) }
        optionalFields = root.child("OptionalFields")?.texts("Field") ?? []
    }

    public func writeContent(to writer: inout XMLWriter) {
        writer.element("Id", id)
        writer.element("IsEnabled", isEnabled)
        writer.element("Destination") { writer in
            writer.element("OSSBucketDestination") { destination.write(to: &$0) }
        }
        writer.element("Schedule") { $0.element("Frequency", frequency) }
        if let filter {
            writer.element("Filter") { filter.write(to: &$0) }
        }
        writer.element("IncludedObjectVersions", includedObjectVersions)
        if !optionalFields.isEmpty {
            writer.element("OptionalFields") { $0.elements("Field", optionalFields) }
        }
    }
}

extension InventoryConfiguration.Destination {
    /// What stands before the bucket's name.
    private static let bucketPrefix = "acs:oss:::"

    fileprivate init(_ element: XMLElement) throws(OSSError) {
        let bucket = try element.requiredText(of: "Bucket")
        guard bucket.utf8.starts(with: Self.bucketPrefix.utf8) else {
            throw XMLReader.refusal("the element Bucket does not begin with \(Self.bucketPrefix).")
        }
        self.init(
            accountID: try element.requiredText(of: "AccountId"), roleARN: try element.requiredText(of: "RoleArn"),
            bucket: String(bucket.dropFirst(Self.bucketPrefix.count)))
        format = try element.requiredText(of: "Format")
        prefix = element.text(of: "Prefix")
        if let encryption = element.child("Encryption") {
            if let kms = encryption.child("SSE-KMS") {
                self.encryption = .kms(keyID: try kms.requiredText(of: "KeyId"))
            } else if encryption.child("SSE-OSS") != nil {
                self.encryption = .oss
            }
        }
    }

    fileprivate func write(to writer: inout XMLWriter) {
        writer.element("Format", format)
        writer.element("AccountId", accountID)
        writer.element("RoleArn", roleARN)
        writer.element("Bucket", Self.bucketPrefix + bucket)
        writer.element("Prefix", ifPresent: prefix)
        switch encryption {
        case nil: break
        case .oss?: writer.element("Encryption") { $0.element("SSE-OSS", "") }
        case .kms(let keyID)?:
            writer.element("Encryption") { writer in
                writer.element("SSE-KMS") { $0.element("KeyId", keyID) }
            }
        }
    }
}

extension InventoryConfiguration.Filter {
    fileprivate init(_ element: XMLElement) throws(OSSError) {
        prefix = element.text(of: "Prefix")
        modifiedAfter = try element.number(of: "LastModifyBeginTimeStamp")
        modifiedBefore = try element.number(of: "LastModifyEndTimeStamp")
        lowerSizeBound = try element.number(of: "LowerSizeBound")
        upperSizeBound = try element.number(of: "UpperSizeBound")
        storageClass = element.text(of: "StorageClass")
    }

    fileprivate func write(to writer: inout XMLWriter) {
        writer.element("Prefix", ifPresent: prefix)
        writer.element("LastModifyBeginTimeStamp", ifPresent: modifiedAfter)
        writer.element("LastModifyEndTimeStamp", ifPresent: modifiedBefore)
        writer.element("LowerSizeBound", ifPresent: lowerSizeBound)
        writer.element("UpperSizeBound", ifPresent: upperSizeBound)
        writer.element("StorageClass", ifPresent: storageClass)
    }
}

/// The answer of ListBucketInventory, 100 configurations at most.
///
/// Source: oss-wire fact 11.6.
public struct ListInventoryConfigurationsResult: XMLDocument {
    public static let rootName = "ListInventoryConfigurationsResult"

    /// The configurations.
    public let configurations: [InventoryConfiguration]
    /// Where the next page begins; nil if this is the last one.
    public let nextContinuationToken: String?
    /// Where this page begins; nil if it is the first one.
    public var continuationToken: String?

    /// Makes an answer.
    public init(configurations: [InventoryConfiguration], nextContinuationToken: String? = nil) {
        self.configurations = configurations
        self.nextContinuationToken = nextContinuationToken
    }

    public init(root: XMLElement) throws(OSSError) {
        configurations = try root.values("InventoryConfiguration") { element throws(OSSError) in
            try InventoryConfiguration(root: element)
        }
        nextContinuationToken =
            try root.requiredFlag(of: "IsTruncated") ? try root.requiredText(of: "NextContinuationToken") : nil
        continuationToken = root.text(of: "ContinuationToken")
    }

    public func writeContent(to writer: inout XMLWriter) {
        for configuration in configurations {
            writer.element(InventoryConfiguration.rootName) { configuration.writeContent(to: &$0) }
        }
        writer.element("ContinuationToken", ifPresent: continuationToken)
        writer.element("IsTruncated", nextContinuationToken != nil)
        writer.element("NextContinuationToken", ifPresent: nextContinuationToken)
    }
}
