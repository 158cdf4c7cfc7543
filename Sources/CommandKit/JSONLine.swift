/// One JSON object on one line, its members in the order in which they were added.
///
/// Characters that would change what a terminal shows are escaped, so that a line stays a line wherever it is read.
package struct JSONLine: Sendable {
    private var members: [String] = []

    /// Makes an empty object.
    package init() {}

    /// The object as text, without a line feed.
    package var text: String { "{" + members.joined(separator: ",") + "}" }

    /// Adds a text; nothing is added for nil.
    package mutating func add(_ name: String, _ value: String?) {
        if let value { append(name, Self.quoted(value)) }
    }

    /// Adds a number; nothing is added for nil.
    package mutating func add(_ name: String, _ value: Int64?) {
        if let value { append(name, String(value)) }
    }

    /// Adds true or false.
    package mutating func add(_ name: String, _ value: Bool) {
        append(name, value ? "true" : "false")
    }

    /// Adds a list of texts.
    package mutating func add(_ name: String, _ values: [String]) {
        append(name, "[" + values.map(Self.quoted).joined(separator: ",") + "]")
    }

    /// Adds an object.
    package mutating func add(_ name: String, _ object: JSONLine) {
        append(name, object.text)
    }

    /// Adds an object of texts, or a list of pairs where a name may come twice.
    package mutating func add(_ name: String, pairs: [(name: String, value: String)]) {
        var object = JSONLine()
        for pair in pairs {
            object.add(pair.name, pair.value)
        }
        add(name, object)
    }

    private mutating func append(_ name: String, _ value: String) {
        members.append(Self.quoted(name) + ":" + value)
    }

    private static func quoted(_ text: String) -> String {
        var written = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": written += "\\\""
            case "\\": written += "\\\\"
            case "\n": written += "\\n"
            case "\t": written += "\\t"
            case _ where Printable.isHidden(scalar):
                // All of them stand below U+10000, where one escape is one character.
                let digits = String(scalar.value, radix: 16)
                written += "\\u" + String(repeating: "0", count: 4 - digits.utf8.count) + digits
            default: written.unicodeScalars.append(scalar)
            }
        }
        return written + "\""
    }
}
