/// What an OSS endpoint said when it did not do what it was asked.
///
/// It can be made from any response whatever: with an error document, with a broken one, with the page of a proxy, or
/// with nothing. Source: oss-wire fact 6; `vectors/error-xml.json`.
public struct ServiceError: Error, Sendable, Equatable {
    /// The code of a response that holds no OSS error.
    public static let unreadableCode = "BadErrorResponse"

    /// The HTTP status.
    public let status: Int
    /// The error's code, such as `NoSuchKey`; `BadErrorResponse` if the response does not tell.
    public let code: String
    /// The message for people; nil if the response does not tell.
    public let message: String?
    /// The ID of the request; nil if the response does not tell.
    public let requestID: String?
    /// The host that answered; nil if the response does not tell.
    public let hostID: String?
    /// OSS's fine-grained code; nil if the response does not tell.
    public let ec: String?
    /// All fields of the error document as they stand, a nested one as `Container/Child`.
    public let fields: [String: String]
    /// Whether there was an error document that could be read.
    public let isParsed: Bool

    /// Reads the error out of a response.
    ///
    /// - Parameters:
    ///   - status: the HTTP status.
    ///   - headers: the header fields of the response.
    ///   - body: the body, or as much of it as there was.
    public init(status: Int, headers: [WireHeader], body: some Collection<UInt8>) {
        let header: (String) -> String? = { name in headers.first { $0.isNamed(name) }?.value }
        var document = Array(body)
        if document.isEmpty {
            document = header("x-oss-err").flatMap(Base64.decode) ?? []
        }
        let isJSON = header("Content-Type").map(Self.isJSON) ?? false
        let fields = isJSON ? ErrorJSON.fields(document) : Self.xmlFields(document)
        self.status = status
        self.fields = fields ?? [:]
        isParsed = fields != nil
        let saved = fields == nil ? Self.textSearch(document) : nil
        code = self.fields["Code"].map(Self.trimmed) ?? saved?.code ?? Self.unreadableCode
        message = self.fields["Message"].map(Self.trimmed) ?? saved?.message
        requestID = self.fields["RequestId"].map(Self.trimmed) ?? header("x-oss-request-id")
        hostID = self.fields["HostId"].map(Self.trimmed)
        ec = self.fields["EC"].map(Self.trimmed) ?? header("x-oss-ec")
    }

    /// Whether the code is this one.
    public func isCode(_ wanted: OSSErrorCode) -> Bool {
        code.utf8.elementsEqual(wanted.rawValue.utf8)
    }

    /// Whether the endpoint says that there is no such object.
    ///
    /// A 404 without a readable error counts, since HEAD has no body and some endpoints send no `x-oss-err`.
    public var isMissingObject: Bool {
        isCode(.noSuchKey) || (status == 404 && code == Self.unreadableCode)
    }

    /// The fields of an `Error` document; nil if it is none.
    private static func xmlFields(_ document: [UInt8]) -> [String: String]? {
        guard let root = try? XMLReader.read(document, root: "Error") else { return nil }
        var fields: [String: String] = [:]
        var pending = root.children.reversed().map { (path: $0.name, element: $0) }
        while let (path, element) = pending.popLast() {
            if element.children.isEmpty {
                fields[path] = element.text
            }
            pending.append(contentsOf: element.children.reversed().map { (path + "/" + $0.name, $0) })
        }
        return fields
    }

    /// What can be saved from a document that cannot be parsed.
    private static func textSearch(_ document: [UInt8]) -> (code: String?, message: String?) {
        guard document.firstRange(of: Array("<Error>".utf8)) != nil else { return (nil, nil) }
        let code = text(in: document, between: "Code")
        return (code?.isEmpty == true ? nil : code, text(in: document, between: "Message"))
    }

    private static func text(in document: [UInt8], between name: String) -> String? {
        guard let start = document.firstRange(of: Array("<\(name)>".utf8)) else { return nil }
        let rest = document[start.upperBound...]
        guard let end = rest.firstRange(of: Array("</\(name)>".utf8)) else { return nil }
        return String(decoding: rest[..<end.lowerBound], as: UTF8.self)
    }

    private static func isJSON(_ contentType: String) -> Bool {
        let type = contentType.utf8.prefix { $0 != ASCII.semicolon }
        return ASCII.isEqualIgnoringCase(
            String(decoding: ASCII.trimmed(Array(type)), as: UTF8.self), "application/json")
    }

    private static func trimmed(_ text: String) -> String {
        let isSpace: (UInt8) -> Bool = { $0 == ASCII.blank || ($0 >= ASCII.tab && $0 <= UInt8(ascii: "\r")) }
        var bytes = Substring(text).utf8
        bytes = bytes.drop(while: isSpace)
        while let last = bytes.last, isSpace(last) {
            bytes = bytes.dropLast()
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
