/// What a presigned URL allows, to whom, and for how long, as far as the URL itself tells.
///
/// Nothing in it opens a door: neither the signature nor a security token is repeated.
public struct URLExplanation: Sendable, Equatable {
    /// How the URL was signed.
    public let scheme: SignatureScheme
    /// The access key of the signer.
    public let accessKeyID: String
    /// Whether the access key is a temporary one.
    public let isTemporary: Bool
    /// The region that was signed for; nil in schemes that know none.
    public let region: String?
    /// The first second in which the URL is good, not counting what clocks may differ; nil if there is none.
    public let startsAtUnixSeconds: Int64?
    /// The last second in which the URL is good; nil if it holds none that can be read.
    public let expiresAtUnixSeconds: Int64?
    /// How many seconds are left; negative after the end, nil without one.
    public let secondsLeft: Int64?
    /// What the signature fixes.
    public let bound: [String]
    /// What its holder can still choose.
    public let unbound: [String]
    /// What a reader should know before handing the URL on.
    public let warnings: [String]
    /// A command line that uses the URL, which stands in it as `"$URL"`.
    public let curl: String
}

extension PresignedURL {
    /// Explains the URL.
    ///
    /// - Throws: as `explain(_:method:headers:nowUnixSeconds:)`.
    public func explain(nowUnixSeconds: Int64) throws(OSSError) -> URLExplanation {
        try Self.explain(url, method: method, headers: requiredHeaders, nowUnixSeconds: nowUnixSeconds)
    }

    /// Explains any presigned URL, without asking a server and without a secret.
    ///
    /// - Parameters:
    ///   - url: the URL, with its scheme and its host.
    ///   - method: the method that it is for; nil if that is not known, since the URL does not say.
    ///   - headers: headers that are known to have to be sent.
    ///   - nowUnixSeconds: the time.
    /// - Throws: `InvalidRequest` if the text is no URL or not presigned; `InvalidArgument` if its query string is
    ///   malformed or holds two kinds of signatures.
    public static func explain(
        _ url: String, method: String? = nil, headers: [WireHeader] = [], nowUnixSeconds: Int64
    ) throws(OSSError) -> URLExplanation {
        let parts = try URLParts(url)
        guard let scheme = try QueryCredentials.family(of: parts.target, schemes: SignatureScheme.all) else {
            throw OSSError(.invalidRequest, message: "The URL is not presigned.")
        }
        return URLExplainer(
            scheme: scheme, parts: parts, method: method, headers: headers, now: nowUnixSeconds
        ).explanation
    }
}

/// A URL taken apart.
private struct URLParts {
    let isEncrypted: Bool
    let host: String
    let target: RequestTarget
    let hasFragment: Bool

    init(_ url: String) throws(OSSError) {
        let noURL = OSSError(.invalidRequest, message: "The text is not a URL such as https://host/key?….")
        guard let separator = url.firstRange(of: "://") else { throw noURL }
        let scheme = url[..<separator.lowerBound].lowercased()
        guard scheme == "http" || scheme == "https" else { throw noURL }
        isEncrypted = scheme == "https"
        let rest = url[separator.upperBound...].prefix { $0 != "#" }
        hasFragment = rest.endIndex != url.endIndex
        let host = rest.prefix { $0 != "/" && $0 != "?" }
        guard !host.isEmpty else { throw noURL }
        self.host = String(host)
        let tail = rest[host.endIndex...]
        target = try RequestTarget(tail.utf8.first == ASCII.slash ? String(tail) : "/" + tail)
    }
}

/// Finds out what a presigned URL says.
private struct URLExplainer {
    let scheme: SignatureScheme
    let parts: URLParts
    let method: String?
    let headers: [WireHeader]
    let now: Int64

    private typealias V4 = CanonicalV4.Parameter
    private typealias AWS4 = CanonicalAWS4.Parameter

    var explanation: URLExplanation {
        let expires = expiresAt
        let left = expires.map { $0.subtractingReportingOverflow(now) }
        return URLExplanation(
            scheme: scheme, accessKeyID: accessKeyID, isTemporary: isTemporary, region: credential?.scope.region,
            startsAtUnixSeconds: startsAt, expiresAtUnixSeconds: expires,
            secondsLeft: left.map { $0.overflow ? (now > 0 ? .min : .max) : $0.partialValue },
            bound: bound, unbound: unbound, warnings: warnings(expires: expires), curl: curl)
    }

    private func value(_ name: String) -> String? { parts.target.value(of: name) }

    private var credential: SignatureReader.Credential? {
        switch scheme {
        case .v4URL: SignatureReader.Credential(value(V4.credential) ?? "")
        case .aws4URL: SignatureReader.Credential(value(AWS4.credential) ?? "", family: .aws)
        default: nil
        }
    }

    private var accessKeyID: String {
        switch scheme {
        case .v2URL: value(CanonicalV2.Parameter.accessKeyID) ?? ""
        case .aws2URL: value("AWSAccessKeyId") ?? ""
        case .v4URL, .aws4URL: credential?.accessKeyID ?? ""
        default: value("OSSAccessKeyId") ?? ""
        }
    }

    private var isTemporary: Bool {
        let names = [
            V4.securityToken, CanonicalV2.Parameter.securityToken, CanonicalAWS2.securityToken, AWS4.securityToken,
        ]
        return names.contains { parts.target.contains($0) } || accessKeyID.hasPrefix("STS.")
    }

    private var startsAt: Int64? {
        switch scheme {
        case .v4URL: value(V4.date).flatMap { ISO8601.parseBasic($0) }
        case .aws4URL: value(AWS4.date).flatMap { ISO8601.parseBasic($0) }
        default: nil
        }
    }

    private var lifetimeText: String? {
        switch scheme {
        case .v2URL, .v4URL: value(V4.expires)
        case .aws4URL: value(AWS4.expires)
        default: value("Expires")
        }
    }

    private var expiresAt: Int64? {
        guard let number = lifetimeText.flatMap({ DecimalNumber.parse($0) }) else { return nil }
        guard scheme == .v4URL || scheme == .aws4URL else { return number }
        // A date is of the years 1 to 9999 and the number has 18 digits, so that the sum fits.
        return startsAt.map { $0 + number }
    }

    private var listedHeaders: [String] {
        let list = scheme == .aws4URL ? value(AWS4.signedHeaders) : value(V4.additionalHeaders)
        return scheme == .v1URL || scheme == .aws2URL ? [] : (list ?? "").split(separator: ";").map(String.init)
    }

    private func isSignaturePart(_ item: QueryItem) -> Bool { QueryCredentials.isPart(item, of: scheme) }

    private var operationParameters: [QueryItem] { parts.target.query.filter { !isSignaturePart($0) } }

    private var bound: [String] {
        var bound = ["the method", "the bucket and the key", "the time until which it is good"]
        switch scheme {
        case .aws4URL: bound.append("x-amz-* and x-oss-* headers, and Content-Type: only the listed ones may be sent")
        case .aws2URL: bound.append("Content-Type, Content-MD5 and x-amz-* headers: as signed, or not sent at all")
        default: bound.append("Content-Type, Content-MD5 and x-oss-* headers: as signed, or not sent at all")
        }
        bound += listedHeaders.map { "the header \($0)" }
        if scheme.coversWholeQuery {
            bound.append("the whole query string")
        } else {
            bound += operationParameters.filter { scheme.covers(parameter: $0.nameBytes) }
                .map { "the parameter \($0.name)" }
        }
        return bound
    }

    private var unbound: [String] {
        var unbound = ["the body"]
        for header in ["host", "content-length", "range"] where !listedHeaders.contains(header) {
            unbound.append("the header \(header)")
        }
        if !scheme.coversWholeQuery {
            unbound += operationParameters.filter { !scheme.covers(parameter: $0.nameBytes) }
                .map { "the parameter \($0.name)" }
            unbound.append("further parameters that select no operation")
        }
        return unbound
    }

    private func warnings(expires: Int64?) -> [String] {
        var warnings: [String] = []
        if let expires {
            if now > expires { warnings.append("It has expired.") }
        } else {
            warnings.append("The time until which it is good cannot be read: it is refused.")
        }
        if let startsAt, now < startsAt - Limits.clockSkewSeconds { warnings.append("It is not good yet.") }
        if let seconds = lifetimeText.flatMap({ DecimalNumber.parse($0) }) {
            let isRelative = scheme == .v4URL || scheme == .aws4URL
            if isRelative, !(1...Limits.maximumV4LifetimeSeconds).contains(seconds) {
                warnings.append("Its life is not 1 to 604800 seconds: it is refused.")
            } else if !isRelative, now >= 0, seconds > now, seconds - now > Limits.maximumV4LifetimeSeconds {
                warnings.append("It is good for more than seven days.")
            }
        }
        if !parts.isEncrypted { warnings.append("It goes over plain HTTP, where others can read it and use it.") }
        if isTemporary { warnings.append("It ends with its security token, which may be sooner than it says.") }
        if accessKeyID.isEmpty { warnings.append("It names no access key: it is refused.") }
        if parts.hasFragment { warnings.append("What stands after # is not sent.") }
        if scheme == .v1URL || scheme == .aws2URL {
            warnings.append("Its signature is HMAC-SHA1, and cannot limit the size of an upload.")
        } else if isUpload, !listedHeaders.contains("content-length") {
            warnings.append("It does not limit the size of an upload.")
        }
        if parts.target.contains("callback") { warnings.append("The store calls another server after the upload.") }
        return warnings
    }

    private var isUpload: Bool {
        method.map { ASCII.isEqualIgnoringCase($0, "PUT") || ASCII.isEqualIgnoringCase($0, "POST") } ?? false
    }

    private var curl: String {
        let name = method ?? "METHOD"
        var words = ["curl"]
        if ASCII.isEqualIgnoringCase(name, "HEAD") {
            words.append("-I")
        } else if !ASCII.isEqualIgnoringCase(name, "GET") {
            words += ["-X", Self.quoted(name)]
        }
        // A header that is listed and whose value is not known has to be filled in.
        let unknown = listedHeaders.filter { listed in
            listed != "host" && !headers.contains { $0.isNamed(listed) }
        }
        for header in headers.map({ "\($0.name): \($0.value)" }) + unknown.map({ "\($0): …" }) {
            words += ["-H", Self.quoted(header)]
        }
        if isUpload { words += ["--data-binary", "@FILE"] }
        return words.joined(separator: " ") + " \"$URL\""
    }

    /// A text as one word of a shell; plain ones stay as they are.
    private static func quoted(_ text: String) -> String {
        let isPlain = !text.isEmpty && text.utf8.allSatisfy { ASCII.isLetter($0) || ASCII.isDigit($0) }
        return isPlain ? text : "'" + text.replacing("'", with: "'\\''") + "'"
    }
}
