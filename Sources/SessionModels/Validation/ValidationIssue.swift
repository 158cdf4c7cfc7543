/// One row of `detail` in a 422: which field broke which rule.
///
/// Source: session-api.md 4.3, the shape of Pydantic's errors.
package struct ValidationIssue: Error, Sendable {
    /// A step on the way to the field.
    package enum Step: Sendable, Equatable {
        case name(String)
        case offset(Int)
    }

    /// The rule's name, such as `missing`.
    package let type: String
    /// The way to the field, outermost first.
    package let location: [Step]
    /// One sentence for people.
    package let message: String
    /// The offending value as JSON.
    package let input: JSONOutput
    /// Values that the message mentions, in order.
    package let context: [(String, JSONOutput)]

    /// Makes a row.
    package init(
        _ type: String, at location: [Step], message: String, input: JSONOutput = .null,
        context: [(String, JSONOutput)] = []
    ) {
        self.type = type
        self.location = location
        self.message = message
        self.input = input
        self.context = context
    }

    /// The row as it stands in the answer.
    package var json: JSONOutput {
        var members: [(String, JSONOutput)] = [
            ("type", .string(type)),
            ("loc", .array(location.map(Self.json(of:)))),
            ("msg", .string(message)),
            ("input", input),
        ]
        if !context.isEmpty { members.append(("ctx", .object(context))) }
        return .object(members)
    }

    /// The row as one line of text, such as `turn_index: Field required`.
    package var summary: String {
        switch location.last {
        case .name(let name): "\(name): \(message)"
        case .offset(let offset): "body at \(offset): \(message)"
        case nil: message
        }
    }

    private static func json(of step: Step) -> JSONOutput {
        switch step {
        case .name(let name): .string(name)
        case .offset(let offset): .integer(Int64(offset))
        }
    }
}
