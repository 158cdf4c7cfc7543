import FoundationEssentials
import OSSKit

/// Checks that a text is a bucket policy; what it allows is another's concern.
///
/// Source: oss-wire fact 11.6; the code of the refusal is assumption A-076.
enum BucketPolicyCheck {
    /// The longest policy, in bytes.
    private static let limitBytes = 16 * 1_024

    /// A policy as far as its form goes.
    private struct Form: Decodable {
        let version: String
        let statements: [Statement]

        enum CodingKeys: String, CodingKey {
            case version = "Version"
            case statements = "Statement"
        }
    }

    /// A statement as far as its form goes.
    private struct Statement: Decodable {
        let effect: String
        let actions: Texts
        let resources: Texts
        let principals: Texts?
        let condition: Condition?

        enum CodingKeys: String, CodingKey {
            case effect = "Effect"
            case actions = "Action"
            case resources = "Resource"
            case principals = "Principal"
            case condition = "Condition"
        }

        /// Whether the statement lets everybody do something, whatever the request.
        var isPublic: Bool {
            effect == "Allow" && condition == nil && principals?.values.contains("*") ?? false
        }
    }

    /// A condition, whatever it asks.
    private struct Condition: Decodable {
        init(from decoder: any Decoder) throws {
            _ = try decoder.container(keyedBy: Statement.CodingKeys.self)
        }
    }

    /// A text, or a list of texts.
    private struct Texts: Decodable {
        let values: [String]

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            values = try (try? container.decode(String.self)).map { [$0] } ?? container.decode([String].self)
        }
    }

    /// The text of a policy.
    ///
    /// - Throws: `InvalidPolicyDocument`.
    static func accept(_ bytes: [UInt8]) throws(OSSError) -> String {
        guard bytes.count <= limitBytes else { throw refusal("the policy is longer than 16 KiB") }
        guard let text = String(validating: bytes, as: UTF8.self),
            let policy = try? JSONDecoder().decode(Form.self, from: Data(bytes))
        else { throw refusal("the policy is not JSON with a Version and a list of Statements") }
        guard policy.version == "1" else { throw refusal("the Version must be 1") }
        guard !policy.statements.isEmpty else { throw refusal("there is no Statement") }
        for statement in policy.statements {
            guard ["Allow", "Deny"].contains(statement.effect) else {
                throw refusal("the Effect must be Allow or Deny")
            }
            guard !statement.actions.values.isEmpty, !statement.resources.values.isEmpty else {
                throw refusal("a Statement needs an Action and a Resource")
            }
        }
        return text
    }

    /// Whether a policy lets everybody do something.
    static func isPublic(_ bytes: [UInt8]) -> Bool {
        let policy = try? JSONDecoder().decode(Form.self, from: Data(bytes))
        return policy?.statements.contains(where: \.isPublic) ?? false
    }

    private static func refusal(_ reason: String) -> OSSError {
        OSSError(.invalidPolicyDocument, message: "Invalid Policy: \(reason).")
    }
}
