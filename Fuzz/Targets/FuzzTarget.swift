/// The parsers that read what strangers send, each as a function of bytes.
///
/// The fuzzer calls them with inputs that it makes up, and the tests with those that are kept in `Fuzz/corpus`.
package enum FuzzTarget: String, CaseIterable, Sendable {
    /// A request target: its path, its query, and what a signature in it says.
    case target
    /// Header fields, `Authorization` among them.
    case authorization
    /// The dates of headers and documents.
    case dates
    /// XML documents of every kind.
    case xml
    /// Fields of a form with its policy.
    case policy
    /// A policy as JSON.
    case policyJSON = "policy-json"
    /// A form with a file, as it comes over the wire.
    case form
    /// A body in chunks of the S3 dialect.
    case chunks
    /// An answer that is no success.
    case errors
    /// The JSON of the session API.
    case json

    /// Something that must hold for every input does not hold for this one.
    package struct BrokenPromise: Error, CustomStringConvertible {
        /// What should hold.
        package let description: String
    }

    /// Feeds an input to the parsers.
    ///
    /// - Throws: `BrokenPromise`. A refusal by a parser is no error; a trap ends the process.
    package func run(_ bytes: [UInt8]) throws {
        switch self {
        case .target: try TargetInput(bytes).run()
        case .authorization: try AuthorizationInput(bytes).run()
        case .dates: try DateInput(bytes).run()
        case .xml: try DocumentInput(bytes).run()
        case .policy: try PolicyInput(fields: bytes).run()
        case .policyJSON: try PolicyInput(json: bytes).run()
        case .form: try FormInput(bytes).run()
        case .chunks: try ChunksInput(bytes).run()
        case .errors: try ErrorInput(bytes).run()
        case .json: try JSONInput(bytes).run()
        }
    }
}

/// States what must hold.
func promise(_ holds: Bool, _ description: @autoclosure () -> String) throws {
    guard holds else { throw FuzzTarget.BrokenPromise(description: description()) }
}

extension Collection<UInt8> {
    /// The lines, which a line feed ends.
    var inputLines: [SubSequence] { split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) }

    /// The bytes as text; what is no UTF-8 becomes U+FFFD.
    var inputText: String { String(decoding: self, as: UTF8.self) }
}
