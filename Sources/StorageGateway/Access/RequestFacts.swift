import OSSKit

/// What the conditions of a policy can ask of a request beside who sent it and what it is about.
package struct RequestFacts: Sendable {
    /// The address from which the connection came; nil if it is not known.
    package var sourceAddress: NetworkAddress?
    /// Whether the request came through TLS.
    package var isSecure: Bool
    /// When the request is judged, in seconds since 1970, UTC.
    package var nowUnixSeconds: Int64
    /// `User-Agent`; nil if none was sent.
    package var userAgent: String?
    /// `Referer`; nil if none was sent.
    package var referer: String?
    /// The access key; nil for a request without a signature.
    package var accessKeyID: String?
    /// The prefix of a list; nil if the request names none.
    package var prefix: String?
    /// The delimiter of a list; nil if the request names none.
    package var delimiter: String?

    /// Makes facts of which nothing but the time is known.
    package init(isSecure: Bool = false, nowUnixSeconds: Int64) {
        self.isSecure = isSecure
        self.nowUnixSeconds = nowUnixSeconds
    }

    /// Takes the facts from a request.
    ///
    /// - Parameters:
    ///   - request: The request.
    ///   - sourceAddress: Where its connection came from, as a text.
    ///   - accessKeyID: The access key that signed it; nil if none did.
    ///   - nowUnixSeconds: The time.
    init(_ request: WireRequest, sourceAddress: String?, accessKeyID: String?, nowUnixSeconds: Int64) {
        self.init(isSecure: request.scheme == "https", nowUnixSeconds: nowUnixSeconds)
        self.sourceAddress = sourceAddress.flatMap { NetworkAddress($0) }
        userAgent = request.header("User-Agent")
        referer = request.header("Referer")
        self.accessKeyID = accessKeyID
        prefix = request.target.value(of: "prefix")
        delimiter = request.target.value(of: "delimiter")
    }
}
