import HTTPTypes
import Hummingbird
import NIOCore

/// What an operation answers; the responder adds what every answer has.
struct OSSAnswer: Sendable {
    /// The HTTP status.
    var status: Int
    /// Headers in the order in which they are sent.
    var headers: [(name: String, value: String)]
    /// The body.
    var body: ResponseBody
    /// The document that is the body; nil for another body and for none.
    private(set) var document: String?

    /// An answer without a body.
    init(status: Int = 200, headers: [(name: String, value: String)] = [], body: ResponseBody = ResponseBody()) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    /// An answer with a document, which is XML unless something else is said.
    init(
        status: Int = 200, headers: [(name: String, value: String)] = [], document: String,
        contentType: String = "application/xml"
    ) {
        self.init(status: status, headers: headers + [("Content-Type", contentType)])
        setDocument(document)
    }

    /// Puts another document into the place of the body; nil for none.
    mutating func setDocument(_ document: String?) {
        self.document = document
        body = document.map { ResponseBody(byteBuffer: ByteBuffer(string: $0)) } ?? ResponseBody()
    }

    /// The response to write.
    var response: Response {
        var fields = HTTPFields()
        for header in headers {
            guard let name = HTTPField.Name(header.name) else { continue }
            fields.append(HTTPField(name: name, value: header.value))
        }
        var response = Response(status: .init(code: status), headers: fields, body: body)
        if status == 204 || status == 304 { response.headers[.contentLength] = nil }
        return response
    }
}
