/// Where a bucket's access logs go.
///
/// Source: oss-wire fact 11.6.
public struct BucketLoggingStatus: RemovableBucketDocument {
    public static let rootName = "BucketLoggingStatus"
    public static let subresource = "logging"

    /// Where logs go.
    public struct Target: Sendable, Hashable {
        /// The bucket that takes the logs.
        public var bucket: String
        /// How the keys of the logs begin.
        public var prefix: String
        /// The role in which the logs are written; nil for the usual one.
        public var role: String?

        /// Makes a target.
        public init(bucket: String, prefix: String = "", role: String? = nil) {
            self.bucket = bucket
            self.prefix = prefix
            self.role = role
        }
    }

    /// Where logs go; nil if there are none.
    public let target: Target?

    /// Makes a document.
    public init(_ target: Target?) {
        self.target = target
    }

    public init(root: XMLElement) throws(OSSError) {
        target = try root.value("LoggingEnabled") { element throws(OSSError) in
            Target(
                bucket: try element.requiredText(of: "TargetBucket"), prefix: element.textOrEmpty(of: "TargetPrefix"),
                role: element.text(of: "LoggingRole"))
        }
    }

    public func writeContent(to writer: inout XMLWriter) {
        guard let target else { return }
        writer.element("LoggingEnabled") { writer in
            writer.element("TargetBucket", target.bucket)
            writer.element("TargetPrefix", target.prefix)
            writer.element("LoggingRole", ifPresent: target.role)
        }
    }
}

/// Which header fields and parameters of requests go into a bucket's logs as well.
///
/// Source: oss-wire fact 11.6.
public struct UserDefinedLogFieldsConfiguration: RemovableBucketDocument {
    public static let rootName = "UserDefinedLogFieldsConfiguration"
    public static let subresource = "userDefinedLogFieldsConfig"

    /// The names of header fields.
    public let headers: [String]
    /// The names of parameters.
    public let parameters: [String]

    /// Makes a document.
    public init(headers: [String], parameters: [String]) {
        self.headers = headers
        self.parameters = parameters
    }

    public init(root: XMLElement) throws(OSSError) {
        headers = root.child("HeaderSet")?.texts("header") ?? []
        parameters = root.child("ParamSet")?.texts("parameter") ?? []
    }

    public func writeContent(to writer: inout XMLWriter) {
        writer.element("HeaderSet") { $0.elements("header", headers) }
        writer.element("ParamSet") { $0.elements("parameter", parameters) }
    }
}
