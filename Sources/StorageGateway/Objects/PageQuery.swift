import OSSKit

/// What every list understands: how many entries, and how keys are written in the answer.
struct PageQuery: Sendable {
    /// The most entries of a page, 1 to 1,000.
    let limit: Int
    /// Whether keys in the answer are percent-encoded.
    let isURLEncoded: Bool

    /// The parameter that says how many entries are asked for.
    struct LimitParameter {
        /// Its name.
        var name = "max-keys"
        /// What counts if it is not there.
        var usual = Limits.usualPageSize
        /// The EC of a bad value; nil where none is known.
        var ec: String?
    }

    /// Reads `max-keys` and `encoding-type`.
    ///
    /// - Throws: `InvalidArgument` with the EC of this list for a bad `max-keys`.
    init(_ target: RequestTarget, limitEC: String) throws(OSSError) {
        try self.init(target, limit: LimitParameter(ec: limitEC))
    }

    /// Reads a limit and `encoding-type`.
    ///
    /// - Throws: `InvalidArgument`.
    init(_ target: RequestTarget, limit parameter: LimitParameter) throws(OSSError) {
        if let text = target.value(of: parameter.name), !text.isEmpty {
            guard let number = DecimalNumber.parse(text), Limits.pageSizes.contains(number) else {
                throw .invalidArgument(
                    parameter.name, text,
                    message: "Argument \(parameter.name) must be an integer between 1 and 1000.", ec: parameter.ec)
            }
            limit = Int(number)
        } else {
            limit = parameter.usual
        }
        isURLEncoded = try Self.isURLEncoded(target)
    }

    /// Whether keys in the answer are percent-encoded.
    ///
    /// - Throws: `InvalidArgument` for an encoding that is none.
    static func isURLEncoded(_ target: RequestTarget) throws(OSSError) -> Bool {
        switch target.value(of: "encoding-type") ?? "" {
        case "": return false
        case "url": return true
        case let other:
            throw .invalidArgument(
                "encoding-type", other, message: "Invalid Encoding Method specified in Request",
                ec: "0017-00000235")
        }
    }
}
