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
    /// Parameters that select the operation; all of them must be there, and one such as `comp=add` with that value.
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
        parsedSelectors = selectors.map(Selector.init)
    }

    private let parsedSelectors: [Selector]

    /// A parameter that selects an operation.
    private struct Selector: Sendable {
        let name: String
        /// The value that it must have; nil for any.
        let value: String?

        init(_ text: String) {
            let parts = text.split(separator: "=", maxSplits: 1)
            name = parts.first.map(String.init) ?? text
            value = parts.count == 2 ? String(parts[1]) : nil
        }

        func isMet(by target: RequestTarget) -> Bool {
            guard let item = target.first(name) else { return false }
            return value.map { $0.utf8.elementsEqual(item.valueBytes ?? []) } ?? true
        }
    }

    /// The right that it needs.
    var access: OperationAccess { OperationAccess.of(name) }

    /// How specific the row is; of several that match, the most specific one is meant.
    var specificity: Int { selectors.count + (selectingHeader == nil ? 0 : 1) }

    /// Whether a request asks for this operation, other parameters aside.
    func matches(method: String, level: ResourceLevel, request: WireRequest) -> Bool {
        guard self.method == method, self.level == level else { return false }
        guard parsedSelectors.allSatisfy({ $0.isMet(by: request.target) }) else { return false }
        return selectingHeader.map { request.header($0) != nil } ?? true
    }

    /// Whether a parameter means something to this operation.
    func understands(_ item: QueryItem) -> Bool {
        parsedSelectors.contains { item.isNamed($0.name) } || parameters.contains { item.isNamed($0) }
    }
}
