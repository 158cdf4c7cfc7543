/// The fields of a form upload before its file, as they arrived.
///
/// Names are compared without regard to case, values as they are. Source: oss-wire fact 4.
public struct PostForm: Sendable {
    /// One field of the form.
    public struct Field: Sendable, Hashable {
        /// The name in the case in which it was sent.
        public let name: String
        /// The value.
        public let value: String

        /// Makes a field.
        public init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }
    }

    /// The bucket to which the form was sent.
    public let bucket: String
    /// The fields in the order in which they were sent.
    public let fields: [Field]
    /// The content type of the file's own part; nil if it has none.
    public let fileContentType: String?

    /// Makes a form.
    public init(bucket: String, fields: [Field], fileContentType: String? = nil) {
        self.bucket = bucket
        self.fields = fields
        self.fileContentType = fileContentType
    }

    /// The values of all fields of a name, in order.
    public func values(_ name: String) -> [String] {
        fields.filter { ASCII.isEqualIgnoringCase($0.name, name) }.map(\.value)
    }

    /// The values that a condition on a field of the policy has to hold for.
    ///
    /// The content type can come from three places, and a condition on it holds for every field that names one.
    func conditionValues(_ name: String) -> [String] {
        if ASCII.isEqualIgnoringCase(name, "bucket") { return [bucket] }
        guard ASCII.isEqualIgnoringCase(name, "content-type") else { return values(name) }
        let named = values("x-oss-content-type") + values("content-type")
        return named.isEmpty ? fileContentType.map { [$0] } ?? [] : named
    }

    /// The value of a field that may be there once.
    ///
    /// - Throws: `InvalidArgument` if it is there more than once.
    package func single(_ name: String) throws(OSSError) -> String? {
        let values = values(name)
        guard values.count <= 1 else {
            throw OSSError(
                .invalidArgument, message: "A field of the form is given more than once.",
                fields: [("ArgumentName", name)])
        }
        return values.first
    }
}
