import OSSKit
import SessionModels

/// A line that `verify` was given: a request or a form as it arrived, and what it is checked against.
struct VerifyLine {
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
    init(_ root: JSONValue) throws(LineProblem) {
        if let fields = root.last("formFields"), fields.kind != .null {
            subject = .form(try LineFields.pairs(fields, "formFields").map { PostForm.Field($0.0, $0.1) })
        } else {
            subject = .request(try Self.wire(root.last("wire")))
        }
        credentials = try LineFields.credentials(root.last("credentials"))
        region = try LineFields.text(root.last("region"), "region")
        nowUnixSeconds = try LineFields.integer(root.last("time")?.last("unix"), "time.unix")
        bucket = try LineFields.optionalText(root.last("bucket"), "bucket")
        addressing = try LineFields.optionalText(root.last("addressing"), "addressing") ?? "virtual-host"
    }

    /// The credentials of an access key; nil if it is unknown.
    func credentials(of accessKeyID: String) -> Credentials? {
        credentials.first { $0.accessKeyID.utf8.elementsEqual(accessKeyID.utf8) }
    }

    private static func wire(_ value: JSONValue?) throws(LineProblem) -> Wire {
        guard let value, value.kind == .object else {
            throw LineProblem(message: "The line holds neither wire nor formFields.")
        }
        let headers = try LineFields.pairs(value.last("headers"), "wire.headers").map { WireHeader($0.0, $0.1) }
        let host = headers.first { $0.isNamed("Host") }?.value
        return Wire(
            method: try LineFields.text(value.last("method"), "wire.method"),
            scheme: try LineFields.optionalText(value.last("scheme"), "wire.scheme") ?? "http",
            host: try LineFields.optionalText(value.last("host"), "wire.host") ?? host ?? "",
            target: try LineFields.text(value.last("target"), "wire.target"), headers: headers)
    }
}
