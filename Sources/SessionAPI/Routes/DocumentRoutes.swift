import HTTPTypes
import OSSKit
import SessionModels

/// The endpoints of the memory and the report by themselves, and of their older contents.
///
/// Source: session-api.md 4.7.
struct DocumentRoutes: Sendable {
    /// Where everything is kept.
    let store: SessionStore

    /// One line for each route.
    var routes: [Route] {
        let small = SessionLimits.smallBodyBytes
        return [
            .session(.get, "/v1/sessions/{session_id}/memory") { try await show(.memory, $0) },
            .session(.get, "/v1/sessions/{session_id}/report") { try await show(.report, $0) },
            .get("/v1/sessions/{session_id}/memory/versions", .user) { try await versions(.memory, $0) },
            .get("/v1/sessions/{session_id}/report/versions", .user) { try await versions(.report, $0) },
            .get("/v1/sessions/{session_id}/memory/versions/{version}", .user) { try await version(.memory, $0) },
            .get("/v1/sessions/{session_id}/report/versions/{version}", .user) { try await version(.report, $0) },
            .user(.post, "/v1/sessions/{session_id}/memory/versions/{version}/restore", bodyLimit: small) {
                try await restore(.memory, $0)
            },
            .user(.post, "/v1/sessions/{session_id}/report/versions/{version}/restore", bodyLimit: small) {
                try await restore(.report, $0)
            },
        ]
    }

    private func show(_ kind: DocumentKind, _ call: Call) async throws -> Reply {
        let document = try await store.document(kind, of: call.session(), call.user())
        return Reply.unless(call.precondition, document.etag, sequence: document.sequence) {
            .object(Self.members(kind, document))
        }
    }

    private func versions(_ kind: DocumentKind, _ call: Call) async throws -> Reply {
        let (versions, session) = try await store.versions(of: kind, in: call.session(), call.user())
        return Reply.unless(call.precondition, session.etag, sequence: session.sequence) {
            .object([("versions", .array(versions.map(Self.json(of:))))])
        }
    }

    private func version(_ kind: DocumentKind, _ call: Call) async throws -> Reply {
        let document = try await store.version(number(of: call), of: kind, in: call.session(), call.user())
        return Reply.unless(call.precondition, document.etag, sequence: document.sequence) {
            .object(Self.members(kind, document))
        }
    }

    private func restore(_ kind: DocumentKind, _ call: Call) async throws -> Reply {
        let outcome = try await store.restoreVersion(
            number(of: call), of: kind, in: call.session(), if: call.precondition, by: call.author())
        let document = outcome.first.stored
        return Reply(.ok, .object(Self.members(kind, document)))
            .with(sequence: outcome.session.sequence, etag: document.etag)
    }

    private func number(of call: Call) throws(APIProblem) -> Int64 {
        guard let number = call.decodedPart(1).flatMap({ DecimalNumber.parse($0) }) else { throw .notFound }
        return number
    }

    private static func members(_ kind: DocumentKind, _ document: DocumentRecord) -> [(String, JSONOutput)] {
        let content: (String, JSONOutput) =
            kind == .report
            ? ("report_md", .string(document.body)) : ("memory_json", .verbatim(Array(document.body.utf8)))
        return [content] + document.members
    }

    private static func json(of version: DocumentVersion) -> JSONOutput {
        .object([
            ("version", .integer(version.number)), ("as_of_turn", .optional(version.asOfTurn)),
            ("device_id", .optional(version.deviceID)), ("updated_at", .time(version.updatedAtMicroseconds)),
            ("hash", .string(version.hash.hexadecimal)),
        ])
    }
}
