/// What a store tells an application after an upload, and where.
///
/// Source: oss-wire fact 13.
public struct UploadCallback: Sendable {
    /// How the body of a callback is written.
    public enum BodyType: String, Sendable {
        /// Names and values as a form sends them.
        case form = "application/x-www-form-urlencoded"
        /// JSON.
        case json = "application/json"
    }

    /// The addresses, which are tried in this order: 1 to 5.
    public let urls: [String]
    /// The template of the body, such as `bucket=${bucket}&size=${size}`.
    public let body: String
    /// How the body is written.
    public let bodyType: BodyType
    /// The value of `Host` in the callback; nil for that of the address.
    public let host: String?
    /// Values of its own, their names beginning with `x:` and in lower case.
    public var variables: [(name: String, value: String)]

    /// Describes a callback.
    public init(
        urls: [String], body: String, bodyType: BodyType = .form, host: String? = nil,
        variables: [(name: String, value: String)] = []
    ) {
        self.urls = urls
        self.body = body
        self.bodyType = bodyType
        self.host = host
        self.variables = variables
    }

    /// The most addresses of a callback.
    static let maximumURLs = 5

    /// The value of the parameter `callback`.
    ///
    /// - Throws: `invalidCallback`.
    var parameter: String {
        get throws(SigningError) {
            guard (1...Self.maximumURLs).contains(urls.count) else {
                throw .invalidCallback(reason: "it needs one to five addresses")
            }
            for url in urls where !(url.hasPrefix("http://") || url.hasPrefix("https://")) || url.contains(";") {
                throw .invalidCallback(reason: "an address begins with http:// or https:// and holds no semicolon")
            }
            guard !body.isEmpty else { throw .invalidCallback(reason: "it needs a body") }
            var members = [("callbackUrl", urls.joined(separator: ";")), ("callbackBody", body)]
            members += host.map { [("callbackHost", $0)] } ?? []
            members.append(("callbackBodyType", bodyType.rawValue))
            return try Self.encoded(members)
        }
    }

    /// The parameter `callback-var`; nil if there are no variables.
    ///
    /// - Throws: `invalidCallback`.
    var variablesParameter: QueryItem? {
        get throws(SigningError) {
            guard !variables.isEmpty else { return nil }
            for (name, _) in variables where !name.hasPrefix("x:") || ASCII.lowercased(name) != Array(name.utf8) {
                throw .invalidCallback(reason: "a variable's name begins with x: and is in lower case")
            }
            guard Set(variables.map { Array($0.name.utf8) }).count == variables.count else {
                throw .invalidCallback(reason: "a variable is given twice")
            }
            return QueryItem("callback-var", try Self.encoded(variables.map { ($0.name, $0.value) }))
        }
    }

    /// The callback as header fields of an upload, for one that is signed in its header.
    ///
    /// - Throws: `invalidCallback`.
    package func headers() throws(SigningError) -> [WireHeader] {
        var headers = [WireHeader("x-oss-callback", try parameter)]
        if let variables = try variablesParameter {
            headers.append(WireHeader("x-oss-callback-var", variables.value))
        }
        return headers
    }

    private static func encoded(_ members: [(String, String)]) throws(SigningError) -> String {
        let texts = members.map { JSONText.quoted($0.0) + ": " + JSONText.quoted($0.1) }
        let parameter = Base64.encode(Array("{\(texts.joined(separator: ", "))}".utf8))
        guard parameter.utf8.count <= Limits.maximumCallbackBytes else {
            throw .invalidCallback(reason: "it is longer than \(Limits.maximumCallbackBytes) bytes")
        }
        return parameter
    }
}
