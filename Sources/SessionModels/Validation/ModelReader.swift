/// Reads the fields of one request and gathers every offence before it refuses.
///
/// A field that breaks a rule reads as a neutral value; `finish()` then throws, so that the value is never used.
/// Source: session-api.md 4.3 and 4.4; facts 19 and 20.
package struct ModelReader {
    private let body: JSONValue
    private let location: [ValidationIssue.Step]
    private let echoesInput: Bool
    /// The members that were looked for in one pass; nil for those that are not there.
    private var gathered: [String: JSONValue?] = [:]
    private var issues: [ValidationIssue] = []
    private var excess: RequestFault?

    /// Opens a body.
    ///
    /// - Parameters:
    ///   - content: the body.
    ///   - echoesInput: false for bodies that hold a password or a token: their rows say `null`.
    /// - Throws: `missing` or `model_attributes_type` for a body that is no object.
    package init(_ content: RequestContent, echoesInput: Bool = true) throws(RequestFault) {
        self.echoesInput = echoesInput
        location = [.name("body")]
        switch content {
        case .absent:
            throw .invalid([ValidationIssue("missing", at: [.name("body")], message: "Field required")])
        case .json(let document) where document.root.kind == .object:
            body = document.root
        case .json(let document):
            throw .invalid([Self.notAnObject(Self.echo(document.root, echoesInput), location)])
        case .text(let text):
            let echo = Self.echo(.string(text), length: text.utf8.count, echoesInput)
            throw .invalid([Self.notAnObject(echo, location)])
        }
    }

    /// Opens a value inside a body, at a location that begins with `body`.
    ///
    /// - Throws: `model_attributes_type` for a value that is no object.
    package init(_ value: JSONValue, at location: [ValidationIssue.Step]) throws(RequestFault) {
        echoesInput = true
        self.location = location
        guard value.kind == .object else { throw .invalid([Self.notAnObject(Self.echo(value, true), location)]) }
        body = value
    }

    /// Finds members of the body in one pass, which a large body is worth.
    package mutating func gather(_ names: [String]) {
        gathered = body.lastMembers(names)
    }

    /// A member as it was sent, or nil if it is absent.
    package func member(_ name: String) -> JSONValue? {
        if let found = gathered[name] { return found }
        return body.last(name)
    }

    /// A reader of an object inside the body, or nil if it is absent or null.
    package func nested(_ name: String) throws(RequestFault) -> ModelReader? {
        guard let value = member(name), value.kind != .null else { return nil }
        return try ModelReader(value, at: location + [.name(name)])
    }

    /// A text that must be there.
    package mutating func text(_ name: String, _ rule: TextRule) -> String {
        guard let value = required(name) else { return "" }
        return text(name, value, rule)
    }

    /// A text that may be absent or null.
    package mutating func optionalText(_ name: String, _ rule: TextRule) -> String? {
        guard let value = member(name), value.kind != .null else { return nil }
        return text(name, value, rule)
    }

    /// A whole number that must be there; `"7"`, `8.0` and `true` are taken for numbers, as the plan's backend does.
    package mutating func integer(_ name: String, in range: ClosedRange<Int64>) -> Int64 {
        guard let value = required(name) else { return range.lowerBound }
        return integer(name, value, range)
    }

    /// A whole number that may be absent or null.
    package mutating func optionalInteger(_ name: String, in range: ClosedRange<Int64>) -> Int64? {
        guard let value = member(name), value.kind != .null else { return nil }
        return integer(name, value, range)
    }

    /// A Boolean that may be absent.
    package mutating func flag(_ name: String, default absent: Bool) -> Bool {
        guard let value = member(name) else { return absent }
        if value.kind != .boolean { refuse("bool_type", name, value, "Input should be a valid boolean") }
        return value.compact.first == UInt8(ascii: "t")
    }

    /// An object that must be there.
    package mutating func object(_ name: String, maximumBytes: Int) -> JSONValue? {
        required(name).flatMap { object(name, $0, maximumBytes) }
    }

    /// An object that may be absent but not null.
    package mutating func optionalObject(_ name: String, maximumBytes: Int) -> JSONValue? {
        member(name).flatMap { object(name, $0, maximumBytes) }
    }

    /// Adds an offence that only the caller can see.
    package mutating func refuse(_ name: String, _ message: String) {
        let input = member(name)
        issues.append(
            ValidationIssue(
                "value_error", at: location + [.name(name)], message: "Value error, \(message)",
                input: input.map { Self.echo($0, echoesInput) } ?? .null))
    }

    /// Ends the reading.
    ///
    /// - Throws: all offences in the order of reading, or else the first field that is too large.
    package func finish() throws(RequestFault) {
        guard issues.isEmpty else { throw .invalid(issues) }
        if let excess { throw excess }
    }
}

// MARK: - Rules

extension ModelReader {
    private mutating func required(_ name: String) -> JSONValue? {
        if let value = member(name) { return value }
        issues.append(
            ValidationIssue(
                "missing", at: location + [.name(name)], message: "Field required",
                input: Self.echo(body, echoesInput)))
        return nil
    }

    private mutating func text(_ name: String, _ value: JSONValue, _ rule: TextRule) -> String {
        guard let text = value.string else {
            refuse("string_type", name, value, "Input should be a valid string")
            return ""
        }
        if let limit = rule.maximumBytes, text.utf8.count > limit {
            excess = excess ?? .tooLarge(field: name, limit: limit, got: text.utf8.count)
        }
        if let offence = rule.offence(of: text) {
            refuse(offence.type, name, value, offence.message, offence.context)
        }
        return text
    }

    private mutating func integer(_ name: String, _ value: JSONValue, _ range: ClosedRange<Int64>) -> Int64 {
        switch LaxInteger(value) {
        case .number(let number) where range.contains(number): return number
        case .number(let number) where number < range.lowerBound: refuseRange(name, value, range, isBelow: true)
        case .number, .beyondReach(isNegative: false): refuseRange(name, value, range, isBelow: false)
        case .beyondReach(isNegative: true): refuseRange(name, value, range, isBelow: true)
        case .fractional:
            refuse(
                "int_from_float", name, value,
                "Input should be a valid integer, got a number with a fractional part")
        case .unreadableText:
            refuse("int_parsing", name, value, "Input should be a valid integer, unable to parse string as an integer")
        case .otherType: refuse("int_type", name, value, "Input should be a valid integer")
        }
        return range.lowerBound
    }

    private mutating func object(_ name: String, _ value: JSONValue, _ maximumBytes: Int) -> JSONValue? {
        guard value.kind == .object else {
            refuse("dict_type", name, value, "Input should be a valid dictionary")
            return nil
        }
        if value.compact.count > maximumBytes {
            excess = excess ?? .tooLarge(field: name, limit: maximumBytes, got: value.compact.count)
        }
        return value
    }

    private mutating func refuseRange(
        _ name: String, _ value: JSONValue, _ range: ClosedRange<Int64>, isBelow: Bool
    ) {
        let limit = isBelow ? range.lowerBound : range.upperBound
        refuse(
            isBelow ? "greater_than_equal" : "less_than_equal", name, value,
            "Input should be \(isBelow ? "greater" : "less") than or equal to \(limit)",
            [(isBelow ? "ge" : "le", .integer(limit))])
    }

    private mutating func refuse(
        _ type: String, _ name: String, _ value: JSONValue, _ message: String,
        _ context: [(String, JSONOutput)] = []
    ) {
        issues.append(
            ValidationIssue(
                type, at: location + [.name(name)], message: message, input: Self.echo(value, echoesInput),
                context: context))
    }

    private static func notAnObject(_ input: JSONOutput, _ location: [ValidationIssue.Step]) -> ValidationIssue {
        ValidationIssue(
            "model_attributes_type", at: location,
            message: "Input should be a valid dictionary or object to extract fields from", input: input)
    }

    private static func echo(_ value: JSONValue, _ echoesInput: Bool) -> JSONOutput {
        echo(.verbatim(Array(value.compact)), length: value.compact.count, echoesInput)
    }

    private static func echo(_ value: JSONOutput, length: Int, _ echoesInput: Bool) -> JSONOutput {
        guard echoesInput else { return .null }
        return length <= SessionLimits.echoBytes ? value : .string("(\(length) bytes)")
    }
}
