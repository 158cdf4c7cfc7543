/// How a bucket answers browsers as a website.
///
/// Source: oss-wire facts 11.6 and 11.8.
public struct WebsiteConfiguration: RemovableBucketDocument {
    public static let rootName = "WebsiteConfiguration"
    public static let subresource = "website"
    /// The most routing rules.
    public static let maximumRoutingRules = 20

    /// The page of a folder.
    public struct IndexDocument: Sendable, Hashable {
        /// The end of its key, such as `index.html`.
        public var suffix: String
        /// Whether folders below the root have one too; nil if it is not told.
        public var supportsSubfolders: Bool?
        /// What a folder without a slash gets: 0 a redirect, 1 `NoSuchKey`, 2 the page; nil if it is not told.
        public var type: Int?

        /// Makes an index.
        public init(suffix: String) {
            self.suffix = suffix
        }
    }

    /// The page that stands for missing ones.
    public struct ErrorDocument: Sendable, Hashable {
        /// Its key.
        public var key: String
        /// The status that it is sent with: 200 or 404; nil for 404.
        public var httpStatus: Int?

        /// Makes an error page.
        public init(key: String, httpStatus: Int? = nil) {
            self.key = key
            self.httpStatus = httpStatus
        }
    }

    /// A rule for requests that are to end up elsewhere.
    public struct RoutingRule: Sendable, Equatable {
        /// The rule's place in the order, from 1.
        public var number: Int
        /// When the rule holds.
        public var condition = Condition()
        /// Where a request ends up.
        public var redirect = Redirect()

        /// Makes a rule.
        public init(number: Int) {
            self.number = number
        }
    }

    /// When a routing rule holds: all of what is told.
    public struct Condition: Sendable, Hashable {
        /// A header field of the request.
        public struct Header: Sendable, Hashable {
            /// Its name.
            public var key: String
            /// Its whole value; nil for any.
            public var equals: String?
            /// How its value begins; nil for any.
            public var startsWith: String?
            /// How its value ends; nil for any.
            public var endsWith: String?

            /// Names a header field that has to be there.
            public init(key: String) {
                self.key = key
            }
        }

        /// How the key begins; nil for any.
        public var keyPrefixEquals: String?
        /// How the key ends; nil for any.
        public var keySuffixEquals: String?
        /// The status of the answer without the rule; nil for any.
        public var httpErrorCodeReturnedEquals: Int?
        /// Header fields of the request.
        public var includeHeaders: [Header] = []

        /// Makes a condition that always holds.
        public init() {}
    }

    /// Where a request ends up.
    public struct Redirect: Sendable, Equatable {
        /// The kind: `Mirror`, `External`, `AliCDN` or `Internal`; nil if it is not told.
        public var redirectType: String?
        /// Whether the query string goes along; nil if it is not told.
        public var passesQueryString: Bool?
        /// `http` or `https`; nil for that of the request.
        public var scheme: String?
        /// The host; nil for that of the request.
        public var hostName: String?
        /// The new key, with `${key}` for the old one; nil for the old one.
        public var replaceKeyWith: String?
        /// What stands for the prefix of the condition; nil if it stays.
        public var replaceKeyPrefixWith: String?
        /// Whether the prefix is replaced even by nothing; nil if it is not told.
        public var enablesReplacePrefix: Bool?
        /// The status of the redirect; nil for 302.
        public var httpRedirectCode: Int?
        /// The elements that say how an object is fetched from its origin, `MirrorURL` and others, as they stand.
        public var mirrorElements: [XMLElement] = []

        /// Makes a redirect to the same place.
        public init() {}
    }

    /// The page of a folder; nil for none.
    public var indexDocument: IndexDocument?
    /// The page that stands for missing ones; nil for none.
    public var errorDocument: ErrorDocument?
    /// The rules for requests that are to end up elsewhere.
    public var routingRules: [RoutingRule] = []

    /// Makes a document.
    public init(indexDocument: IndexDocument?, errorDocument: ErrorDocument? = nil) {
        self.indexDocument = indexDocument
        self.errorDocument = errorDocument
    }

    public init(root: XMLElement) throws(OSSError) {
        indexDocument = try root.value("IndexDocument") { element throws(OSSError) in try IndexDocument(element) }
        errorDocument = try root.value("ErrorDocument") { element throws(OSSError) in
            ErrorDocument(key: try element.requiredText(of: "Key"), httpStatus: try element.number(of: "HttpStatus"))
        }
        let rules = root.child("RoutingRules")
        routingRules = try rules?.values("RoutingRule") { element throws(OSSError) in try RoutingRule(element) } ?? []
        guard indexDocument != nil || errorDocument != nil || !routingRules.isEmpty else {
            throw XMLReader.refusal("the element IndexDocument is missing.")
        }
        guard routingRules.count <= Self.maximumRoutingRules else {
            throw XMLReader.refusal("there are more than \(Self.maximumRoutingRules) routing rules.")
        }
    }

    public func writeContent(to writer: inout XMLWriter) {
        if let indexDocument {
            writer.element("IndexDocument") { writer in
                writer.element("Suffix", indexDocument.suffix)
                writer.element("SupportSubDir", ifPresent: indexDocument.supportsSubfolders)
                writer.element("Type", ifPresent: indexDocument.type)
            }
        }
        if let errorDocument {
            writer.element("ErrorDocument") { writer in
                writer.element("Key", errorDocument.key)
                writer.element("HttpStatus", ifPresent: errorDocument.httpStatus)
            }
        }
        if !routingRules.isEmpty {
            writer.element("RoutingRules") { writer in
                for rule in routingRules {
                    rule.write(to: &writer)
                }
            }
        }
    }
}

extension WebsiteConfiguration.IndexDocument {
    fileprivate init(_ element: XMLElement) throws(OSSError) {
        self.init(suffix: try element.requiredText(of: "Suffix"))
        supportsSubfolders = try element.flag(of: "SupportSubDir")
        type = try element.number(of: "Type")
        guard type.map({ (0...2).contains($0) }) ?? true else {
            throw XMLReader.refusal("the element Type is not 0, 1 or 2.")
        }
    }
}

extension WebsiteConfiguration.RoutingRule {
    fileprivate init(_ element: XMLElement) throws(OSSError) {
        self.init(number: try element.requiredNumber(of: "RuleNumber"))
        let condition = try element.required("Condition")
        self.condition.keyPrefixEquals = condition.text(of: "KeyPrefixEquals")
        self.condition.keySuffixEquals = condition.text(of: "KeySuffixEquals")
        self.condition.httpErrorCodeReturnedEquals = try condition.number(of: "HttpErrorCodeReturnedEquals")
        self.condition.includeHeaders = try condition.values("IncludeHeader") { element throws(OSSError) in
            var header = WebsiteConfiguration.Condition.Header(key: try element.requiredText(of: "Key"))
            header.equals = element.text(of: "Equals")
            header.startsWith = element.text(of: "StartsWith")
            header.endsWith = element.text(of: "EndsWith")
            return header
        }
        let redirect = try element.required("Redirect")
        self.redirect.redirectType = redirect.text(of: "RedirectType")
        self.redirect.passesQueryString = try redirect.flag(of: "PassQueryString")
        self.redirect.scheme = redirect.text(of: "Protocol")
        self.redirect.hostName = redirect.text(of: "HostName")
        self.redirect.replaceKeyWith = redirect.text(of: "ReplaceKeyWith")
        self.redirect.replaceKeyPrefixWith = redirect.text(of: "ReplaceKeyPrefixWith")
        self.redirect.enablesReplacePrefix = try redirect.flag(of: "EnableReplacePrefix")
        self.redirect.httpRedirectCode = try redirect.number(of: "HttpRedirectCode")
        self.redirect.mirrorElements = redirect.children.filter { $0.name.hasPrefix("Mirror") }
            .map(\.withoutBlanks.withPlainFlags)
    }

    fileprivate func write(to writer: inout XMLWriter) {
        writer.element("RoutingRule") { writer in
            writer.element("RuleNumber", number)
            writer.element("Condition") { writer in
                writer.element("KeyPrefixEquals", ifPresent: condition.keyPrefixEquals)
                writer.element("KeySuffixEquals", ifPresent: condition.keySuffixEquals)
                writer.element("HttpErrorCodeReturnedEquals", ifPresent: condition.httpErrorCodeReturnedEquals)
                for header in condition.includeHeaders {
                    writer.element("IncludeHeader") { writer in
                        writer.element("Key", header.key)
                        writer.element("Equals", ifPresent: header.equals)
                        writer.element("StartsWith", ifPresent: header.startsWith)
                        writer.element("EndsWith", ifPresent: header.endsWith)
                    }
                }
            }
            writer.element("Redirect") { redirect.write(to: &$0) }
        }
    }
}

extension WebsiteConfiguration.Redirect {
    fileprivate func write(to writer: inout XMLWriter) {
        writer.element("RedirectType", ifPresent: redirectType)
        writer.element("PassQueryString", ifPresent: passesQueryString)
        writer.element("Protocol", ifPresent: scheme)
        writer.element("HostName", ifPresent: hostName)
        writer.element("ReplaceKeyWith", ifPresent: replaceKeyWith)
        writer.element("ReplaceKeyPrefixWith", ifPresent: replaceKeyPrefixWith)
        writer.element("EnableReplacePrefix", ifPresent: enablesReplacePrefix)
        writer.element("HttpRedirectCode", ifPresent: httpRedirectCode)
        for element in mirrorElements {
            writer.element(element)
        }
    }
}

extension XMLElement {
    /// The element with flags in it as OSS writes them, in lower case.
    fileprivate var withPlainFlags: XMLElement {
        if !children.isEmpty { return XMLElement(name, children: children.map(\.withPlainFlags)) }
        return ["True", "False"].contains(text) ? XMLElement(name, text: text.lowercased()) : self
    }
}
