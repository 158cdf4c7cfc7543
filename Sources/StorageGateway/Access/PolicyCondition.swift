import OSSKit

/// One condition of a policy's statement: an operator, a key, and the values of which one is to fit.
///
/// A key or an operator that is not known here is refused when the policy is read: a condition that is never looked at
/// would let a statement say something else than its writer meant.
package struct PolicyCondition: Sendable, Equatable {
    /// What a condition looks at.
    enum Key: String, CaseIterable {
        case sourceAddress = "acs:sourceip"
        case isSecure = "acs:securetransport"
        case time = "acs:currenttime"
        case userAgent = "acs:useragent"
        case referer = "acs:referer"
        case accessKeyID = "acs:accessid"
        case prefix = "oss:prefix"
        case delimiter = "oss:delimiter"
    }

    /// How values are compared.
    private enum Comparison: Sendable, Equatable {
        case text(ignoresCase: Bool, isPattern: Bool)
        case address
        case truth
        case date(Order)
    }

    /// On which side of a value a date has to be.
    private enum Order: Sendable {
        case equal
        case less
        case lessOrEqual
        case greater
        case greaterOrEqual
    }

    private let key: Key
    private let comparison: Comparison
    /// Whether no value may fit.
    private let isNegated: Bool
    private let values: [String]

    /// Reads a condition.
    ///
    /// - Throws: `InvalidPolicyDocument`.
    init(operation: String, key: String, values: [String]) throws(OSSError) {
        guard let known = Key(rawValue: key.lowercased()) else {
            throw AccessPolicy.invalid("the condition key \(key) is not supported")
        }
        guard let (comparison, isNegated) = Self.operations[operation.lowercased()] else {
            throw AccessPolicy.invalid("the condition operator \(operation) is not supported")
        }
        guard !values.isEmpty else { throw AccessPolicy.invalid("a condition has no value") }
        self.key = known
        self.comparison = comparison
        self.isNegated = isNegated
        self.values = values
        for value in values where !fitsForm(value) {
            throw AccessPolicy.invalid("\(value) is no value for \(operation) and \(key)")
        }
    }

    /// Whether a request meets the condition; what the request does not say fits no value.
    func holds(for facts: RequestFacts) -> Bool {
        values.contains { fits($0, facts) } != isNegated
    }

    /// Whether the condition leaves in only known addresses or known access keys.
    var isNarrow: Bool {
        guard !isNegated else { return false }
        switch key {
        case .sourceAddress: return values.allSatisfy { NetworkRange($0)?.isEverything == false }
        case .accessKeyID: return values.allSatisfy { Wildcard.literalStart(of: Array($0.utf8)) == nil }
        default: return false
        }
    }

    private static let operations: [String: (Comparison, isNegated: Bool)] = [
        "stringequals": (.text(ignoresCase: false, isPattern: false), false),
        "stringnotequals": (.text(ignoresCase: false, isPattern: false), true),
        "stringequalsignorecase": (.text(ignoresCase: true, isPattern: false), false),
        "stringnotequalsignorecase": (.text(ignoresCase: true, isPattern: false), true),
        "stringlike": (.text(ignoresCase: false, isPattern: true), false),
        "stringnotlike": (.text(ignoresCase: false, isPattern: true), true),
        "ipaddress": (.address, false), "notipaddress": (.address, true),
        "bool": (.truth, false),
        "dateequals": (.date(.equal), false), "datenotequals": (.date(.equal), true),
        "datelessthan": (.date(.less), false), "datelessthanequals": (.date(.lessOrEqual), false),
        "dategreaterthan": (.date(.greater), false), "dategreaterthanequals": (.date(.greaterOrEqual), false),
    ]

    /// Whether operator and key go together, and the value is one of theirs.
    private func fitsForm(_ value: String) -> Bool {
        switch (comparison, key) {
        case (.address, .sourceAddress): NetworkRange(value) != nil
        case (.truth, .isSecure): ["true", "false"].contains(value.lowercased())
        case (.date, .time): ISO8601.parse(value) != nil
        case (.text, .userAgent), (.text, .referer), (.text, .accessKeyID), (.text, .prefix), (.text, .delimiter): true
        default: false
        }
    }

    private func fits(_ value: String, _ facts: RequestFacts) -> Bool {
        switch comparison {
        case .address:
            guard let address = facts.sourceAddress, let range = NetworkRange(value) else { return false }
            return range.contains(address)
        case .truth:
            return facts.isSecure == (value.lowercased() == "true")
        case .date(let order):
            guard let moment = ISO8601.parse(value) else { return false }
            return Self.isOrdered(facts.nowUnixSeconds, order, moment / 1_000)
        case .text(let ignoresCase, let isPattern):
            guard let found = text(of: facts) else { return false }
            let (left, right) = ignoresCase ? (value.lowercased(), found.lowercased()) : (value, found)
            return isPattern ? Wildcard.matches(left.utf8, right.utf8) : left.utf8.elementsEqual(right.utf8)
        }
    }

    private static func isOrdered(_ now: Int64, _ order: Order, _ moment: Int64) -> Bool {
        switch order {
        case .equal: now == moment
        case .less: now < moment
        case .lessOrEqual: now <= moment
        case .greater: now > moment
        case .greaterOrEqual: now >= moment
        }
    }

    /// What the request says to a key; a list that names no prefix has the empty one.
    private func text(of facts: RequestFacts) -> String? {
        switch key {
        case .userAgent: facts.userAgent
        case .referer: facts.referer
        case .accessKeyID: facts.accessKeyID
        case .prefix: facts.prefix ?? ""
        case .delimiter: facts.delimiter ?? ""
        case .sourceAddress, .isSecure, .time: nil
        }
    }
}
