import HTTPTypes

/// Which web pages may call the API.
///
/// Credentials never travel in cookies, so no answer allows them. Source: session-api.md 4.2; SECURITY 43.
struct CrossOriginPolicy: Sendable {
    private static let exposedHeaders =
        "ETag, Retry-After, X-Request-Id, X-Sync-Sanitized, X-Sync-Seq, X-Turn-Gaps, X-Turn-Status"
    private static let allowedHeaders =
        "Authorization, Content-Encoding, Content-Type, If-Match, If-None-Match, X-Client-Backlog, X-Client-Quarantined, X-Client-Time, "
        + "X-Device-Id, X-Sync-Protocol"

    private let allowsAll: Bool
    private let origins: Set<String>

    init(allowedOrigins: [String]) {
        allowsAll = allowedOrigins.contains("*")
        origins = Set(allowedOrigins)
    }

    /// Whether a request only asks whether another may follow.
    func isPreflight(_ request: HTTPRequest) -> Bool {
        request.method == .options && request.headerFields[.origin] != nil
            && request.headerFields[.accessControlRequestMethod] != nil
    }

    /// The headers that let a page read an answer; only `Vary` for a page that may not.
    func headers(for request: HTTPRequest) -> HTTPFields {
        guard let origin = request.headerFields[.origin] else { return [:] }
        if allowsAll {
            return [.accessControlAllowOrigin: "*", .accessControlExposeHeaders: Self.exposedHeaders]
        }
        guard origins.contains(origin) else { return [.vary: "Origin"] }
        return [
            .accessControlAllowOrigin: origin, .accessControlExposeHeaders: Self.exposedHeaders, .vary: "Origin",
        ]
    }

    /// The answer to a preflight request, or nil if the page may not call.
    func preflightHeaders(for request: HTTPRequest) -> HTTPFields? {
        var fields = headers(for: request)
        guard fields[.accessControlAllowOrigin] != nil else { return nil }
        fields[.accessControlAllowMethods] = "GET, HEAD, POST, PUT, PATCH, DELETE"
        fields[.accessControlAllowHeaders] = Self.allowedHeaders
        fields[.accessControlMaxAge] = "600"
        return fields
    }
}
