import CommandKit
import OSSKit
import SessionModels

/// A line that `presign-lines` was given: what a URL is to allow, and who signs it.
struct PresignLine {
    private let method: String
    private let endpoint: String
    private let style: Endpoint.Style?
    private let bucket: String
    private let key: String?
    private let query: [QueryItem]
    private let headers: [WireHeader]
    private let credentials: Credentials
    private let region: String
    private let product: String
    private let scheme: SignatureScheme
    private let lifetimeSeconds: Int64
    private let nowUnixSeconds: Int64

    /// Reads a line.
    init(_ root: JSONValue) throws(LineProblem) {
        method = try LineFields.text(root.last("method"), "method")
        endpoint = try LineFields.text(root.last("endpoint"), "endpoint")
        style = try Self.style(root.last("addressing"))
        bucket = try LineFields.text(root.last("bucket"), "bucket")
        key = try LineFields.optionalText(root.last("key"), "key")
        query =
            try root.last("query").map { (value) throws(LineProblem) in
                try LineFields.pairs(value, "query").map { QueryItem($0.0, $0.1.isEmpty ? nil : $0.1) }
            } ?? []
        headers =
            try root.last("headers").map { (value) throws(LineProblem) in
                try LineFields.pairs(value, "headers").map { WireHeader($0.0, $0.1) }
            } ?? []
        guard let first = try LineFields.credentials(root.last("credentials")).first else {
            throw LineProblem(message: "credentials is empty.")
        }
        credentials = first
        region = try LineFields.text(root.last("region"), "region")
        product = try LineFields.optionalText(root.last("product"), "product") ?? "oss"
        scheme = try Self.scheme(root.last("signature"))
        lifetimeSeconds = try LineFields.integer(root.last("expires")?.last("seconds"), "expires.seconds")
        nowUnixSeconds = try LineFields.integer(root.last("time")?.last("unix"), "time.unix")
    }

    /// The members of the answer, in the order in which they are written.
    var answer: [(String, JSONOutput)] {
        do {
            let presigned = try presigned()
            return [
                ("ok", true), ("method", .string(presigned.method)), ("url", .string(presigned.url)),
                ("headers", .array(presigned.requiredHeaders.map { [.string($0.name), .string($0.value)] })),
                ("expiresUnix", .integer(presigned.expiresAtUnixSeconds)),
            ]
        } catch let error as OSSError {
            return [("ok", false), ("code", .string(error.code.rawValue)), ("message", .string(error.message))]
        } catch let error as SigningError {
            return [("ok", false), ("code", "SigningError"), ("message", .string(FailureReport.sentence(error)))]
        } catch {
            return [("ok", false), ("code", "SigningError"), ("message", "The URL cannot be made.")]
        }
    }

    private func presigned() throws -> PresignedURL {
        let request = Presigner.Request(
            method: method, bucket: try BucketName(bucket), key: try key.map { try ObjectKey($0) }, query: query,
            headers: headers)
        let presigner = Presigner(
            endpoint: try Endpoint(endpoint, style: style), region: region, credentials: credentials,
            product: product)
        return scheme == .v1URL
            ? try presigner.presignV1(request, lifetimeSeconds: lifetimeSeconds, nowUnixSeconds: nowUnixSeconds)
            : try presigner.presignV4(request, lifetimeSeconds: lifetimeSeconds, nowUnixSeconds: nowUnixSeconds)
    }

    private static func style(_ value: JSONValue?) throws(LineProblem) -> Endpoint.Style? {
        guard let text = try LineFields.optionalText(value, "addressing") else { return nil }
        guard let style = Endpoint.Style(rawValue: text) else {
            throw LineProblem(message: "addressing is neither virtual-host nor path nor cname.")
        }
        return style
    }

    private static func scheme(_ value: JSONValue?) throws(LineProblem) -> SignatureScheme {
        switch try LineFields.optionalText(value, "signature") {
        case nil, "v4-url"?: return .v4URL
        case "v1-url"?: return .v1URL
        default: throw LineProblem(message: "signature is neither v4-url nor v1-url.")
        }
    }
}
