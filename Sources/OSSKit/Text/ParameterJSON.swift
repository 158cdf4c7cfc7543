import FoundationEssentials

/// What a JSON document can hold that came as a parameter: a policy, a callback, or the answer to one.
enum ParameterJSON: Decodable {
    case object([String: ParameterJSON])
    case list([ParameterJSON])
    case text(String)
    case number(Int64)
    case other

    /// Reads a document; nil if it is none.
    init?(_ document: [UInt8]) {
        guard let value = try? JSONDecoder().decode(ParameterJSON.self, from: Data(document)) else { return nil }
        self = value
    }

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let text = try? container.decode(String.self) {
            self = .text(text)
        } else if let number = try? container.decode(Int64.self) {
            self = .number(number)
        } else if let list = try? container.decode([ParameterJSON].self) {
            self = .list(list)
        } else if let object = try? container.decode([String: ParameterJSON].self) {
            self = .object(object)
        } else {
            self = .other
        }
    }
}
