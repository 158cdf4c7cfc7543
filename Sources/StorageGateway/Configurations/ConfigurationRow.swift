import OSSKit
import ObjectStore

/// A configuration that one sub-resource sets, tells and removes: a row of the table from which its operations are made.
///
/// A document is checked when it comes, and kept as it is told later: what it says, in the form in which OSS writes it.
struct ConfigurationRow: Sendable {
    /// What is told of a bucket that says nothing.
    enum Unset: Sendable {
        /// A refusal.
        case refusal(OSSErrorCode)
        /// A document.
        case document(String)
    }

    /// Which operations there are.
    enum Operations: Sendable {
        /// PUT and GET.
        case set
        /// PUT, GET and DELETE.
        case setAndRemove
        /// GET and DELETE; what sets it has a file of its own.
        case remove
    }

    /// The name of the configuration in the names of its operations, such as `BucketCors`.
    let name: String
    /// What the store calls it.
    let kind: ConfigurationKind
    /// The parameters that select it.
    let selectors: [String]
    /// What is told if it is not set.
    let unset: Unset
    /// Which operations there are.
    var operations = Operations.setAndRemove
    /// Whether something here acts upon it; else it is kept and told.
    var isInForce = false
    /// The type of the document.
    var contentType = "application/xml"
    /// Checks a document that came, and gives the one to keep.
    let accept: @Sendable (OSSCall, BucketRecord, [UInt8]) async throws -> String

    /// Makes the row of a document that has a type.
    ///
    /// - Parameter check: Refuses what the document's type does not, and completes the document.
    init<Document: BucketDocument>(
        _ name: String, _ kind: ConfigurationKind, _ type: Document.Type, unset: Unset,
        check: @escaping @Sendable (Document, OSSCall, BucketRecord) async throws -> Document = { document, _, _ in
            document
        }
    ) {
        self.init(name, kind, selectors: [Document.subresource], unset: unset) { call, bucket, bytes in
            try await check(try Document(document: bytes), call, bucket).write()
        }
    }

    /// Makes the row of a document that is kept as it stands.
    init(_ name: String, _ kind: ConfigurationKind, _ shape: DocumentShape, selectors: [String], unset: Unset) {
        self.init(name, kind, selectors: selectors, unset: unset) { _, _, bytes in try shape.read(bytes).document() }
    }

    /// Makes the row of any document.
    init(
        _ name: String, _ kind: ConfigurationKind, selectors: [String], unset: Unset,
        accept: @escaping @Sendable (OSSCall, BucketRecord, [UInt8]) async throws -> String
    ) {
        self.name = name
        self.kind = kind
        self.selectors = selectors
        self.unset = unset
        self.accept = accept
    }

    /// The row with other operations.
    func with(_ operations: Operations) -> ConfigurationRow {
        var row = self
        row.operations = operations
        return row
    }

    /// The row of a configuration upon which something here acts.
    var inForce: ConfigurationRow {
        var row = self
        row.isInForce = true
        return row
    }

    /// The rows of the operation table.
    var operationRows: [Operation] {
        var rows = [Operation("Get" + name, "GET", .bucket, selectors: selectors) { try await tell($0) }]
        if operations != .remove {
            rows.append(Operation("Put" + name, "PUT", .bucket, selectors: selectors) { try await set($0) })
        }
        if operations != .set {
            rows.append(Operation("Delete" + name, "DELETE", .bucket, selectors: selectors) { try await remove($0) })
        }
        return rows
    }

    private func set(_ call: OSSCall) async throws -> OSSAnswer {
        let bucket = try await call.bucket()
        let document = try await accept(call, bucket, try await RequestBodyReader.document(of: call) ?? [])
        try await call.store.setConfiguration(kind, of: bucket, to: Array(document.utf8))
        return OSSAnswer()
    }

    private func tell(_ call: OSSCall) async throws -> OSSAnswer {
        let bucket = try await call.bucket()
        if let stored = try await call.store.configuration(kind, of: bucket) {
            return answer(String(decoding: stored.bytes, as: UTF8.self))
        }
        switch unset {
        case .document(let document): return answer(document)
        case .refusal(let code): throw OSSError(code, fields: [("BucketName", bucket.name.text)])
        }
    }

    private func answer(_ document: String) -> OSSAnswer {
        OSSAnswer(document: document, contentType: contentType)
    }

    private func remove(_ call: OSSCall) async throws -> OSSAnswer {
        try await call.store.removeConfiguration(kind, of: call.bucket())
        return OSSAnswer(status: 204)
    }
}
