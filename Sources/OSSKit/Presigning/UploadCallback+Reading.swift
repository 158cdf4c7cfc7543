extension UploadCallback {
    /// Reads a callback as it came with an upload.
    ///
    /// - Parameters:
    ///   - parameter: the value of `callback` or `x-oss-callback`, in base64.
    ///   - variables: the value of `callback-var` or `x-oss-callback-var`, in base64; nil if there is none.
    /// - Throws: `InvalidArgument`, in the words of oss-wire fact 13.
    public init(parameter: String, variables: String?) throws(OSSError) {
        let root = try Self.members(of: parameter, named: "callback")
        let urls = try Self.text("callbackUrl", of: root, else: "url").split(separator: ";").map {
            String(decoding: ASCII.trimmed($0.utf8), as: UTF8.self)
        }
        guard !urls.isEmpty else { throw Self.invalid("The callback url configuration is invalid.") }
        guard urls.count <= Self.maximumURLs else {
            throw Self.invalid("The number of callback url exceed max value.")
        }
        for url in urls {
            guard CallbackAddress(url) != nil else { throw Self.invalid("The callback url configuration is invalid.") }
        }
        let body = try Self.text("callbackBody", of: root, else: "body")
        guard !body.isEmpty else { throw Self.invalid("The callback body is empty.") }
        var bodyType = BodyType.form
        if root["callbackBodyType"] != nil {
            let named = try Self.text("callbackBodyType", of: root, else: "body type")
            guard let known = BodyType(rawValue: named) else {
                throw Self.invalid("The callback body type configuration is invalid.")
            }
            bodyType = known
        }
        var host: String?
        if root["callbackHost"] != nil {
            let named = try Self.text("callbackHost", of: root, else: "host")
            guard named.isEmpty || CallbackAddress("http://\(named)")?.authority == named else {
                throw Self.invalid("The callback host configuration is invalid.")
            }
            host = named.isEmpty ? nil : named
        }
        self.init(
            urls: urls, body: body, bodyType: bodyType, host: host, variables: try Self.variables(variables))
    }

    private static func variables(_ parameter: String?) throws(OSSError) -> [(name: String, value: String)] {
        guard let parameter else { return [] }
        var variables: [(name: String, value: String)] = []
        for (name, value) in try members(of: parameter, named: "callback var").sorted(by: { $0.key < $1.key }) {
            guard case .text(let text) = value, name.hasPrefix("x:") else {
                throw invalid("The callback var is not expecten json.")
            }
            variables.append((name, text))
        }
        return variables
    }

    private static func members(of parameter: String, named name: String) throws(OSSError) -> [String: ParameterJSON] {
        guard parameter.utf8.count <= Limits.maximumCallbackBytes else {
            throw invalid("The length of \(name) exceed max value.")
        }
        guard let bytes = Base64.decode(parameter) else {
            throw invalid("The \(name) configuration is not base64 encoded.")
        }
        guard case .object(let members) = ParameterJSON(bytes) else {
            throw invalid("The \(name) configuration is not json format.")
        }
        return members
    }

    private static func text(
        _ name: String, of members: [String: ParameterJSON], else what: String
    ) throws(OSSError) -> String {
        switch members[name] {
        case .text(let text): return text
        case nil where what == "body": return ""
        default: throw invalid("The callback \(what) configuration is invalid.")
        }
    }

    private static func invalid(_ message: String) -> OSSError {
        OSSError(.invalidArgument, message: message, fields: [("ArgumentName", "callback")])
    }
}

extension UploadCallback {
    /// What stands in a callback's body in the place of a variable.
    public enum Value: Sendable, Equatable {
        /// A text: encoded in a form, quoted in JSON.
        case text(String)
        /// A number: as it is in both.
        case number(Int64)
    }

    /// The body with its variables replaced; one that nobody knows is empty.
    ///
    /// - Parameter values: what the store knows of the upload, by the names of OSS: `bucket`, `object`, `etag`, ….
    public func body(values: [String: Value]) -> [UInt8] {
        var written: [UInt8] = []
        var rest = Array(body.utf8)[...]
        while let start = rest.firstIndex(of: UInt8(ascii: "$")) {
            written += rest[..<start]
            rest = rest[start...]
            guard rest.dropFirst().first == UInt8(ascii: "{"), let end = rest.firstIndex(of: UInt8(ascii: "}")) else {
                written.append(rest.removeFirst())
                continue
            }
            written += text(of: String(decoding: rest[(start + 2)..<end], as: UTF8.self), in: values).utf8
            rest = rest[(end + 1)...]
        }
        return written + rest
    }

    private func text(of name: String, in values: [String: Value]) -> String {
        let own = variables.first { $0.name.utf8.elementsEqual(name.utf8) }.map { Value.text($0.value) }
        switch own ?? values[name] ?? .text("") {
        case .number(let number): return String(number)
        case .text(let text): return bodyType == .json ? JSONText.quoted(text) : PercentCoding.encode(text)
        }
    }

    /// Whether the answer of an application is JSON, as it has to be.
    public static func isJSON(_ answer: [UInt8]) -> Bool { ParameterJSON(answer) != nil }
}

/// Where a callback goes.
public struct CallbackAddress: Sendable, Equatable {
    /// Whether the connection is encrypted.
    public let isEncrypted: Bool
    /// The host and, where it has one, the port, as they were given.
    public let authority: String
    /// The name or the address of the host, without the brackets of an IPv6 address.
    public let host: String
    /// The port.
    public let port: Int
    /// The path and the query, as they were given; `/` if there is neither.
    public let target: String

    /// Reads an address; one without a scheme is reached by HTTP, as OSS's own samples have it.
    ///
    /// - Returns: nil for another scheme, for user names and for anything that cannot stand in a request.
    public init?(_ url: String) {
        let scheme = url.firstRange(of: "://")
        switch scheme.map({ url[..<$0.lowerBound].lowercased() }) {
        case nil, "http": isEncrypted = false
        case "https": isEncrypted = true
        default: return nil
        }
        let rest = url[(scheme?.upperBound ?? url.startIndex)...]
        let isText = rest.utf8.allSatisfy { $0 > ASCII.blank && $0 < ASCII.delete && $0 != UInt8(ascii: "#") }
        guard isText else { return nil }
        let end = rest.firstIndex { $0 == "/" || $0 == "?" } ?? rest.endIndex
        authority = String(rest[..<end])
        let target = rest[end...]
        self.target = target.hasPrefix("/") ? String(target) : "/" + target
        guard let (host, port) = Self.hostAndPort(authority) else { return nil }
        self.host = host
        self.port = port ?? (isEncrypted ? 443 : 80)
    }

    private static func hostAndPort(_ authority: String) -> (String, Int?)? {
        let isBracketed = authority.hasPrefix("[")
        let hostEnd = isBracketed ? authority.firstIndex(of: "]") : authority.firstIndex(of: ":") ?? authority.endIndex
        guard let hostEnd else { return nil }
        let host = isBracketed ? authority[..<hostEnd].dropFirst() : authority[..<hostEnd]
        let rest = isBracketed ? authority[hostEnd...].dropFirst() : authority[hostEnd...]
        let isHost = host.utf8.allSatisfy {
            ASCII.isLetter($0) || ASCII.isDigit($0) || $0 == ASCII.hyphen || $0 == ASCII.period
                || $0 == ASCII.underscore || isBracketed && $0 == ASCII.colon
        }
        guard isHost, !host.isEmpty, host.utf8.count <= 253 else { return nil }
        guard !rest.isEmpty else { return (String(host), nil) }
        guard rest.first == ":", let port = DecimalNumber.parse(rest.dropFirst()), (1...65_535).contains(port) else {
            return nil
        }
        return (String(host), Int(port))
    }

    /// The path with nothing encoded, and the query as it is: what a callback's signature covers before its body.
    public var signedTarget: [UInt8] {
        let end = target.firstIndex(of: "?") ?? target.endIndex
        let path = target[..<end].utf8
        return (PercentCoding.decodePath(path) ?? Array(path)) + Array(target[end...].utf8)
    }
}
