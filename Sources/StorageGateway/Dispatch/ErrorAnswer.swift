import OSSKit

/// Puts a refusal into the form in which OSS sends it.
///
/// Source: oss-wire fact 6.
enum ErrorAnswer {
    /// The answer of a refusal: a document, or for `HEAD` the same document in `x-oss-err`.
    static func answer(_ refusal: OSSError, requestID: RequestID, hostID: String, isHead: Bool) -> OSSAnswer {
        var headers = refusal.headers.map { (name: $0.name, value: $0.value) }
        if let ec = refusal.ec { headers.append(("x-oss-ec", ec)) }
        let document = ErrorDocument.write(refusal, requestID: requestID.description, hostID: hostID)
        guard isHead else { return OSSAnswer(status: refusal.code.status, headers: headers, document: document) }
        headers.append(("x-oss-err", ErrorDocument.headerValue(of: document)))
        return OSSAnswer(status: refusal.code.status, headers: headers)
    }
}
