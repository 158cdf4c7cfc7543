/// A refusal as OSS words it: what a client is told, and what a client of ours was told.
///
/// Source: oss-wire facts 6 and 7 (OSS API reference, "Error responses" and the EC pages).
public struct OSSError: Error, Sendable, Equatable {
    /// One field of the error document between `HostId` and `EC`.
    public struct Field: Sendable, Equatable {
        /// The element's name, such as `BucketName`.
        public let name: String
        /// The element's text, not yet escaped.
        public let value: String
        /// The fields inside it; none for a field that is a text.
        public let children: [Field]

        /// Makes a field that is a text.
        public init(name: String, value: String) {
            self.name = name
            self.value = value
            children = []
        }

        /// Makes a field that holds fields, such as `AccessDeniedDetail`.
        public init(name: String, children: [Field]) {
            self.name = name
            value = ""
            self.children = children
        }
    }

    /// Which refusal it is; the HTTP status follows from it.
    public var code: OSSErrorCode
    /// One sentence for people, which holds nothing that the client did not send.
    public var message: String
    /// OSS's fine-grained code, such as `0026-00000001`; nil where OSS's own is not known.
    public var ec: String?
    /// Fields of this code, in the order in which they are written.
    public var fields: [Field]
    /// Response headers that belong to the refusal, such as `Allow`.
    public var headers: [Field]

    /// Makes a refusal.
    ///
    /// `message` and `ec` fall back to the code's usual ones.
    public init(
        _ code: OSSErrorCode, message: String? = nil, ec: String? = nil,
        fields: [(String, String)] = [], headers: [(String, String)] = []
    ) {
        self.code = code
        self.message = message ?? code.usualMessage
        self.ec = ec ?? code.usualEC
        self.fields = fields.map { Field(name: $0.0, value: $0.1) }
        self.headers = headers.map { Field(name: $0.0, value: $0.1) }
    }

    /// An `InvalidArgument` that names the argument and the value that was sent.
    public static func invalidArgument(
        _ name: String, _ value: String, message: String, ec: String? = nil
    ) -> OSSError {
        OSSError(
            .invalidArgument, message: message, ec: ec, fields: [("ArgumentName", name), ("ArgumentValue", value)])
    }
}
