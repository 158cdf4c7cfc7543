import AsyncHTTPClient
import OSSKit

/// A client of an OSS endpoint as a whole: of what stands above the buckets.
///
/// `bucket(_:)` gives the client of a bucket. Requests are signed and repeated, and errors told, as `OSSClient` does.
public struct OSSService: Sendable {
    private var sender: RequestSender

    /// Makes a client.
    ///
    /// - Parameters:
    ///   - configuration: endpoints, region and limits.
    ///   - credentials: where the access key comes from.
    ///   - httpClient: made with `OSSClient.httpConfiguration(_:)`, and shut down by its maker.
    ///   - surroundings: clock, randomness and pauses.
    public init(
        configuration: OSSConfiguration, credentials: CredentialsProvider, httpClient: HTTPClient,
        surroundings: OSSClient.Surroundings
    ) {
        sender = RequestSender(
            configuration: configuration, credentials: credentials, surroundings: surroundings,
            clock: EndpointClock(nowUnixSeconds: surroundings.nowUnixSeconds), httpClient: httpClient)
    }

    /// Makes a client that uses a shared pool of connections.
    public init(
        configuration: OSSConfiguration, credentials: CredentialsProvider, connections: OSSConnections,
        surroundings: OSSClient.Surroundings
    ) {
        self.init(
            configuration: configuration, credentials: credentials, httpClient: connections.httpClient,
            surroundings: surroundings)
    }

    init(sender: RequestSender) {
        self.sender = sender
    }

    /// What the client works with.
    public var configuration: OSSConfiguration { sender.configuration }

    /// How far the client's clock is from the endpoint's, as far as that is known.
    public var clockCorrection: ClockCorrection { sender.clock.correction }

    /// The client of a bucket, which need not be there; it shares connections and the correction of the clock.
    public func bucket(_ name: BucketName) -> OSSClient {
        OSSClient(bucket: name, sender: sender)
    }

    /// The client with header fields and parameters that each of its requests is to carry, as `OSSClient.adding`.
    public func adding(headers: [WireHeader] = [], query: [QueryItem] = []) -> OSSService {
        var service = self
        service.sender.additions.add(headers: headers, query: query)
        return service
    }

    /// Sends a request of any kind to the service itself; its key is passed over.
    ///
    /// - Throws: `ServiceError` for every status but 200 to 299, and for 203; `OSSClientError`.
    public func send(_ request: OSSRequest) async throws -> OSSResponse {
        try await send(request) { OSSResponse($0) }
    }

    func send<Answer>(
        _ request: OSSRequest, accept: (HTTPClientResponse) async throws -> Answer
    ) async throws -> Answer {
        var request = request
        request.key = nil
        return try await sender.send(request, to: nil) { response, _ in try await accept(response) }
    }

    /// One page of the account's buckets.
    ///
    /// - Parameters:
    ///   - prefix: the prefix of the names.
    ///   - marker: the name after which the page begins; nil for the first page.
    ///   - maxKeys: the most buckets of the page: 1 to 1,000.
    /// - Throws: `ServiceError`; `OSSClientError`.
    public func listBuckets(
        prefix: String = "", marker: String? = nil, maxKeys: Int = 1_000
    ) async throws -> ListAllMyBucketsResult {
        var query = [QueryItem("max-keys", String(maxKeys))]
        if !prefix.isEmpty { query.append(QueryItem("prefix", prefix)) }
        if let marker { query.append(QueryItem("marker", marker)) }
        return try await send(OSSRequest(method: "GET", query: query)) { response in
            try ListAllMyBucketsResult(document: try await response.document())
        }
    }

    /// All of the account's buckets, in the order of their names; pages are fetched as they are needed.
    public func buckets(prefix: String = "") -> PagedSequence<ListAllMyBucketsResult.Bucket> {
        PagedSequence(order: .keys) { marker in
            let page = try await listBuckets(prefix: prefix, marker: marker)
            return (page.buckets, page.page.nextMarker)
        }
    }
}
