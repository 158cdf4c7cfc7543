/// The body of RestoreObject, all of it optional.
///
/// Source: oss-wire fact 8.9, as all documents here.
public struct RestoreRequest: XMLDocument {
    public static let rootName = "RestoreRequest"

    /// How fast an object is to be restored.
    public enum Tier: String, Sendable, Hashable, CaseIterable {
        /// Within an hour.
        case expedited = "Expedited"
        /// Within hours.
        case standard = "Standard"
        /// Within half a day.
        case bulk = "Bulk"
    }

    /// For how many days the object can be read; nil for the endpoint's usual number.
    public let days: Int?
    /// How fast; nil for the endpoint's usual way.
    public let tier: Tier?

    /// Makes a body.
    public init(days: Int? = nil, tier: Tier? = nil) {
        self.days = days
        self.tier = tier
    }

    public init(root: XMLElement) throws(OSSError) {
        days = try root.number(of: "Days")
        guard days.map({ $0 >= 1 }) ?? true else { throw XMLReader.refusal("the element Days is not 1 at least.") }
        tier = try root.value("JobParameters") { element throws(OSSError) in
            let asked = try element.requiredText(of: "Tier")
            guard let tier = Tier(rawValue: asked) else {
                throw .invalidArgument("Tier", asked, message: "The tier is not one of Expedited, Standard and Bulk.")
            }
            return tier
        }
    }

    public func writeContent(to writer: inout XMLWriter) {
        writer.element("Days", ifPresent: days)
        if let tier {
            writer.element("JobParameters") { $0.element("Tier", tier.rawValue) }
        }
    }
}

/// Until when an object cannot be changed or deleted.
public struct Retention: XMLDocument {
    public static let rootName = "Retention"

    /// `GOVERNANCE` or `COMPLIANCE`.
    public let mode: String
    /// Until when, in unix milliseconds.
    public let retainUntilMilliseconds: Int64

    /// Makes a document.
    public init(mode: String, retainUntilMilliseconds: Int64) {
        self.mode = mode
        self.retainUntilMilliseconds = retainUntilMilliseconds
    }

    public init(root: XMLElement) throws(OSSError) {
        mode = try root.requiredText(of: "Mode")
        retainUntilMilliseconds = try root.date(of: "RetainUntilDate")
    }

    public func writeContent(to writer: inout XMLWriter) {
        writer.element("Mode", mode)
        writer.element("RetainUntilDate", dateIfPresent: retainUntilMilliseconds)
    }
}

/// Whether an object is kept until somebody says otherwise.
public struct LegalHold: XMLDocument {
    public static let rootName = "LegalHold"

    /// Whether it is: `ON` or `OFF`.
    public let isOn: Bool

    /// Makes a document.
    public init(isOn: Bool) {
        self.isOn = isOn
    }

    public init(root: XMLElement) throws(OSSError) {
        switch try root.requiredText(of: "Status") {
        case "ON": isOn = true
        case "OFF": isOn = false
        default: throw XMLReader.refusal("the element Status is neither ON nor OFF.")
        }
    }

    public func writeContent(to writer: inout XMLWriter) {
        writer.element("Status", isOn ? "ON" : "OFF")
    }
}

/// The answer to a form upload that asked for status 201.
///
/// Source: oss-wire fact 4.
public struct PostResponse: XMLDocument {
    public static let rootName = "PostResponse"

    /// The bucket's name.
    public let bucket: String
    /// The object's ETag with its quotes.
    public let eTag: String
    /// The object's key.
    public let key: ObjectKey
    /// The object's URL.
    public let location: String

    /// Makes an answer.
    public init(bucket: String, eTag: String, key: ObjectKey, location: String) {
        self.bucket = bucket
        self.eTag = eTag
        self.key = key
        self.location = location
    }

    public init(root: XMLElement) throws(OSSError) {
        self.init(
            bucket: try root.requiredText(of: "Bucket"), eTag: try root.requiredText(of: "ETag"),
            key: try ObjectKey(try root.requiredText(of: "Key")), location: root.textOrEmpty(of: "Location"))
    }

    public func writeContent(to writer: inout XMLWriter) {
        writer.element("Bucket", bucket)
        writer.element("ETag", eTag)
        writer.element("Key", key.text)
        writer.element("Location", location)
    }
}

/// The answer of DescribeRegions.
///
/// Source: oss-wire fact 12.
public struct RegionInfoList: XMLDocument {
    public static let rootName = "RegionInfoList"

    /// A region and its endpoints.
    public struct Region: Sendable, Hashable {
        /// The region as a *Location*, such as `oss-cn-hangzhou`.
        public let location: String
        /// The endpoint for everybody.
        public let internetEndpoint: String
        /// The endpoint inside the region.
        public let internalEndpoint: String
        /// The endpoint of transfer acceleration.
        public let accelerateEndpoint: String

        /// Makes a region.
        public init(
            location: String, internetEndpoint: String, internalEndpoint: String, accelerateEndpoint: String
        ) {
            self.location = location
            self.internetEndpoint = internetEndpoint
            self.internalEndpoint = internalEndpoint
            self.accelerateEndpoint = accelerateEndpoint
        }
    }

    /// The regions.
    public let regions: [Region]

    /// Makes an answer.
    public init(regions: [Region]) {
        self.regions = regions
    }

    public init(root: XMLElement) throws(OSSError) {
        regions = try root.values("RegionInfo") { element throws(OSSError) in
            Region(
                location: try element.requiredText(of: "Region"),
                internetEndpoint: element.textOrEmpty(of: "InternetEndpoint"),
                internalEndpoint: element.textOrEmpty(of: "InternalEndpoint"),
                accelerateEndpoint: element.textOrEmpty(of: "AccelerateEndpoint"))
        }
    }

    public func writeContent(to writer: inout XMLWriter) {
        for region in regions {
            writer.element("RegionInfo") { writer in
                writer.element("Region", region.location)
                writer.element("InternetEndpoint", region.internetEndpoint)
                writer.element("InternalEndpoint", region.internalEndpoint)
                writer.element("AccelerateEndpoint", region.accelerateEndpoint)
            }
        }
    }
}
