import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import OSSKit

/// A client of one bucket at an OSS endpoint: Alibaba Cloud's or ours.
///
/// Requests are signed by V4 in the header. What is safe to repeat is repeated, with pauses, when the endpoint is
/// overloaded or out of reach; every operation here is. Errors are `ServiceError` where the endpoint answered, and
/// `OSSClientError` where it did not or where its answer cannot be right.
public struct OSSClient: Sendable {
    /// What the client works with.
    public let configuration: Configuration
    let credentials: CredentialsProvider
    let surroundings: Surroundings
    private let httpClient: HTTPClient

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
        self.credentials = credentials
        self.httpClient = httpClient
        self.surroundings = surroundings
    }

    /// How the HTTP client of an `OSSClient` has to be set up.
    ///
    /// It follows no redirects, since a signature is for one host, and it decompresses nothing, since checksums are of
    /// the bytes as they are stored. A connection that is refused fails at once: the client itself tries again.
    public static func httpConfiguration(_ timeouts: Timeouts = Timeouts()) -> HTTPClient.Configuration {
        var configuration = HTTPClient.Configuration(
            redirectConfiguration: .disallow,
            timeout: .init(
                connect: TimeAmount(timeouts.connect), read: TimeAmount(timeouts.idle),
                write: TimeAmount(timeouts.idle)),
            decompression: .disabled)
        configuration.connectionPool.retryConnectionEstablishment = false
        return configuration
    }

    /// A request to the bucket or to an object in it, before it is signed.
    struct Request {
        let method: String
        var key: ObjectKey?
        var query: [QueryItem] = []
        var headers: [WireHeader] = []
        var body: ByteBuffer?
    }

    /// Sends a request, again where that is worth it, and takes in its answer.
    ///
    /// - Parameters:
    ///   - request: a request that may be sent more than once.
    ///   - accept: reads a successful answer; if it fails for a reason that may pass, the request is sent again.
    func send<Answer>(
        _ request: Request, accept: (HTTPClientResponse) async throws -> Answer
    ) async throws -> Answer {
        var attempt = 1
        while true {
            do {
                return try await accept(try await sendOnce(request))
            } catch {
                let failure = OSSClientError.classify(error)
                guard attempt < configuration.retries.maximumAttempts, RetryPolicy.mayPass(failure) else {
                    throw failure
                }
            }
            let pause = configuration.retries.pause(afterAttempt: attempt, random: surroundings.random())
            try await surroundings.pause(pause)
            attempt += 1
        }
    }

    private func sendOnce(_ request: Request) async throws -> HTTPClientResponse {
        let response = try await httpClient.execute(
            try await signed(request), timeout: TimeAmount(configuration.answerTimeout))
        let status = Int(response.status.code)
        // 203 is a 2xx by number: the object was stored, but the callback of the upload failed.
        if (200...299).contains(status), status != 203 {
            return response
        }
        let headers = response.headers.map { WireHeader($0.name, $0.value) }
        let body = await Self.errorBody(of: response)
        throw ServiceError(status: status, headers: headers, body: body.readableBytesView)
    }

    private func signed(_ request: Request) async throws -> HTTPClientRequest {
        let resource = SignedResource(bucket: configuration.bucket.text, key: request.key?.bytes)
        let signer = RequestSigner(credentials: try await credentials.current(), region: configuration.region)
        let headers = try signer.signV4(
            SignableRequest(
                method: request.method, resource: resource, query: request.query, headers: request.headers),
            nowUnixSeconds: surroundings.nowUnixSeconds())
        var signed = HTTPClientRequest(url: configuration.endpoint.url(of: resource, query: request.query))
        signed.method = HTTPMethod(rawValue: request.method)
        signed.headers = HTTPHeaders(headers.map { ($0.name, $0.value) })
        signed.body = request.body.map { .bytes($0) }
        return signed
    }

    /// As much of an error's body as is read; nothing if it does not come, since the status says enough.
    private static func errorBody(of response: HTTPClientResponse) async -> ByteBuffer {
        var body = ByteBuffer()
        do {
            for try await piece in response.body {
                body.writeImmutableBuffer(piece)
                guard body.readableBytes < maximumErrorBytes else { break }
            }
        } catch {
            return body
        }
        return body
    }

    /// The most that is read of an error's body, in bytes.
    private static let maximumErrorBytes = 65_536
}
