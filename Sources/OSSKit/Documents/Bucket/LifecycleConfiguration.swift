/// What becomes of a bucket's objects as they grow old.
///
/// Source: oss-wire fact 11.6.
public struct LifecycleConfiguration: RemovableBucketDocument {
    public static let rootName = "LifecycleConfiguration"
    public static let subresource = "lifecycle"
    /// The most rules.
    public static let maximumRules = 1_000

    /// The rules.
    public let rules: [Rule]

    /// Makes a document.
    public init(rules: [Rule]) {
        self.rules = rules
    }

    public init(root: XMLElement) throws(OSSError) {
        rules = try root.values("Rule") { element throws(OSSError) in try Rule(element) }
        guard (1...Self.maximumRules).contains(rules.count) else {
            throw XMLReader.refusal("the number of rules is not between 1 and \(Self.maximumRules).")
        }
    }

    public func writeContent(to writer: inout XMLWriter) {
        for rule in rules {
            rule.write(to: &writer)
        }
    }

    /// When a rule acts on an object.
    public enum Term: Sendable, Hashable {
        /// So many days after it was written last.
        case days(Int)
        /// Always, if it was written last before this midnight, in unix milliseconds.
        case createdBefore(Int64)
        /// From this midnight on, in unix milliseconds.
        case date(Int64)
        /// When its current version is a delete marker and there is no other version.
        case expiredObjectDeleteMarker

        fileprivate init(_ element: XMLElement) throws(OSSError) {
            var terms: [Term] = []
            if let days = try element.number(of: "Days") {
                terms.append(.days(days))
            }
            if let date = try LifecycleConfiguration.midnight(element, "CreatedBeforeDate") {
                terms.append(.createdBefore(date))
            }
            if let date = try LifecycleConfiguration.midnight(element, "Date") {
                terms.append(.date(date))
            }
            if try element.flag(of: "ExpiredObjectDeleteMarker") == true {
                terms.append(.expiredObjectDeleteMarker)
            }
            guard let term = terms.first, terms.count == 1 else {
                throw XMLReader.refusal("the element \(element.name) needs exactly one term.")
            }
            self = term
        }

        fileprivate func write(to writer: inout XMLWriter) {
            switch self {
            case .days(let days): writer.element("Days", days)
            case .createdBefore(let date): writer.element("CreatedBeforeDate", dateIfPresent: date)
            case .date(let date): writer.element("Date", dateIfPresent: date)
            case .expiredObjectDeleteMarker: writer.element("ExpiredObjectDeleteMarker", true)
            }
        }
    }

    /// A change of an object's storage class.
    public struct Transition: Sendable, Hashable {
        /// When; for versions that are not current, days since they ceased to be.
        public var term: Term
        /// The storage class, such as `IA`.
        public var storageClass: String
        /// Whether the days count from the last access; nil if it is not told.
        public var isAccessTime: Bool?
        /// Whether an access brings the object back to `Standard`; nil if it is not told.
        public var returnsToStandardWhenVisited: Bool?
        /// Whether objects below 64 KiB are changed too; nil if it is not told.
        public var allowsSmallFile: Bool?

        /// Makes a change.
        public init(_ term: Term, storageClass: String) {
            self.term = term
            self.storageClass = storageClass
        }

        fileprivate init(_ element: XMLElement, daysName: String) throws(OSSError) {
            let term: Term = daysName == "Days" ? try Term(element) : .days(try element.requiredNumber(of: daysName))
            self.init(term, storageClass: try element.requiredText(of: "StorageClass"))
            isAccessTime = try element.flag(of: "IsAccessTime")
            returnsToStandardWhenVisited = try element.flag(of: "ReturnToStdWhenVisit")
            allowsSmallFile = try element.flag(of: "AllowSmallFile")
        }

        fileprivate func write(to writer: inout XMLWriter, name: String, daysName: String) {
            writer.element(name) { writer in
                if case .days(let days) = term {
                    writer.element(daysName, days)
                } else {
                    term.write(to: &writer)
                }
                writer.element("StorageClass", storageClass)
                writer.element("IsAccessTime", ifPresent: isAccessTime)
                writer.element("ReturnToStdWhenVisit", ifPresent: returnsToStandardWhenVisited)
                writer.element("AllowSmallFile", ifPresent: allowsSmallFile)
            }
        }
    }

    /// Objects that a rule passes over, and the sizes that it is about.
    public struct Filter: Sendable, Hashable {
        /// A prefix whose objects are passed over, or those of them that have a tag.
        public struct Exclusion: Sendable, Hashable {
            /// The prefix.
            public let prefix: String
            /// The tag; nil for all objects with the prefix.
            public let tag: Tag?

            /// Names objects to pass over.
            public init(prefix: String, tag: Tag? = nil) {
                self.prefix = prefix
                self.tag = tag
            }
        }

        /// Only longer objects, in bytes; nil for no such bound.
        public var sizeGreaterThan: Int?
        /// Only shorter objects, in bytes; nil for no such bound.
        public var sizeLessThan: Int?
        /// The objects that are passed over.
        public var exclusions: [Exclusion] = []

        /// Makes a filter that passes over nothing.
        public init() {}

        fileprivate init(_ element: XMLElement) throws(OSSError) {
            sizeGreaterThan = try element.number(of: "ObjectSizeGreaterThan")
            sizeLessThan = try element.number(of: "ObjectSizeLessThan")
            exclusions = try element.values("Not") { element throws(OSSError) in
                Exclusion(
                    prefix: element.textOrEmpty(of: "Prefix"),
                    tag: try element.value("Tag") { element throws(OSSError) in try Tag(element) })
            }
        }

        fileprivate func write(to writer: inout XMLWriter) {
            writer.element("Filter") { writer in
                writer.element("ObjectSizeGreaterThan", ifPresent: sizeGreaterThan)
                writer.element("ObjectSizeLessThan", ifPresent: sizeLessThan)
                for exclusion in exclusions {
                    writer.element("Not") { writer in
                        writer.element("Prefix", exclusion.prefix)
                        exclusion.tag?.write(to: &writer)
                    }
                }
            }
        }
    }

    /// One rule.
    public struct Rule: Sendable, Hashable {
        /// The rule's ID, 255 bytes at most; nil for one that the server is to make.
        public var id: String?
        /// The prefix of the objects; empty for all.
        public var prefix: String
        /// The tags that the objects have.
        public var tags: [Tag] = []
        /// Whether the rule is applied.
        public var status: FeatureStatus
        /// What the rule passes over; nil for nothing.
        public var filter: Filter?
        /// When current versions are deleted; nil for never.
        public var expiration: Term?
        /// How current versions change their storage class.
        public var transitions: [Transition] = []
        /// How many days after they ceased to be current versions are deleted; nil for never.
        public var noncurrentExpirationDays: Int?
        /// How versions that are not current change their storage class.
        public var noncurrentTransitions: [Transition] = []
        /// When uploads that nobody completes are ended; nil for never.
        public var abortMultipartUpload: Term?
        /// From when days of access are counted for objects that were never read, in unix seconds; nil if not told.
        public var accessTimeBase: Int?

        /// Makes a rule that does nothing yet.
        public init(id: String? = nil, prefix: String, status: FeatureStatus = .enabled) {
            self.id = id
            self.prefix = prefix
            self.status = status
        }
    }

    /// The midnight in a child; nil if there is no such child.
    fileprivate static func midnight(_ element: XMLElement, _ name: String) throws(OSSError) -> Int64? {
        guard let date = try element.date(ifPresent: name) else { return nil }
        guard date >= 0 else {
            throw OSSError(.invalidArgument, message: "Invalid date. Must be later than 1970-01-01 00:00:00.")
        }
        guard date % 86_400_000 == 0 else { throw OSSError(.invalidArgument, message: "Bad date format.") }
        return date
    }
}

extension LifecycleConfiguration.Rule {
    fileprivate init(_ element: XMLElement) throws(OSSError) {
        self.init(
            id: element.text(of: "ID"), prefix: element.textOrEmpty(of: "Prefix"),
            status: try element.requiredWord(of: "Status"))
        guard (id?.utf8.count ?? 0) <= 255 else { throw XMLReader.refusal("the element ID is too long.") }
        tags = try element.values("Tag") { element throws(OSSError) in try Tag(element) }
        filter = try element.value("Filter") { element throws(OSSError) in
            try LifecycleConfiguration.Filter(element)
        }
        expiration = try element.value("Expiration") { element throws(OSSError) in
            try LifecycleConfiguration.Term(element)
        }
        transitions = try element.values("Transition") { element throws(OSSError) in
            try LifecycleConfiguration.Transition(element, daysName: "Days")
        }
        noncurrentExpirationDays = try element.value("NoncurrentVersionExpiration") { element throws(OSSError) in
            try element.requiredNumber(of: "NoncurrentDays")
        }
        noncurrentTransitions = try element.values("NoncurrentVersionTransition") { element throws(OSSError) in
            try LifecycleConfiguration.Transition(element, daysName: "NoncurrentDays")
        }
        abortMultipartUpload = try element.value("AbortMultipartUpload") { element throws(OSSError) in
            try LifecycleConfiguration.Term(element)
        }
        accessTimeBase = try element.number(of: "AtimeBase")
    }

    fileprivate func write(to writer: inout XMLWriter) {
        writer.element("Rule") { writer in
            writer.element("ID", ifPresent: id)
            writer.element("Prefix", prefix)
            for tag in tags {
                tag.write(to: &writer)
            }
            writer.element("Status", status.rawValue)
            filter?.write(to: &writer)
            if let expiration {
                writer.element("Expiration") { expiration.write(to: &$0) }
            }
            for transition in transitions {
                transition.write(to: &writer, name: "Transition", daysName: "Days")
            }
            if let noncurrentExpirationDays {
                writer.element("NoncurrentVersionExpiration") {
                    $0.element("NoncurrentDays", noncurrentExpirationDays)
                }
            }
            for transition in noncurrentTransitions {
                transition.write(to: &writer, name: "NoncurrentVersionTransition", daysName: "NoncurrentDays")
            }
            if let abortMultipartUpload {
                writer.element("AbortMultipartUpload") { abortMultipartUpload.write(to: &$0) }
            }
            writer.element("AtimeBase", ifPresent: accessTimeBase)
        }
    }
}
