import OSSClient
import OSSKit
import Testing

extension LoopbackAnswer {
    /// A refusal as OSS words it.
    static func refusal(_ error: OSSError, headers: [(String, String)] = []) -> LoopbackAnswer {
        let document = ErrorDocument.write(error, requestID: "R", hostID: "h")
        return .answer(
            error.code.status,
            headers + [("Content-Type", "application/xml"), ("x-oss-err", ErrorDocument.headerValue(of: document))],
            body: document)
    }
}

extension ReceivedRequest {
    /// The value of a parameter; nil if the request has none of this name.
    func parameter(_ name: String) throws -> String? {
        try RequestTarget(head.uri).query.first { $0.isNamed(name) }?.value
    }

    /// The value of a header field; nil if there is none.
    func header(_ name: String) -> String? {
        head.headers.first(name: name)
    }
}

/// Insists on one kind of error.
func expectError(
    _ wanted: String, sourceLocation: SourceLocation = #_sourceLocation, _ body: () async throws -> Void
) async {
    do {
        try await body()
        Issue.record("no error, wanted \(wanted)", sourceLocation: sourceLocation)
    } catch {
        let found = "\(error)"
        #expect(found.contains(wanted), sourceLocation: sourceLocation)
    }
}
