/// How long a bucket keeps every object from being changed or deleted.
///
/// Source: oss-wire fact 11.6, as all documents here.
public struct WormConfiguration: BucketDocument {
    public static let rootName = "WormConfiguration"
    public static let subresource = "worm"

    /// How firm the configuration is.
    public enum State: String, Sendable, Hashable, CaseIterable {
        /// It can be given up, and is after a day.
        case inProgress = "InProgress"
        /// It cannot be shortened.
        case locked = "Locked"
    }

    /// The configuration's ID.
    public let id: String
    /// How firm it is.
    public let state: State
    /// For how many days objects are kept.
    public let retentionDays: Int
    /// When it was made, in unix milliseconds.
    public let createdAtMilliseconds: Int64
    /// When it is given up if nobody locks it, in unix milliseconds; nil if it is not told.
    public var expiresAtMilliseconds: Int64?

    /// Makes a document.
    public init(id: String, state: State, retentionDays: Int, createdAtMilliseconds: Int64) {
        self.id = id
        self.state = state
        self.retentionDays = retentionDays
        self.createdAtMilliseconds = createdAtMilliseconds
    }

    public init(root: XMLElement) throws(OSSError) {
        self.init(
            id: try root.requiredText(of: "WormId"), state: try root.requiredWord(of: "State"),
            retentionDays: try root.requiredNumber(of: "RetentionPeriodInDays"),
            createdAtMilliseconds: try Self.date(root, "CreationDate"))
        if root.child("ExpirationDate") != nil {
            expiresAtMilliseconds = try Self.date(root, "ExpirationDate")
        }
    }

    public func writeContent(to writer: inout XMLWriter) {
        writer.element("WormId", id)
        writer.element("State", state.rawValue)
        writer.element("RetentionPeriodInDays", retentionDays)
        writer.element("CreationDate", dateIfPresent: createdAtMilliseconds)
        writer.element("ExpirationDate", dateIfPresent: expiresAtMilliseconds)
    }

    /// OSS's own sample has a date without a zone here.
    private static func date(_ root: XMLElement, _ name: String) throws(OSSError) -> Int64 {
        let text = try root.requiredText(of: name)
        guard let date = ISO8601.parse(text) ?? ISO8601.parse(text + "Z") else {
            throw XMLReader.refusal("the element \(name) is not a date.")
        }
        return date
    }
}

/// The body of InitiateBucketWorm.
public struct InitiateWormConfiguration: XMLDocument {
    public static let rootName = "InitiateWormConfiguration"

    /// For how many days objects are to be kept: 1 at least.
    public let retentionDays: Int

    /// Makes a body.
    public init(retentionDays: Int) {
        self.retentionDays = retentionDays
    }

    public init(root: XMLElement) throws(OSSError) {
        retentionDays = try root.retentionDays()
    }

    public func writeContent(to writer: inout XMLWriter) {
        writer.element("RetentionPeriodInDays", retentionDays)
    }
}

/// The body of ExtendBucketWorm.
public struct ExtendWormConfiguration: XMLDocument {
    public static let rootName = "ExtendWormConfiguration"

    /// For how many days objects are to be kept: more than before.
    public let retentionDays: Int

    /// Makes a body.
    public init(retentionDays: Int) {
        self.retentionDays = retentionDays
    }

    public init(root: XMLElement) throws(OSSError) {
        retentionDays = try root.retentionDays()
    }

    public func writeContent(to writer: inout XMLWriter) {
        writer.element("RetentionPeriodInDays", retentionDays)
    }
}

extension XMLElement {
    /// The days of a retention: 1 to 25,550, which is 70 years.
    fileprivate func retentionDays() throws(OSSError) -> Int {
        let days = try requiredNumber(of: "RetentionPeriodInDays")
        guard (1...25_550).contains(days) else {
            throw XMLReader.refusal("the element RetentionPeriodInDays is not between 1 and 25550.")
        }
        return days
    }
}

/// Whether objects of a bucket can be kept from being changed one by one, and how they are by themselves.
public struct ObjectWormConfiguration: WritableBucketDocument {
    public static let rootName = "ObjectWormConfiguration"
    public static let subresource = "objectWorm"

    /// How an object is kept that does not say it itself.
    public struct DefaultRetention: Sendable, Hashable {
        /// `GOVERNANCE` or `COMPLIANCE`.
        public var mode: String
        /// For how many days; nil if it is years.
        public var days: Int?
        /// For how many years; nil if it is days.
        public var years: Int?

        /// Makes a retention.
        public init(mode: String, days: Int? = nil, years: Int? = nil) {
            self.mode = mode
            self.days = days
            self.years = years
        }
    }

    /// The word of the document, `Enabled`.
    public let status: FeatureStatus
    /// How objects are kept that do not say it themselves; nil for not at all.
    public let defaultRetention: DefaultRetention?

    /// Makes a document.
    public init(_ status: FeatureStatus, defaultRetention: DefaultRetention? = nil) {
        self.status = status
        self.defaultRetention = defaultRetention
    }

    public init(root: XMLElement) throws(OSSError) {
        status = try root.requiredWord(of: "ObjectWormEnabled")
        defaultRetention = try root.child("Rule")?.value("DefaultRetention") { element throws(OSSError) in
            let retention = DefaultRetention(
                mode: try element.requiredText(of: "Mode"), days: try element.number(of: "Days"),
                years: try element.number(of: "Years"))
            guard (retention.days == nil) != (retention.years == nil) else {
                throw XMLReader.refusal("the element DefaultRetention needs days or years.")
            }
            return retention
        }
    }

    public func writeContent(to writer: inout XMLWriter) {
        writer.element("ObjectWormEnabled", status.rawValue)
        guard let defaultRetention else { return }
        writer.element("Rule") { writer in
            writer.element("DefaultRetention") { writer in
                writer.element("Mode", defaultRetention.mode)
                writer.element("Days", ifPresent: defaultRetention.days)
                writer.element("Years", ifPresent: defaultRetention.years)
            }
        }
    }
}
