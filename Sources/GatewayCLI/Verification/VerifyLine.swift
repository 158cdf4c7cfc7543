import OSSKit
import SessionModels

/// A line that `verify` was given: a request or a form as it arrived, and what it is checked against.
struct VerifyLine {
    /// Why a line cannot be judged.
    struct Problem: Error {
        let message: String
    }

    /// A request as it arrived.
    struct Wire {
        let method: String
        let scheme: String
        let host: String
        let target: String
        let headers: [WireHeader]
    }

    /// What is to be judged.
    enum Subject {
        case request(Wire)
        case form([PostForm.Field])
    }

    let subject: Subject
    let credentials: [Credentials]
    let region: String
    let nowUnixSeconds: Int64
    let bucket: String?
    let addressing: String

    /// Reads a line.
    init(_ root: JSONValue) throws(Problem) {
        guard root.kind == .object else { throw Problem(message: "The line is not a JSON object.") }
        if let fields = root.last("formFields"), fields.kind != .null {
            subject = .form(try Self.pairs(fields, "formFields").map { PostForm.Field($0.0, $0.1) })
        } else {
            subject = .request(try Self.wire(root.last("wire")))
        }
        credentials = try Self.credentials(root.last("credentials"))
        region = try Self.text(root.last("region"), "region")
        nowUnixSeconds = try Self.integer(root.last("time")?.last("unix"), "time.unix")
        bucket = try Self.optionalText(root.last("bucket"), "bucket")
        addressing = try Self.optionalText(root.last("addressing"), "addressing") ?? "virtual-host"
    }

    /// The credentials of an access key; nil if it is unknown.
    func credentials(of accessKeyID: String) -> Credentials? {
        credentials.first { $0.accessKeyID.utf8.elementsEqual(accessKeyID.utf8) }
    }

    private static func wire(_ value: JSONValue?) throws(Problem) -> Wire {
        guard let value, value.kind == .object else {
            throw Problem(message: "The line holds neither wire nor formFields.")
        }
        let headers = try pairs(value.last("headers"), "wire.headers").map { WireHeader($0.0, $0.1) }
        let host = headers.first { $0.isNamed("Host") }?.value
        return Wire(
            method: try text(value.last("method"), "wire.method"),
            scheme: try optionalText(value.last("scheme"), "wire.scheme") ?? "http",
            host: try optionalText(value.last("host"), "wire.host") ?? host ?? "",
            target: try text(value.last("target"), "wire.target"), headers: headers)
    }

    private static func credentials(_ value: JSONValue?) throws(Problem) -> [Credentials] {
        guard let value else { throw Problem(message: "credentials is missing.") }
        var credentials: [Credentials] = []
        for element in value.elements ?? [value] {
            let token = try optionalText(element.last("securityToken"), "credentials.securityToken")
            credentials.append(
                Credentials(
                    accessKeyID: try text(element.last("accessKeyId"), "credentials.accessKeyId"),
                    accessKeySecret: Secret(
                        try text(element.last("accessKeySecret"), "credentials.accessKeySecret")),
                    securityToken: token.map { Secret($0) }))
        }
        return credentials
    }

    private static func pairs(_ value: JSONValue?, _ name: String) throws(Problem) -> [(String, String)] {
        guard let elements = value?.elements else { throw Problem(message: "\(name) is not a list.") }
        var pairs: [(String, String)] = []
        for element in elements {
            guard let texts = element.elements?.map(\.string), texts.count == 2, let first = texts[0],
                let second = texts[1]
            else { throw Problem(message: "\(name) holds something that is not a pair of texts.") }
            pairs.append((first, second))
        }
        return pairs
    }

    private static func text(_ value: JSONValue?, _ name: String) throws(Problem) -> String {
        guard let text = value?.string else { throw Problem(message: "\(name) is not a text.") }
        return text
    }

    private static func optionalText(_ value: JSONValue?, _ name: String) throws(Problem) -> String? {
        guard let value, value.kind != .null else { return nil }
        return try text(value, name)
    }

    private static func integer(_ value: JSONValue?, _ name: String) throws(Problem) -> Int64 {
        let text = value.map { String(decoding: $0.compact, as: UTF8.self) } ?? ""
        let isNegative = text.utf8.first == UInt8(ascii: "-")
        guard value?.kind == .number, let number = DecimalNumber.parse(isNegative ? text.dropFirst() : text[...])
        else { throw Problem(message: "\(name) is not a whole number of at most 18 digits.") }
        return isNegative ? -number : number
    }
}
