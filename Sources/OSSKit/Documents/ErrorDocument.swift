/// The `Error` document: what a refused request is answered with.
///
/// Source: oss-wire fact 6.
public enum ErrorDocument {
    /// Writes the document of a refusal.
    ///
    /// - Parameters:
    ///   - error: the refusal.
    ///   - requestID: the ID of the request, as in the header `x-oss-request-id`.
    ///   - hostID: the host as the client named it.
    public static func write(_ error: OSSError, requestID: String, hostID: String) -> String {
        XMLWriter.document("Error") { writer in
            writer.element("Code", error.code.rawValue)
            writer.element("Message", error.message)
            writer.element("RequestId", requestID)
            writer.element("HostId", hostID)
            for field in error.fields {
                write(field, to: &writer)
            }
            if let ec = error.ec {
                writer.element("EC", ec)
                writer.element("RecommendDoc", "https://api.aliyun.com/troubleshoot?q=\(ec)")
            }
        }
    }

    private static func write(_ field: OSSError.Field, to writer: inout XMLWriter) {
        guard !field.children.isEmpty else {
            writer.element(field.name, field.value)
            return
        }
        writer.element(field.name) { writer in
            for child in field.children {
                write(child, to: &writer)
            }
        }
    }

    /// The value of the header `x-oss-err`, with which a HEAD request is refused: the document in base64.
    public static func headerValue(of document: String) -> String {
        Base64.encode(document.utf8)
    }
}
