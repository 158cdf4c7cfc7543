import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import OSSKit

/// Signs requests, sends them, and sends them again where that is worth it.
struct RequestSender: Sendable {
    let configuration: OSSConfiguration
    let credentials: CredentialsProvider
    let surroundings: OSSClient.Surroundings
    let clock: EndpointClock
    let httpClient: HTTPClient
    var additions = RequestAdditions()

    /// Sends a request, and takes in its answer.
    ///
    /// - Parameters:
    ///   - request: the request.
    ///   - bucket: the bucket; nil for the service.
    ///   - accept: reads a successful answer, given the checksum of the bytes that were sent; if it fails for a reason
    ///     that may pass, the request is sent again.
    func send<Answer>(
        _ request: OSSRequest, to bucket: BucketName?,
        accept: (HTTPClientResponse, _ sentCRC64: UInt64) async throws -> Answer
    ) async throws -> Answer {
        var attempt = 1
        return try await send(request, to: bucket, attempt: &attempt, accept: accept)
    }

    /// Sends a request as `send(_:to:accept:)`, and tells also of one that failed how often it was sent.
    func send<Answer>(
        _ request: OSSRequest, to bucket: BucketName?, attempt: inout Int,
        accept: (HTTPClientResponse, _ sentCRC64: UInt64) async throws -> Answer
    ) async throws -> Answer {
        let request = additions.added(to: request)
        attempt = 1
        while true {
            try Task.checkCancellation()
            let failure: any Error
            do {
                let (response, checksum) = try await sendOnce(request, to: bucket)
                return try await accept(response, checksum.value)
            } catch let error as ClockSkew {
                // Nothing was done, so only the body decides.
                failure = error.refusal
                guard error.isRepaired, request.body?.isReplayable ?? true else { throw failure }
            } catch {
                failure = OSSClientError.classify(error)
                guard request.canBeSentAgain, RetryPolicy.mayPass(failure) else { throw failure }
            }
            guard attempt < configuration.retries.maximumAttempts else { throw failure }
            let pause = configuration.retries.pause(afterAttempt: attempt, random: surroundings.random())
            try await surroundings.pause(pause)
            attempt += 1
        }
    }

    /// A refusal for the time of a signature.
    private struct ClockSkew: Error {
        let refusal: ServiceError
        /// Whether the next signature names another time.
        let isRepaired: Bool
    }

    private func sendOnce(
        _ request: OSSRequest, to bucket: BucketName?
    ) async throws -> (HTTPClientResponse, SentChecksum) {
        let signedAt = clock.now
        let checksum = SentChecksum()
        var signed = try await signed(request, bucket, at: signedAt)
        signed.body = request.body?.requestBody(counting: checksum)
        let response: HTTPClientResponse
        do {
            response = try await httpClient.execute(signed, deadline: deadline(of: request))
        } catch {
            throw checksum.failure ?? error
        }
        let status = Int(response.status.code)
        // 203 is a 2xx by number: the object was stored, but the callback of the upload failed.
        if (200...299).contains(status), status != 203 {
            return (response, checksum)
        }
        let body = await Self.errorBody(of: response)
        let refusal = ServiceError(
            status: status, headers: response.headers.map { WireHeader($0.name, $0.value) },
            body: body.readableBytesView)
        if refusal.isForClockSkew {
            let date = response.headers.first(name: "Date").flatMap { HTTPDate.parse($0) }
            let isRepaired = (refusal.serverTimeUnixSeconds ?? date).map {
                clock.repair(endpointTime: $0, signedAt: signedAt)
            }
            throw ClockSkew(refusal: refusal, isRepaired: isRepaired ?? false)
        }
        throw refusal
    }

    /// When the answer has to have begun.
    ///
    /// A long body takes as long as it takes; silence on the connection is what ends it.
    private func deadline(of request: OSSRequest) -> NIODeadline {
        guard request.body?.isSmall ?? true else { return .distantFuture }
        return .now() + TimeAmount(configuration.answerTimeout)
    }

    private func signed(
        _ request: OSSRequest, _ bucket: BucketName?, at time: Int64
    ) async throws -> HTTPClientRequest {
        let resource = SignedResource(bucket: bucket?.text, key: request.key?.bytes)
        let signable = SignableRequest(
            method: request.method, resource: resource, query: request.query, headers: request.headers,
            host: configuration.endpoint.authority(bucket: bucket?.text))
        var headers = request.headers
        if let credentials = try await credentials.current() {
            let signer = RequestSigner(
                credentials: credentials, region: configuration.region, product: configuration.product)
            headers =
                switch configuration.signatures {
                case .v1: signer.signV1(signable, nowUnixSeconds: time)
                case .v4:
                    try signer.signV4(signable, additionalHeaders: request.signedHeaders, nowUnixSeconds: time)
                }
        }
        var signed = HTTPClientRequest(url: configuration.endpoint.url(of: resource, query: request.query))
        signed.method = HTTPMethod(rawValue: request.method)
        signed.headers = HTTPHeaders(headers.map { ($0.name, $0.value) })
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

extension ServiceError {
    /// Whether the endpoint refused the time of a signature.
    ///
    /// Source: oss-wire fact 3, which names both codes.
    var isForClockSkew: Bool {
        isCode(.requestTimeTooSkewed) || ec == "0002-00000212"
    }

    /// The endpoint's time as it stands in the error; nil if it does not.
    var serverTimeUnixSeconds: Int64? {
        fields["ServerTime"].flatMap { ISO8601.parse($0) }.map { $0 / 1_000 }
    }
}
