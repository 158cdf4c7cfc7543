import FoundationEssentials

/// The error that some OSS services answer in JSON: the same fields, inside `Error`.
///
/// Source: oss-wire fact 6.
enum ErrorJSON {
    /// The longest document that is read, in bytes.
    private static let maximumBytes = 65_536

    private struct Document: Decodable {
        let fields: [String: String]

        enum CodingKeys: String, CodingKey {
            case fields = "Error"
        }
    }

    /// The fields of a document; nil if it is none.
    static func fields(_ document: [UInt8]) -> [String: String]? {
        guard document.count <= maximumBytes else { return nil }
        return try? JSONDecoder().decode(Document.self, from: Data(document)).fields
    }
}
