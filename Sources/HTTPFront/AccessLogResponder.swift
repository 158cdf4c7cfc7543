import HTTPTypes
import Hummingbird
import Logging

/// Writes one line for each request: operation, method, path without its query, status, bytes announced and time spent.
package struct AccessLogResponder<Inner: HTTPResponder>: HTTPResponder {
    /// The context of the responder within.
    package typealias Context = Inner.Context

    private let inner: Inner
    private let logger: Logger
    private let requestIDHeader: HTTPField.Name?

    /// Wraps a responder.
    ///
    /// - Parameters:
    ///   - inner: The responder that answers.
    ///   - requestIDHeader: The response header that carries the request id, such as `x-oss-request-id`.
    ///   - logger: Where the lines go, at `info`.
    package init(_ inner: Inner, requestIDHeader: String, logger: Logger) {
        self.inner = inner
        self.logger = logger
        self.requestIDHeader = HTTPField.Name(requestIDHeader)
    }

    package func respond(to request: Request, context: Inner.Context) async throws -> Response {
        let start = ContinuousClock.now
        let response = try await inner.respond(to: request, context: context)
        guard logger.logLevel <= .info else { return response }
        let spent = ContinuousClock.now - start
        let operation = (context as? any TracedContext)?.trace.operation
        logger.info(
            "request",
            metadata: [
                "operation": "\(operation ?? "-")",
                "request.id": "\(requestIDHeader.flatMap { response.headers[$0] } ?? "-")",
                "http.method": "\(request.method.rawValue)",
                "http.path": "\(Self.pathForLog(request.head.path ?? ""))",
                "http.status": "\(response.status.code)",
                "http.response_bytes": "\(response.headers[.contentLength] ?? "-")",
                "duration_ms": "\(spent / .milliseconds(1))",
            ])
        return response
    }

    /// The path as it came, still percent-encoded, without the query, which may hold a signature; at most 512 bytes.
    private static func pathForLog(_ target: String) -> String {
        let path = target.utf8.prefix { $0 != UInt8(ascii: "?") }.prefix(512)
        return String(decoding: path, as: UTF8.self)
    }
}
