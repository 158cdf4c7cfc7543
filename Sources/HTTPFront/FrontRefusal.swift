import HTTPTypes

/// Why a request was refused before either API saw it.
package enum FrontRefusal: Sendable, Equatable {
    /// No `Host`, several of them, or one that is not a host with an optional port.
    case hostInvalid
    /// The target is not in origin form, or holds a fragment or bytes that a target cannot hold.
    case targetInvalid
    /// `Transfer-Encoding` is not exactly `chunked`, came with `Content-Length`, or came over HTTP/1.0.
    case transferEncodingInvalid
    /// A header field holds bytes that are not UTF-8.
    case headerNotUTF8
    /// `Expect` asks for something else than `100-continue`.
    case expectationUnknown
    /// The method is none that HTTP or OSS has.
    case methodUnknown
    /// The head cannot be parsed, or has too many or too long fields.
    case malformed
    /// Too many requests were sent before the first of them was answered.
    case tooFarAhead
    /// So many requests are being answered that another one must wait.
    case overloaded

    /// The HTTP status of the answer.
    package var status: HTTPResponse.Status {
        switch self {
        case .expectationUnknown: .expectationFailed
        case .methodUnknown: .methodNotAllowed
        case .overloaded: .serviceUnavailable
        default: .badRequest
        }
    }

    /// One sentence for people.
    package var message: String {
        switch self {
        case .hostInvalid: "The request must have exactly one valid Host header."
        case .targetInvalid: "The request target must be in origin form, without a fragment."
        case .transferEncodingInvalid:
            "Transfer-Encoding must be chunked, over HTTP/1.1, and not come with Content-Length."
        case .headerNotUTF8: "A header field is not UTF-8."
        case .expectationUnknown: "The only expectation that is met is 100-continue."
        case .methodUnknown: "The method is not known."
        case .malformed: "The request cannot be parsed."
        case .tooFarAhead: "Too many requests were sent before the first of them was answered."
        case .overloaded: "Please reduce your request rate or try again later."
        }
    }
}

/// The body of a refusal, in the words of the API that the connection belongs to.
package struct FrontRefusalBody: Sendable {
    /// The `Content-Type` of the body.
    package let contentType: String
    /// Further headers, such as a request id.
    package let headers: [(name: String, value: String)]
    /// The body's text.
    package let text: String

    /// Makes a body.
    package init(contentType: String, headers: [(name: String, value: String)] = [], text: String) {
        self.contentType = contentType
        self.headers = headers
        self.text = text
    }
}
