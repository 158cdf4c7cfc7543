import FoundationEssentials
import OSSKit

extension AccessPolicy {
    /// Reads a policy.
    ///
    /// Every element must be known: what would be passed over could have been what its writer relied on.
    ///
    /// - Throws: `InvalidPolicyDocument`.
    package init(json document: [UInt8], kind: Kind) throws(OSSError) {
        guard document.count <= Limits.policyBytes else { throw Self.invalid("it is too long") }
        guard PolicyDocument.isFlat(document), case .object(let root) = PolicyDocument(document) else {
            throw Self.invalid("it is not a JSON object")
        }
        try Self.refuseUnknown(root, known: ["Version", "Statement", "Id"])
        guard let version = root["Version"]?.texts.first, version == "1" else {
            throw Self.invalid("its Version must be \"1\"")
        }
        let entries: [PolicyDocument]
        switch root["Statement"] {
        case .list(let list): entries = list
        case .object(let single): entries = [.object(single)]
        default: throw Self.invalid("it has no Statement")
        }
        guard (1...Limits.policyStatements).contains(entries.count) else {
            throw Self.invalid("it must have 1 to \(Limits.policyStatements) statements")
        }
        var statements: [Statement] = []
        for entry in entries {
            statements.append(try Statement(entry, kind: kind))
        }
        self.statements = statements
    }

    /// The refusal of a policy.
    static func invalid(_ what: String) -> OSSError {
        OSSError(.invalidPolicyDocument, message: "The policy is invalid: \(what).")
    }

    fileprivate static func refuseUnknown(
        _ object: [String: PolicyDocument], known: Set<String>
    ) throws(OSSError) {
        guard let unknown = object.keys.filter({ !known.contains($0) }).min() else { return }
        throw invalid("\(unknown) is not an element of a policy")
    }
}

extension AccessPolicy.Statement {
    fileprivate init(_ entry: PolicyDocument, kind: AccessPolicy.Kind) throws(OSSError) {
        guard case .object(let object) = entry else { throw AccessPolicy.invalid("a statement is no object") }
        let principalNames: Set<String> = kind == .bucket ? ["Principal", "NotPrincipal"] : []
        let known: Set<String> = ["Sid", "Effect", "Action", "NotAction", "Resource", "NotResource", "Condition"]
        try AccessPolicy.refuseUnknown(object, known: known.union(principalNames))
        guard let word = object["Effect"]?.texts.first, let effect = AccessPolicy.Effect(rawValue: word) else {
            throw AccessPolicy.invalid("an Effect must be Allow or Deny")
        }
        self.effect = effect
        principals = kind == .bucket ? try Self.patterns(object, "Principal") : nil
        actions = try Self.patterns(object, "Action")
        guard actions.patterns.allSatisfy(Self.isAction) else {
            throw AccessPolicy.invalid("an Action must be * or begin with oss:")
        }
        let texts = try Self.patterns(object, "Resource")
        var resources: [PolicyResource] = []
        for text in texts.patterns {
            resources.append(try PolicyResource(text))
        }
        self.resources = AccessPolicy.Patterns(patterns: resources, isNegated: texts.isNegated)
        conditions = try Self.conditions(object["Condition"])
    }

    /// The patterns of an element, or of its negation; one of both must be there.
    private static func patterns(
        _ object: [String: PolicyDocument], _ name: String
    ) throws(OSSError) -> AccessPolicy.Patterns<String> {
        let (plain, negated) = (object[name], object["Not\(name)"])
        guard let found = plain ?? negated, plain == nil || negated == nil else {
            throw AccessPolicy.invalid("a statement must have either \(name) or Not\(name)")
        }
        let texts = found.texts
        guard !texts.isEmpty, texts.count <= Limits.policyPatterns, texts.allSatisfy({ !$0.isEmpty }) else {
            throw AccessPolicy.invalid("\(name) must be a text or a list of texts")
        }
        return AccessPolicy.Patterns(patterns: texts, isNegated: plain == nil)
    }

    private static func isAction(_ text: String) -> Bool {
        text.utf8.elementsEqual("*".utf8) || text.lowercased().utf8.starts(with: "oss:".utf8)
    }

    private static func conditions(_ element: PolicyDocument?) throws(OSSError) -> [PolicyCondition] {
        guard let element else { return [] }
        guard case .object(let operations) = element else { throw AccessPolicy.invalid("a Condition is no object") }
        var conditions: [PolicyCondition] = []
        for (operation, keys) in operations.sorted(by: { $0.key < $1.key }) {
            guard case .object(let keys) = keys else { throw AccessPolicy.invalid("a Condition has no keys") }
            for (key, values) in keys.sorted(by: { $0.key < $1.key }) {
                conditions.append(try PolicyCondition(operation: operation, key: key, values: values.texts))
            }
        }
        guard conditions.count <= Limits.policyPatterns else { throw AccessPolicy.invalid("too many conditions") }
        return conditions
    }
}

/// What a policy's document can hold.
private enum PolicyDocument: Decodable {
    case object([String: PolicyDocument])
    case list([PolicyDocument])
    case text(String)
    case truth(Bool)
    case other

    /// Reads a document; nil if it is none.
    init?(_ document: [UInt8]) {
        guard let value = try? JSONDecoder().decode(PolicyDocument.self, from: Data(document)) else { return nil }
        self = value
    }

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let text = try? container.decode(String.self) {
            self = .text(text)
        } else if let truth = try? container.decode(Bool.self) {
            self = .truth(truth)
        } else if let list = try? container.decode([PolicyDocument].self) {
            self = .list(list)
        } else if let object = try? container.decode([String: PolicyDocument].self) {
            self = .object(object)
        } else {
            self = .other
        }
    }

    /// A text, or a list of texts; empty for everything else, also for a list that holds something else.
    var texts: [String] {
        switch self {
        case .text(let text): return [text]
        case .truth(let truth): return [truth ? "true" : "false"]
        case .list(let items):
            let texts = items.flatMap { item in
                if case .list = item { return [String]() }
                return item.texts
            }
            return texts.count == items.count ? texts : []
        case .object, .other: return []
        }
    }

    /// Whether nothing in a document is nested deeper than a policy can be.
    static func isFlat(_ document: [UInt8]) -> Bool {
        var depth = 0
        var isInText = false
        var isEscaped = false
        for byte in document {
            if isInText {
                if isEscaped {
                    isEscaped = false
                } else if byte == UInt8(ascii: "\\") {
                    isEscaped = true
                } else if byte == UInt8(ascii: "\"") {
                    isInText = false
                }
            } else if byte == UInt8(ascii: "\"") {
                isInText = true
            } else if byte == UInt8(ascii: "{") || byte == UInt8(ascii: "[") {
                depth += 1
                guard depth <= Limits.policyDepth else { return false }
            } else if byte == UInt8(ascii: "}") || byte == UInt8(ascii: "]") {
                depth -= 1
            }
        }
        return true
    }
}
