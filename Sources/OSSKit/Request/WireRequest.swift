/// One header field as it arrived.
public struct WireHeader: Sendable, Hashable {
    /// The name in the case in which it was sent.
    public let name: String
    /// The value; blanks around it do not count.
    public let value: String

    /// Makes a header field.
    public init(_ name: String, _ value: String) {
        self.name = name
        self.value = value
    }

    /// Whether the name is this one; the case of letters does not count.
    public func isNamed(_ wanted: some StringProtocol) -> Bool {
        ASCII.isEqualIgnoringCase(name, wanted)
    }
}

/// The head of a request as it arrived, before anything was changed.
///
/// Signatures are checked against this and nothing else.
public struct WireRequest: Sendable {
    /// The method, such as `GET`, in the case in which it was sent.
    public let method: String
    /// `http` or `https`.
    public let scheme: String
    /// The value of `Host`, with its port where it has one.
    public let host: String
    /// The request target, parsed once.
    public let target: RequestTarget
    /// The header fields in the order in which they were sent; `Host` may be among them or not.
    public let headers: [WireHeader]

    /// Makes a request head.
    public init(method: String, scheme: String, host: String, target: RequestTarget, headers: [WireHeader]) {
        self.method = method
        self.scheme = scheme
        self.host = host
        self.target = target
        self.headers = headers
    }

    /// The values of all header fields of this name, trimmed, in order; the case of the name does not count.
    public func headerValues(_ name: String) -> [String] {
        headers.filter { $0.isNamed(name) }.map { String(decoding: ASCII.trimmed($0.value.utf8), as: UTF8.self) }
    }

    /// The value of a header: several fields of one name are joined with `,`; nil if there is none.
    public func header(_ name: String) -> String? {
        let values = headerValues(name)
        return values.isEmpty ? nil : values.joined(separator: ",")
    }
}
