/// A request's body as the plan's backend takes it, before any field is looked at.
package enum RequestContent: Sendable {
    /// There is no body, or it is `null`.
    case absent
    /// A JSON text.
    case json(JSONDocument)
    /// A body that does not call itself JSON.
    case text(String)

    /// Reads a body.
    ///
    /// A body without `Content-Type` is taken for JSON.
    /// - Throws: one `json_invalid` row.
    package init(bytes: [UInt8], contentType: String?) throws(RequestFault) {
        guard !bytes.isEmpty else {
            self = .absent
            return
        }
        guard Self.isJSON(contentType) else {
            self = .text(String(decoding: bytes, as: UTF8.self))
            return
        }
        do {
            let document = try JSONDocument(bytes)
            self = document.root.kind == .null ? .absent : .json(document)
        } catch {
            throw .invalid([
                ValidationIssue(
                    "json_invalid", at: [.name("body"), .offset(error.offset)], message: "JSON decode error",
                    input: .object([]), context: [("error", .string(error.reason.rawValue))])
            ])
        }
    }

    /// Whether U+0000 or a lone surrogate in the body was replaced by U+FFFD.
    package var isSanitized: Bool {
        if case .json(let document) = self { document.isSanitized } else { false }
    }

    private static func isJSON(_ contentType: String?) -> Bool {
        guard let contentType, !contentType.isEmpty else { return true }
        let type = contentType.prefix { $0 != ";" }.lowercased().filter { $0 != " " && $0 != "\t" }
        return type.hasPrefix("application/") && (type == "application/json" || type.hasSuffix("+json"))
    }
}
