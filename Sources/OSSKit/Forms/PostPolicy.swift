/// What the signer of a form allows: until when, and with which fields.
///
/// Source: oss-wire fact 4.
public struct PostPolicy: Sendable {
    /// The last second in which the policy is good.
    public let expiresAtUnixSeconds: Int64
    /// What has to hold, all of it.
    public let conditions: [Condition]

    /// One thing that has to hold.
    public enum Condition: Sendable, Hashable {
        /// The field has this value.
        case equals(field: String, value: String)
        /// The field's value begins so; an empty beginning allows every value, and that there is none.
        case startsWith(field: String, prefix: String)
        /// The field has one of these values.
        case isIn(field: String, values: [String])
        /// The field has none of these values, or is missing.
        case isNotIn(field: String, values: [String])
        /// The file has a length in this range, in bytes.
        case contentLength(ClosedRange<Int64>)

        /// The field that it is about, without `$`; nil if it is about the file.
        public var field: String? {
            switch self {
            case .equals(let field, _), .startsWith(let field, _), .isIn(let field, _), .isNotIn(let field, _): field
            case .contentLength: nil
            }
        }
    }

    /// Makes a policy.
    public init(expiresAtUnixSeconds: Int64, conditions: [Condition]) {
        self.expiresAtUnixSeconds = expiresAtUnixSeconds
        self.conditions = conditions
    }

    /// Checks a form against everything that is known before its file arrives.
    ///
    /// - Throws: `AccessDenied` if the policy has expired or a condition does not hold.
    public func check(_ form: PostForm, nowUnixSeconds: Int64) throws(OSSError) {
        guard nowUnixSeconds <= expiresAtUnixSeconds else {
            throw OSSError(
                .accessDenied, message: "Invalid according to Policy: Policy expired.", ec: "0006-00000213")
        }
        for condition in conditions where !condition.holds(for: form) {
            throw OSSError(
                .accessDenied,
                message: "Invalid according to Policy: Policy Condition failed: \(condition.text)",
                ec: "0006-00000227")
        }
    }

    /// Checks the length of the file.
    ///
    /// - Throws: `EntityTooLarge` or `EntityTooSmall`.
    public func checkLength(_ bytes: Int64) throws(OSSError) {
        for case .contentLength(let range) in conditions {
            guard bytes <= range.upperBound else { throw OSSError(.entityTooLarge, ec: "0006-00000003") }
            guard bytes >= range.lowerBound else { throw OSSError(.entityTooSmall, ec: "0006-00000004") }
        }
    }

    /// The document, as it is signed once it is in base64.
    public var json: String {
        let expiration = ISO8601.format(unixMilliseconds: CivilTime.clamped(expiresAtUnixSeconds) * 1_000)
        let list = conditions.map(\.text).joined(separator: ", ")
        return "{\"expiration\": \(JSONText.quoted(expiration)), \"conditions\": [\(list)]}"
    }

    /// Whether a condition fixes the value of a field.
    func fixes(_ name: String) -> Bool {
        conditions.contains { condition in
            guard case .equals(let field, _) = condition else { return false }
            return ASCII.isEqualIgnoringCase(field, name)
        }
    }
}

extension PostPolicy.Condition {
    /// Whether the condition holds for a form; one about the file holds until there is a file.
    func holds(for form: PostForm) -> Bool {
        switch self {
        case .equals(let field, let wanted):
            let values = form.conditionValues(field)
            return !values.isEmpty && values.allSatisfy { $0.utf8.elementsEqual(wanted.utf8) }
        case .startsWith(let field, let prefix):
            let values = form.conditionValues(field)
            return (!values.isEmpty || prefix.isEmpty) && values.allSatisfy { $0.utf8.starts(with: prefix.utf8) }
        case .isIn(let field, let allowed):
            let values = form.conditionValues(field)
            return !values.isEmpty && values.allSatisfy { Self.contains(allowed, $0) }
        case .isNotIn(let field, let forbidden):
            return !form.conditionValues(field).contains { Self.contains(forbidden, $0) }
        case .contentLength:
            return true
        }
    }

    /// The condition as it stands in a policy.
    var text: String {
        switch self {
        case .equals(let field, let value): Self.list("eq", field, JSONText.quoted(value))
        case .startsWith(let field, let prefix): Self.list("starts-with", field, JSONText.quoted(prefix))
        case .isIn(let field, let values): Self.list("in", field, JSONText.list(values))
        case .isNotIn(let field, let values): Self.list("not-in", field, JSONText.list(values))
        case .contentLength(let range):
            "[\"content-length-range\", \(range.lowerBound), \(range.upperBound)]"
        }
    }

    private static func contains(_ values: [String], _ value: String) -> Bool {
        values.contains { $0.utf8.elementsEqual(value.utf8) }
    }

    private static func list(_ operation: String, _ field: String, _ rest: String) -> String {
        "[\"\(operation)\", \(JSONText.quoted("$" + field)), \(rest)]"
    }
}
