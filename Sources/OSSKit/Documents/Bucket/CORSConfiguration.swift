/// Which pages of other origins a browser may let at a bucket.
///
/// Source: oss-wire facts 11.6 and 11.7.
public struct CORSConfiguration: RemovableBucketDocument {
    public static let rootName = "CORSConfiguration"
    public static let subresource = "cors"
    /// The most rules.
    public static let maximumRules = 10
    /// The methods that a rule can allow.
    public static let methods = ["GET", "PUT", "DELETE", "POST", "HEAD"]

    /// The longest that a browser may remember a rule.
    public static let maximumAgeSeconds: Int64 = 999_999_999

    /// One rule.
    public struct Rule: Sendable, Hashable {
        /// The origins, each with one `*` at most.
        public var allowedOrigins: [String]
        /// The methods, of those in `CORSConfiguration.methods`.
        public var allowedMethods: [String]
        /// The header fields that a request may carry, each with one `*` at most.
        public var allowedHeaders: [String] = []
        /// The header fields of an answer that a page may see.
        public var exposeHeaders: [String] = []
        /// How long a browser may remember the rule; nil if it is not told.
        public var maxAgeSeconds: Int?

        /// Makes a rule.
        public init(allowedOrigins: [String], allowedMethods: [String]) {
            self.allowedOrigins = allowedOrigins
            self.allowedMethods = allowedMethods
        }

        init(_ element: XMLElement) throws(OSSError) {
            self.init(allowedOrigins: element.texts("AllowedOrigin"), allowedMethods: element.texts("AllowedMethod"))
            allowedHeaders = element.texts("AllowedHeader")
            exposeHeaders = element.texts("ExposeHeader")
            maxAgeSeconds = try Self.maxAgeSeconds(element)
            guard !allowedOrigins.isEmpty, !allowedMethods.isEmpty,
                allowedMethods.allSatisfy({ CORSConfiguration.methods.contains($0) }),
                (allowedOrigins + allowedHeaders).allSatisfy({ $0.utf8.count { $0 == UInt8(ascii: "*") } <= 1 })
            else { throw XMLReader.refusal("a rule needs origins and methods that exist.") }
        }

        private static func maxAgeSeconds(_ element: XMLElement) throws(OSSError) -> Int? {
            let (name, limit) = ("MaxAgeSeconds", CORSConfiguration.maximumAgeSeconds)
            guard let text = element.text(of: name), !text.isEmpty else { return nil }
            guard let seconds = DecimalNumber.parse(text), seconds <= limit else {
                throw .invalidArgument(name, text, message: "\(name) must be an integer between 0 and \(limit).")
            }
            return Int(seconds)
        }

        func write(to writer: inout XMLWriter) {
            writer.element("CORSRule") { writer in
                writer.elements("AllowedOrigin", allowedOrigins)
                writer.elements("AllowedMethod", allowedMethods)
                writer.elements("AllowedHeader", allowedHeaders)
                writer.elements("ExposeHeader", exposeHeaders)
                writer.element("MaxAgeSeconds", ifPresent: maxAgeSeconds)
            }
        }
    }

    /// The rules; the first one that matches counts.
    public let rules: [Rule]
    /// Whether answers vary by origin; nil if it is not told.
    public let responseVary: Bool?

    /// Makes a document.
    public init(rules: [Rule], responseVary: Bool? = nil) {
        self.rules = rules
        self.responseVary = responseVary
    }

    public init(root: XMLElement) throws(OSSError) {
        rules = try root.values("CORSRule") { element throws(OSSError) in try Rule(element) }
        responseVary = try root.flag(of: "ResponseVary")
        guard !rules.isEmpty else { throw XMLReader.refusal("the element CORSRule is missing.") }
        guard rules.count <= Self.maximumRules else { throw OSSError(.corsRuleBeyondLimit) }
    }

    public func writeContent(to writer: inout XMLWriter) {
        for rule in rules {
            rule.write(to: &writer)
        }
        writer.element("ResponseVary", ifPresent: responseVary)
    }
}
