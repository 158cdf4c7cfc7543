import OSSKit
import SessionModels

/// Why a line of standard input cannot be answered.
struct LineProblem: Error {
    let message: String
}

/// Reads the values that lines of `verify` and `presign-lines` hold, which both call by the same names.
enum LineFields {
    /// A text that has to be there.
    static func text(_ value: JSONValue?, _ name: String) throws(LineProblem) -> String {
        guard let text = value?.string else { throw LineProblem(message: "\(name) is not a text.") }
        return text
    }

    /// A text; nil if it is missing or null.
    static func optionalText(_ value: JSONValue?, _ name: String) throws(LineProblem) -> String? {
        guard let value, value.kind != .null else { return nil }
        return try text(value, name)
    }

    /// A whole number that has to be there.
    static func integer(_ value: JSONValue?, _ name: String) throws(LineProblem) -> Int64 {
        let text = value.map { String(decoding: $0.compact, as: UTF8.self) } ?? ""
        let isNegative = text.utf8.first == UInt8(ascii: "-")
        guard value?.kind == .number, let number = DecimalNumber.parse(isNegative ? text.dropFirst() : text[...])
        else { throw LineProblem(message: "\(name) is not a whole number of at most 18 digits.") }
        return isNegative ? -number : number
    }

    /// A list of pairs of texts, such as header fields.
    static func pairs(_ value: JSONValue?, _ name: String) throws(LineProblem) -> [(String, String)] {
        guard let elements = value?.elements else { throw LineProblem(message: "\(name) is not a list.") }
        var pairs: [(String, String)] = []
        for element in elements {
            guard let texts = element.elements?.map(\.string), texts.count == 2, let first = texts[0],
                let second = texts[1]
            else { throw LineProblem(message: "\(name) holds something that is not a pair of texts.") }
            pairs.append((first, second))
        }
        return pairs
    }

    /// One access key, or a list of them.
    static func credentials(_ value: JSONValue?) throws(LineProblem) -> [Credentials] {
        guard let value else { throw LineProblem(message: "credentials is missing.") }
        var credentials: [Credentials] = []
        for element in value.elements ?? [value] {
            let token = try optionalText(element.last("securityToken"), "credentials.securityToken")
            credentials.append(
                Credentials(
                    accessKeyID: try text(element.last("accessKeyId"), "credentials.accessKeyId"),
                    accessKeySecret: Secret(
                        try text(element.last("accessKeySecret"), "credentials.accessKeySecret")),
                    securityToken: token.map { Secret($0) }))
        }
        return credentials
    }
}
