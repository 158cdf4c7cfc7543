import OSSKit

/// What a request is about: the service, a bucket, or an object.
package enum ResourceLevel: String, Sendable {
    case service = "Service"
    case bucket = "Bucket"
    case object = "Object"
}

/// One row of the operation table.
struct Operation: Sendable {
    /// OSS's name of the operation.
    let name: String
    /// The HTTP method.
    let method: String
    /// What the operation acts on.
    let level: ResourceLevel
    /// Parameters that select the operation; all of them must be there.
    let selectors: [String]
    /// A header that selects the operation; nil if none does.
    let selectingHeader: String?
    /// Reserved parameters that the operation understands beside its selectors.
    let parameters: Set<String>
    /// Whether the answer takes so little to compute that other connections can wait for it.
    ///
    /// What reads or writes a document of many lines, or moves bytes with no client to slow it down, is not.
    let isQuick: Bool
    /// Does the work.
    let answer: @Sendable (OSSCall) async throws -> OSSAnswer

    init(
        _ name: String, _ method: String, _ level: ResourceLevel, selectors: [String] = [], header: String? = nil,
        parameters: Set<String> = [], isQuick: Bool = false,
        answer: @escaping @Sendable (OSSCall) async throws -> OSSAnswer
    ) {
        self.name = name
        self.method = method
        self.level = level
        self.selectors = selectors
        self.selectingHeader = header
        self.parameters = parameters
        self.isQuick = isQuick
        self.answer = answer
    }

    /// How specific the row is; of several that match, the most specific one is meant.
    var specificity: Int { selectors.count + (selectingHeader == nil ? 0 : 1) }

    /// Whether a request asks for this operation, other parameters aside.
    func matches(method: String, level: ResourceLevel, request: WireRequest) -> Bool {
        guard self.method == method, self.level == level else { return false }
        guard selectors.allSatisfy({ request.target.contains($0) }) else { return false }
        return selectingHeader.map { request.header($0) != nil } ?? true
    }
}
