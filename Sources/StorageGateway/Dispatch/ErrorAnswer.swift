import OSSKit

/// Puts a refusal into the form in which OSS sends it.
///
/// Source: oss-wire fact 6.
enum ErrorAnswer {
    /// The longest document that travels in a header, in bytes; clients take headers of 64 KiB or less.
    private static let headerDocumentBytes = 8 * 1_024
    /// Fields that repeat what the client sent, and are left out of a header where they do not fit.
    private static let longFields: Set<String> = [
        "StringToSign", "StringToSignBytes", "CanonicalRequest", "ArgumentValue", "Authorization",
    ]

    /// The answer of a refusal: a document, or for `HEAD` the same document in `x-oss-err`.
    static func answer(_ refusal: OSSError, requestID: RequestID, hostID: String, isHead: Bool) -> OSSAnswer {
        var headers = refusal.headers.map { (name: $0.name, value: $0.value) }
        if let ec = refusal.ec { headers.append(("x-oss-ec", ec)) }
        let document = ErrorDocument.write(refusal, requestID: requestID.description, hostID: hostID)
        guard isHead else { return OSSAnswer(status: refusal.code.status, headers: headers, document: document) }
        headers.append(("x-oss-err", headerValue(of: document, refusal, requestID: requestID, hostID: hostID)))
        return OSSAnswer(status: refusal.code.status, headers: headers)
    }

    private static func headerValue(
        of document: String, _ refusal: OSSError, requestID: RequestID, hostID: String
    ) -> String {
        guard document.utf8.count > headerDocumentBytes else { return ErrorDocument.headerValue(of: document) }
        var short = refusal
        short.fields.removeAll { longFields.contains($0.name) }
        return ErrorDocument.headerValue(
            of: ErrorDocument.write(short, requestID: requestID.description, hostID: hostID))
    }
}
