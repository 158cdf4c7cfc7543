import FoundationEssentials

extension PostPolicy {
    /// Reads the `policy` field of a form.
    ///
    /// - Throws: `InvalidPolicyDocument`, with the EC that names what is wrong.
    public init(base64 field: String) throws(OSSError) {
        guard field.utf8.count <= Limits.maximumPolicyBytes else { throw Self.invalid("the policy is too long") }
        guard let bytes = Base64.decode(field), String(validating: bytes, as: UTF8.self) != nil else {
            throw Self.invalid("the policy is not UTF-8 in base64")
        }
        try self.init(json: bytes)
    }

    /// Reads a policy that is decoded already.
    init(json: [UInt8]) throws(OSSError) {
        guard case .object(let root) = ParameterJSON(Self.withoutEscapedDollars(json)) else {
            throw Self.invalid("Invalid JSON: the policy is not an object")
        }
        guard case .text(let expiration)? = root["expiration"], let milliseconds = ISO8601.parse(expiration) else {
            throw Self.invalid("the expiration is missing or no date")
        }
        guard let entries = root["conditions"] else { throw Self.invalid("no conditions", ec: "0006-00000207") }
        guard case .list(let list) = entries else {
            throw Self.invalid("the conditions are not an array", ec: "0006-00000214")
        }
        guard !list.isEmpty else { throw Self.invalid("the conditions are empty", ec: "0006-00000215") }
        guard list.count <= Limits.maximumPolicyConditions else { throw Self.invalid("too many conditions") }
        var conditions: [Condition] = []
        for entry in list {
            conditions += try Self.conditions(entry)
        }
        self.init(
            expiresAtUnixSeconds: milliseconds / 1_000 - (milliseconds % 1_000 < 0 ? 1 : 0), conditions: conditions)
    }

    private static func conditions(_ entry: ParameterJSON) throws(OSSError) -> [Condition] {
        switch entry {
        case .object(let pairs):
            var conditions: [Condition] = []
            for (name, value) in pairs.sorted(by: { $0.key < $1.key }) {
                conditions.append(.equals(field: try field(name), value: try text(value)))
            }
            guard !conditions.isEmpty else { throw invalid("an empty condition", ec: "0006-00000218") }
            return conditions
        case .list(let items):
            return [try condition(items)]
        default:
            throw invalid("a condition is neither an object nor an array", ec: "0006-00000222")
        }
    }

    private static func condition(_ items: [ParameterJSON]) throws(OSSError) -> Condition {
        guard case .text(let operation)? = items.first else {
            throw invalid("Invalid Simple-Condition: no operator", ec: "0006-00000216")
        }
        guard items.count == 3 else {
            throw invalid("Invalid Simple-Condition: a condition has three parts", ec: "0006-00000218")
        }
        switch operation {
        case "eq": return .equals(field: try field(text(items[1])), value: try text(items[2]))
        case "starts-with": return .startsWith(field: try field(text(items[1])), prefix: try text(items[2]))
        case "in": return .isIn(field: try field(text(items[1])), values: try texts(items[2]))
        case "not-in": return .isNotIn(field: try field(text(items[1])), values: try texts(items[2]))
        case "content-length-range":
            guard case .number(let least) = items[1], case .number(let most) = items[2], least >= 0, least <= most
            else { throw invalid("the range of content-length-range is invalid", ec: "0006-00000221") }
            return .contentLength(least...most)
        default: throw invalid("Invalid Simple-Condition: an unknown operator", ec: "0006-00000216")
        }
    }

    /// The name of a field, with `$` before it or, as one page has it, without.
    private static func field(_ text: String) throws(OSSError) -> String {
        let name = text.utf8.first == UInt8(ascii: "$") ? String(text.dropFirst()) : text
        guard !name.isEmpty else {
            throw invalid("Invalid Simple-Condition: a field without name", ec: "0006-00000224")
        }
        return name
    }

    private static func text(_ value: ParameterJSON) throws(OSSError) -> String {
        guard case .text(let text) = value else {
            throw invalid("Invalid Simple-Condition: a value is no text", ec: "0006-00000224")
        }
        return text
    }

    private static func texts(_ value: ParameterJSON) throws(OSSError) -> [String] {
        guard case .list(let items) = value else {
            throw invalid("Invalid Simple-Condition: the values are no array", ec: "0006-00000224")
        }
        var texts: [String] = []
        for item in items {
            texts.append(try text(item))
        }
        return texts
    }

    private static func invalid(_ what: String, ec: String? = nil) -> OSSError {
        OSSError(.invalidPolicyDocument, message: "Invalid Policy: \(what).", ec: ec)
    }

    /// The document with `\$` made `$`: OSS allows an escape that JSON does not have.
    private static func withoutEscapedDollars(_ json: [UInt8]) -> [UInt8] {
        let backslash = UInt8(ascii: "\\")
        var written: [UInt8] = []
        var isEscaped = false
        for byte in json {
            if isEscaped {
                if byte != UInt8(ascii: "$") { written.append(backslash) }
                written.append(byte)
                isEscaped = false
            } else if byte == backslash {
                isEscaped = true
            } else {
                written.append(byte)
            }
        }
        return isEscaped ? written + [backslash] : written
    }
}
