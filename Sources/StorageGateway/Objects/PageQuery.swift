import OSSKit

/// What every list understands: how many entries, and how keys are written in the answer.
struct PageQuery: Sendable {
    /// The most entries of a page, 1 to 1,000.
    let limit: Int
    /// Whether keys in the answer are percent-encoded.
    let isURLEncoded: Bool

    /// Reads `max-keys` and `encoding-type`.
    ///
    /// - Throws: `InvalidArgument` with the EC of this list for a bad `max-keys`.
    init(_ target: RequestTarget, limitEC: String) throws(OSSError) {
        if let text = target.value(of: "max-keys"), !text.isEmpty {
            guard let number = DecimalNumber.parse(text), Limits.pageSizes.contains(number) else {
                throw .invalidArgument(
                    "max-keys", text, message: "Argument max-keys must be an integer between 1 and 1000.",
                    ec: limitEC)
            }
            limit = Int(number)
        } else {
            limit = Limits.usualPageSize
        }
        switch target.value(of: "encoding-type") ?? "" {
        case "": isURLEncoded = false
        case "url": isURLEncoded = true
        case let other:
            throw .invalidArgument(
                "encoding-type", other, message: "Invalid Encoding Method specified in Request",
                ec: "0017-00000235")
        }
    }
}
