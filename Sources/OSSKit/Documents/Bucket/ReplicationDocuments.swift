/// Which objects of a bucket are copied to another one.
///
/// Source: oss-wire fact 11.6, as all documents here.
public struct ReplicationConfiguration: BucketDocument {
    public static let rootName = "ReplicationConfiguration"
    public static let subresource = "replication"

    /// One rule.
    public struct Rule: Sendable, Hashable {
        /// The rule's ID; nil for one that the server is to make.
        public var id: String?
        /// The prefixes of the keys; none for all.
        public var prefixes: [String] = []
        /// What is copied: `ALL`, or `PUT` for all but deletions; nil for `ALL`.
        public var action: String?
        /// The bucket that gets the copies.
        public var destinationBucket: String
        /// Its *Location*; nil if it is not told.
        public var destinationLocation: String?
        /// The way that copies take: `internal` or `oss_acc`; nil for the usual one.
        public var transferType: String?
        /// Where the rule stands: `starting`, `doing` or `closing`; nil in a request.
        public var status: String?
        /// Whether objects from before the rule are copied too; nil if it is not told.
        public var historicalObjectReplication: FeatureStatus?
        /// The role in which copies are made; nil for none.
        public var syncRole: String?
        /// Whether copies come within a time that is promised; nil if it is not told.
        public var replicationTimeControl: FeatureStatus?
        /// Whether objects that a key of the key service encrypts are copied too; nil if it is not told.
        public var keyServiceObjects: FeatureStatus?
        /// The key that encrypts their copies; nil for none.
        public var replicaKeyID: String?

        /// Makes a rule for all objects.
        public init(destinationBucket: String) {
            self.destinationBucket = destinationBucket
        }

        fileprivate init(_ element: XMLElement) throws(OSSError) {
            let destination = try element.required("Destination")
            self.init(destinationBucket: try destination.requiredText(of: "Bucket"))
            id = element.text(of: "ID")
            prefixes = element.child("PrefixSet")?.texts("Prefix") ?? []
            action = element.text(of: "Action")
            destinationLocation = destination.text(of: "Location")
            transferType = destination.text(of: "TransferType")
            status = element.text(of: "Status")
            historicalObjectReplication = try Self.status(element, "HistoricalObjectReplication")
            syncRole = element.text(of: "SyncRole")
            if let control = element.child("RTC") {
                replicationTimeControl = try Self.status(control, "Status")
            }
            if let objects = element.child("SourceSelectionCriteria")?.child("SseKmsEncryptedObjects") {
                keyServiceObjects = try objects.requiredWord(of: "Status")
            }
            replicaKeyID = element.child("EncryptionConfiguration")?.text(of: "ReplicaKmsKeyID")
        }

        /// Here the words are in lower case.
        private static func status(_ element: XMLElement, _ name: String) throws(OSSError) -> FeatureStatus? {
            switch element.text(of: name) {
            case nil: return nil
            case "enabled"?: return .enabled
            case "disabled"?: return .disabled
            default: throw XMLReader.refusal("the element \(name) is neither enabled nor disabled.")
            }
        }

        private static func word(_ status: FeatureStatus) -> String {
            status == .enabled ? "enabled" : "disabled"
        }

        fileprivate func write(to writer: inout XMLWriter) {
            writer.element("Rule") { writer in
                writer.element("ID", ifPresent: id)
                if !prefixes.isEmpty {
                    writer.element("PrefixSet") { $0.elements("Prefix", prefixes) }
                }
                writer.element("Action", ifPresent: action)
                writer.element("Destination") { writer in
                    writer.element("Bucket", destinationBucket)
                    writer.element("Location", ifPresent: destinationLocation)
                    writer.element("TransferType", ifPresent: transferType)
                }
                writer.element("Status", ifPresent: status)
                writer.element("HistoricalObjectReplication", ifPresent: historicalObjectReplication.map(Self.word))
                writer.element("SyncRole", ifPresent: syncRole)
                if let keyServiceObjects {
                    writer.element("SourceSelectionCriteria") { writer in
                        writer.element("SseKmsEncryptedObjects") { $0.element("Status", keyServiceObjects.rawValue) }
                    }
                }
                if let replicaKeyID {
                    writer.element("EncryptionConfiguration") { $0.element("ReplicaKmsKeyID", replicaKeyID) }
                }
                if let replicationTimeControl {
                    writer.element("RTC") { $0.element("Status", Self.word(replicationTimeControl)) }
                }
            }
        }
    }

    /// The rules.
    public let rules: [Rule]

    /// Makes a document.
    public init(rules: [Rule]) {
        self.rules = rules
    }

    public init(root: XMLElement) throws(OSSError) {
        rules = try root.values("Rule") { element throws(OSSError) in try Rule(element) }
        guard !rules.isEmpty else { throw XMLReader.refusal("the element Rule is missing.") }
    }

    public func writeContent(to writer: inout XMLWriter) {
        for rule in rules {
            rule.write(to: &writer)
        }
    }
}

/// Which rules DeleteBucketReplication ends.
public struct ReplicationRules: XMLDocument {
    public static let rootName = "ReplicationRules"

    /// The IDs of the rules.
    public let ids: [String]

    /// Makes a body.
    public init(ids: [String]) {
        self.ids = ids
    }

    public init(root: XMLElement) throws(OSSError) {
        ids = root.texts("ID")
        guard !ids.isEmpty else { throw XMLReader.refusal("the element ID is missing.") }
    }

    public func writeContent(to writer: inout XMLWriter) {
        writer.elements("ID", ids)
    }
}

/// Where the objects of a bucket can be copied to.
public struct ReplicationLocation: BucketDocument {
    public static let rootName = "ReplicationLocation"
    public static let subresource = "replicationLocation"

    /// The *Locations*.
    public let locations: [String]

    /// Makes an answer.
    public init(locations: [String]) {
        self.locations = locations
    }

    public init(root: XMLElement) throws(OSSError) {
        locations = root.texts("Location")
    }

    public func writeContent(to writer: inout XMLWriter) {
        writer.elements("Location", locations)
        writer.element("LocationTransferTypeConstraint") { writer in
            for location in locations {
                writer.element("LocationTransferType") { writer in
                    writer.element("Location", location)
                    writer.element("TransferTypes") { $0.element("Type", "internal") }
                }
            }
        }
    }
}
