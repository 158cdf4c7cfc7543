import NIOCore
import OSSKit

/// A request to a bucket, to an object in it, or to the service, before it is signed.
///
/// With `OSSClient.send(_:)` it asks for whatever has no method of its own. A parameter without a value selects an
/// operation: `OSSRequest(method: "GET", query: [QueryItem("cors")])`.
public struct OSSRequest: Sendable {
    /// The method, such as `GET`.
    public var method: String
    /// The key; nil for a request to the bucket itself.
    public var key: ObjectKey?
    /// The parameters, not encoded.
    public var query: [QueryItem]
    /// The header fields; those of the signature are added when the request is sent.
    public var headers: [WireHeader]
    /// The body; nil for a request without one.
    public var body: UploadBody?
    /// Whether doing it twice is the same as doing it once, so that it is sent again when its answer was lost.
    ///
    /// At first it is true for every method but `POST`. A body that can be read only once is never sent again.
    public var isRepeatable: Bool
    /// The names of headers that a V4 signature is to cover besides `Content-Type`, `Content-MD5` and `x-oss-*`.
    public var signedHeaders: [String] = []

    /// Makes a request.
    public init(
        method: String, key: ObjectKey? = nil, query: [QueryItem] = [], headers: [WireHeader] = [],
        body: UploadBody? = nil
    ) {
        self.method = method
        self.key = key
        self.query = query
        self.headers = headers
        self.body = body
        isRepeatable = method != "POST"
    }

    /// Whether nothing is lost by sending the request again.
    var canBeSentAgain: Bool {
        isRepeatable && body?.isReplayable ?? true
    }
}

/// What is added to every request of a client: `OSSClient.adding(headers:query:)`.
struct RequestAdditions: Sendable {
    var headers: [WireHeader] = []
    var query: [QueryItem] = []

    /// Takes further ones; what is there under the same name gives way.
    mutating func add(headers: [WireHeader], query: [QueryItem]) {
        self.headers = Self.joined(self.headers, headers)
        self.query = Self.joined(self.query, query)
    }

    /// The request with the additions; what it holds itself under the same name gives way.
    func added(to request: OSSRequest) -> OSSRequest {
        var request = request
        request.headers = Self.joined(request.headers, headers)
        request.query = Self.joined(request.query, query)
        return request
    }

    private static func joined(_ first: [WireHeader], _ second: [WireHeader]) -> [WireHeader] {
        first.filter { header in !second.contains { $0.isNamed(header.name) } } + second
    }

    private static func joined(_ first: [QueryItem], _ second: [QueryItem]) -> [QueryItem] {
        first.filter { item in !second.contains { $0.nameBytes == item.nameBytes } } + second
    }
}

/// A successful answer, its body still on its way.
public struct OSSResponse: Sendable {
    /// The HTTP status.
    public let status: Int
    /// The header fields in the order in which they came.
    public let headers: [WireHeader]
    /// The body; it is read to its end or dropped.
    public let body: ObjectBody

    /// The value of the first header field of this name; nil if there is none.
    public func header(_ name: String) -> String? {
        headers.first { $0.isNamed(name) }?.value
    }

    /// The ID that the endpoint gave to the request; nil if it gave none.
    public var requestID: String? { header("x-oss-request-id") }
}
