/// The body of PutCname, DeleteCname and CreateCnameToken: a domain for a bucket.
///
/// Source: oss-wire fact 11.6, as all documents here.
public struct BucketCnameConfiguration: XMLDocument {
    public static let rootName = "BucketCnameConfiguration"

    /// The domain.
    public let domain: String

    /// Makes a body.
    public init(domain: String) {
        self.domain = domain
    }

    public init(root: XMLElement) throws(OSSError) {
        domain = try root.required("Cname").requiredText(of: "Domain")
    }

    public func writeContent(to writer: inout XMLWriter) {
        writer.element("Cname") { $0.element("Domain", domain) }
    }
}

/// The answer of ListCname: the domains of a bucket.
public struct ListCnameResult: BucketDocument {
    public static let rootName = "ListCnameResult"
    public static let subresource = "cname"

    /// One domain.
    public struct Cname: Sendable, Equatable {
        /// The domain.
        public let domain: String
        /// When it was bound, in unix milliseconds.
        public let lastModifiedMilliseconds: Int64
        /// Whether it can be used: `Enabled` or `Disabled`.
        public let status: FeatureStatus
        /// Whether it stands for all domains below it; nil if it is not told.
        public var isWildcard: Bool?
        /// The element about its certificate as it stands; nil for none.
        public var certificate: XMLElement?

        /// Makes an entry.
        public init(domain: String, lastModifiedMilliseconds: Int64, status: FeatureStatus = .enabled) {
            self.domain = domain
            self.lastModifiedMilliseconds = lastModifiedMilliseconds
            self.status = status
        }
    }

    /// The bucket's name.
    public let bucket: String
    /// The ID of the bucket's owner.
    public let owner: String
    /// The domains.
    public let cnames: [Cname]

    /// Makes an answer.
    public init(bucket: String, owner: String, cnames: [Cname]) {
        self.bucket = bucket
        self.owner = owner
        self.cnames = cnames
    }

    public init(root: XMLElement) throws(OSSError) {
        bucket = try root.requiredText(of: "Bucket")
        owner = root.textOrEmpty(of: "Owner")
        cnames = try root.values("Cname") { element throws(OSSError) in
            var cname = Cname(
                domain: try element.requiredText(of: "Domain"),
                lastModifiedMilliseconds: try element.date(of: "LastModified"),
                status: try element.requiredWord(of: "Status"))
            cname.isWildcard = try element.flag(of: "IsWildCard")
            cname.certificate = element.child("Certificate")?.withoutBlanks
            return cname
        }
    }

    public func writeContent(to writer: inout XMLWriter) {
        writer.element("Bucket", bucket)
        writer.element("Owner", owner)
        for cname in cnames {
            writer.element("Cname") { writer in
                writer.element("Domain", cname.domain)
                writer.element("LastModified", dateIfPresent: cname.lastModifiedMilliseconds)
                writer.element("Status", cname.status.rawValue)
                writer.element("IsWildCard", ifPresent: cname.isWildcard)
                if let certificate = cname.certificate {
                    writer.element(certificate)
                }
            }
        }
    }
}

/// What has to stand in the name service to prove that a domain is one's own.
public struct CnameToken: XMLDocument {
    public static let rootName = "CnameToken"

    /// The bucket's name.
    public let bucket: String
    /// The domain.
    public let cname: String
    /// The text that proves it.
    public let token: String
    /// Until when it does, as the endpoint writes it.
    public let expireTime: String

    /// Makes a document.
    public init(bucket: String, cname: String, token: String, expireTime: String) {
        self.bucket = bucket
        self.cname = cname
        self.token = token
        self.expireTime = expireTime
    }

    public init(root: XMLElement) throws(OSSError) {
        self.init(
            bucket: try root.requiredText(of: "Bucket"), cname: try root.requiredText(of: "Cname"),
            token: try root.requiredText(of: "Token"), expireTime: root.textOrEmpty(of: "ExpireTime"))
    }

    public func writeContent(to writer: inout XMLWriter) {
        writer.element("Bucket", bucket)
        writer.element("Cname", cname)
        writer.element("Token", token)
        writer.element("ExpireTime", expireTime)
    }
}

/// A way to process images that has a name.
public struct ImageStyle: XMLDocument {
    public static let rootName = "Style"

    /// What is done, such as `image/resize,w_100`.
    public let content: String
    /// The name; nil in a request, where it is a parameter.
    public var name: String?
    /// The kind, such as `image`; nil if it is not told.
    public var category: String?
    /// When it was made, as the endpoint writes it; nil in a request.
    public var createTime: String?
    /// When it was changed last, as the endpoint writes it; nil in a request.
    public var lastModifyTime: String?

    /// Makes a style.
    public init(content: String) {
        self.content = content
    }

    public init(root: XMLElement) throws(OSSError) {
        content = try root.requiredText(of: "Content")
        name = root.text(of: "Name")
        category = root.text(of: "Category")
        createTime = root.text(of: "CreateTime")
        lastModifyTime = root.text(of: "LastModifyTime")
    }

    public func writeContent(to writer: inout XMLWriter) {
        writer.element("Name", ifPresent: name)
        writer.element("Content", content)
        writer.element("Category", ifPresent: category)
        writer.element("CreateTime", ifPresent: createTime)
        writer.element("LastModifyTime", ifPresent: lastModifyTime)
    }
}

/// The styles of a bucket.
public struct StyleList: BucketDocument {
    public static let rootName = "StyleList"
    public static let subresource = "style"

    /// The styles.
    public let styles: [ImageStyle]

    /// Makes an answer.
    public init(styles: [ImageStyle]) {
        self.styles = styles
    }

    public init(root: XMLElement) throws(OSSError) {
        styles = try root.values("Style") { element throws(OSSError) in try ImageStyle(root: element) }
    }

    public func writeContent(to writer: inout XMLWriter) {
        for style in styles {
            writer.element(ImageStyle.rootName) { style.writeContent(to: &$0) }
        }
    }
}

/// Which objects of a bucket may not be overwritten, and by whom.
public struct OverwriteConfiguration: RemovableBucketDocument {
    public static let rootName = "OverwriteConfiguration"
    public static let subresource = "overwriteConfig"

    /// One rule.
    public struct Rule: Sendable, Hashable {
        /// The rule's ID; nil for one that the server is to make.
        public var id: String?
        /// What is done: `forbid`.
        public var action: String
        /// The prefix of the keys; nil for any.
        public var prefix: String?
        /// The suffix of the keys; nil for any.
        public var suffix: String?
        /// The callers that the rule is about; none for all.
        public var principals: [String] = []

        /// Makes a rule for all objects.
        public init(id: String? = nil, action: String = "forbid") {
            self.id = id
            self.action = action
        }
    }

    /// The rules.
    public let rules: [Rule]

    /// Makes a document.
    public init(rules: [Rule]) {
        self.rules = rules
    }

    public init(root: XMLElement) throws(OSSError) {
        rules = try root.values("Rule") { element throws(OSSError) in
            var rule = Rule(id: element.text(of: "ID"), action: try element.requiredText(of: "Action"))
            rule.prefix = element.text(of: "Prefix")
            rule.suffix = element.text(of: "Suffix")
            rule.principals = element.child("Principals")?.texts("Principal") ?? []
            return rule
        }
        guard !rules.isEmpty else { throw XMLReader.refusal("the element Rule is missing.") }
    }

    public func writeContent(to writer: inout XMLWriter) {
        for rule in rules {
            writer.element("Rule") { writer in
                writer.element("ID", ifPresent: rule.id)
                writer.element("Action", rule.action)
                writer.element("Prefix", ifPresent: rule.prefix)
                writer.element("Suffix", ifPresent: rule.suffix)
                if !rule.principals.isEmpty {
                    writer.element("Principals") { $0.elements("Principal", rule.principals) }
                }
            }
        }
    }
}

/// The answer of CreateBucketDataRedundancyTransition: a bucket becomes one of another redundancy.
public struct BucketDataRedundancyTransition: XMLDocument {
    public static let rootName = "BucketDataRedundancyTransition"

    /// The ID of the task that does it.
    public let taskID: String

    /// Makes an answer.
    public init(taskID: String) {
        self.taskID = taskID
    }

    public init(root: XMLElement) throws(OSSError) {
        taskID = try root.requiredText(of: "TaskId")
    }

    public func writeContent(to writer: inout XMLWriter) {
        writer.element("TaskId", taskID)
    }
}
