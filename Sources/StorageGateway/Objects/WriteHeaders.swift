import OSSKit
import ObjectStore

/// Headers of a write that change its meaning.
enum WriteHeaders {
    /// The headers of a callback.
    static let callback = (call: "x-oss-callback", variables: "x-oss-callback-var")

    /// Headers of OSS that would have to change what is stored or what happens after, and do not yet.
    private static let notYet = [
        "x-oss-callback", "x-oss-callback-var", "x-oss-persistent-headers",
        "x-oss-object-worm-mode", "x-oss-object-worm-retain-until-date", "x-oss-object-worm-legal-hold",
        "x-oss-symlink-target",
    ]

    /// Conditions that mean nothing on a write.
    private static let conditions = ["if-modified-since", "if-unmodified-since", "if-match", "if-none-match"]

    /// Refuses headers that a write cannot have.
    ///
    /// - Throws: `NotImplemented`, naming the header.
    /// - Parameter understood: headers that mean something to this write alone.
    static func refuseUnknownMeaning(_ call: OSSCall, but understood: String...) throws(OSSError) {
        for name in notYet + conditions where !understood.contains(name) && call.header(name) != nil {
            throw OSSError(.notImplemented, fields: [("Header", name)])
        }
        if let encoding = call.header("content-encoding"), encoding.lowercased().contains("aws-chunked") {
            throw .invalidArgument(
                "Content-Encoding", encoding,
                message: "aws-chunked encoding is not supported with the specified x-amz-content-sha256 value.",
                ec: "0017-00000804")
        }
    }

    /// What must hold when the row is written.
    ///
    /// - Throws: `InvalidArgument` if `x-oss-forbid-overwrite` is neither true nor false.
    static func condition(_ call: OSSCall) throws(OSSError) -> WriteCondition {
        guard let asked = call.header("x-oss-forbid-overwrite") else { return WriteCondition() }
        switch asked.lowercased() {
        case "true": return WriteCondition(forbidsOverwrite: true)
        case "false": return WriteCondition()
        default:
            throw .invalidArgument(
                "x-oss-forbid-overwrite", asked, message: "The value must be true or false.")
        }
    }
}
