/// A URL that lets whoever holds it make one request, for a time.
public struct PresignedURL: Sendable, CustomStringConvertible {
    /// The method of the request.
    public let method: String
    /// The URL itself, which opens a door: it is given to its user, and never logged.
    public let url: String
    /// The headers that the request has to carry with these values.
    public let requiredHeaders: [WireHeader]
    /// The last second in which the URL is good.
    public let expiresAtUnixSeconds: Int64

    public var description: String { "<redacted>" }
}
