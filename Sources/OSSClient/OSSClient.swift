import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import OSSKit

/// A client of one bucket at an OSS endpoint: Alibaba Cloud's or ours.
///
/// Requests are signed by V4 in the header. What is safe to repeat is repeated, with pauses, when the endpoint is
/// overloaded or out of reach; a clock that is off is set by the endpoint's. Errors are `ServiceError` where the
/// endpoint answered, and `OSSClientError` where it did not or where its answer cannot be right; what a
/// `CredentialsProvider` throws, what a body throws while it is read, and `CancellationError` pass through.
///
/// A client is a value: copies share the connections and the correction of the clock. `OSSService` is the client of
/// what stands above the buckets.
public struct OSSClient: Sendable {
    /// What the client works with.
    public let configuration: Configuration
    private(set) var sender: RequestSender

    /// Makes a client.
    ///
    /// - Parameters:
    ///   - configuration: endpoints, region, bucket and limits.
    ///   - credentials: where the access key comes from.
    ///   - httpClient: made with `httpConfiguration(_:)`, and shut down by its maker.
    ///   - surroundings: clock, randomness and pauses.
    public init(
        configuration: Configuration, credentials: CredentialsProvider, httpClient: HTTPClient,
        surroundings: Surroundings
    ) {
        self.configuration = configuration
        sender = RequestSender(
            configuration: configuration.store, credentials: credentials, surroundings: surroundings,
            clock: EndpointClock(nowUnixSeconds: surroundings.nowUnixSeconds), httpClient: httpClient)
    }

    /// Makes a client of a bucket that shares what the client of a service has.
    init(bucket: BucketName, sender: RequestSender) {
        configuration = Configuration(store: sender.configuration, bucket: bucket)
        self.sender = sender
    }

    /// The client of the service that the bucket belongs to; it shares connections and the correction of the clock.
    public var service: OSSService { OSSService(sender: sender) }

    /// How the HTTP client of an `OSSClient` has to be set up.
    ///
    /// It follows no redirects, since a signature is for one host, and it decompresses nothing, since checksums are of
    /// the bytes as they are stored. A connection that is refused fails at once: the client itself tries again.
    ///
    /// - Parameters:
    ///   - timeouts: how long the parts of an exchange may take.
    ///   - maximumConnections: the most connections to one host. A request beyond them waits for one as long as a
    ///     connection may take to be made, and then fails: so there should be more than requests at the same time.
    public static func httpConfiguration(
        _ timeouts: Timeouts = Timeouts(), maximumConnections: Int = 256
    ) -> HTTPClient.Configuration {
        // The HTTP client's own timeouts for silence would end what waits for a slow source or a slow reader.
        var configuration = HTTPClient.Configuration(
            redirectConfiguration: .disallow, timeout: .init(connect: TimeAmount(timeouts.connect)),
            decompression: .disabled)
        let idle = TimeAmount(timeouts.idle)
        configuration.http1_1ConnectionDebugInitializer = { SilenceWatch.add(to: $0, longest: idle) }
        // OSS speaks nothing newer, and the watch is for connections that carry one exchange at a time.
        configuration.httpVersion = .http1Only
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = max(maximumConnections, 1)
        configuration.connectionPool.retryConnectionEstablishment = false
        return configuration
    }

    /// How far the client's clock is from the endpoint's, as far as that is known.
    public var clockCorrection: ClockCorrection { sender.clock.correction }

    /// The client with header fields and parameters that each of its requests is to carry.
    ///
    /// So every call can be given what its own options do not name, such as
    /// `client.adding(headers: [WireHeader("x-oss-request-payer", "requester")]).headObject(key)`. They are covered by
    /// the signature, and take the place of what a call would have sent under the same name.
    public func adding(headers: [WireHeader] = [], query: [QueryItem] = []) -> OSSClient {
        var client = self
        client.sender.additions.add(headers: headers, query: query)
        return client
    }

    /// Sends a request of any kind, again where that is worth it, and gives its answer as it stands.
    ///
    /// Once the body of the answer has begun, nothing is repeated.
    ///
    /// - Throws: `ServiceError` for every status but 200 to 299, and for 203; `OSSClientError`.
    public func send(_ request: OSSRequest) async throws -> OSSResponse {
        try await send(request) { OSSResponse($0) }
    }

    /// Sends a request and takes in its answer; if that fails for a reason that may pass, the request is sent again.
    func send<Answer>(
        _ request: OSSRequest, accept: (HTTPClientResponse) async throws -> Answer
    ) async throws -> Answer {
        try await sender.send(request, to: configuration.bucket) { response, _ in try await accept(response) }
    }

    /// Sends a request as `send(_:accept:)`, for calls that compare the checksum of what was sent.
    func upload<Answer>(
        _ request: OSSRequest, accept: (HTTPClientResponse, _ sentCRC64: UInt64) async throws -> Answer
    ) async throws -> Answer {
        try await sender.send(request, to: configuration.bucket, accept: accept)
    }
}

extension OSSResponse {
    init(_ response: HTTPClientResponse) {
        status = Int(response.status.code)
        headers = response.headers.map { WireHeader($0.name, $0.value) }
        body = ObjectBody(response.body, crc64: nil)
    }
}

extension HTTPClientResponse {
    /// The body of an answer that is a document.
    func document() async throws -> ByteBufferView {
        try await body.collect(upTo: Limits.maximumXMLBytes).readableBytesView
    }
}
