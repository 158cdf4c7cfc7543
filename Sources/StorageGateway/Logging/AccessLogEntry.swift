import OSSKit
import ObjectStore

/// One request, as a line of an access log tells it.
///
/// The fields are those of OSS's documentation in its order. What is told of those that nothing here knows, and of
/// secrets in a query, is assumption A-136.
struct AccessLogEntry: Sendable {
    /// The request.
    let request: WireRequest
    /// What it is about.
    let resource: SignedResource
    /// Its sender's address; empty if that is not known.
    let address: String
    /// Who sent it; nil if that was not found out.
    let requester: Requester?
    /// The operation; nil if none was found.
    let operation: String?
    /// Its id.
    let requestID: String
    /// When it came, in milliseconds since 1970, UTC.
    let milliseconds: Int64
    /// How long its answer took, in milliseconds.
    let spentMilliseconds: Int64
    /// The status of the answer.
    let status: Int
    /// How many bytes the answer announced; nil if it did not.
    let sentBytes: String?
    /// The code of the refusal; nil for none.
    let errorCode: String?

    /// Parameters of which only the name is told.
    private static let secrets: Set<String> = [
        "signature", "x-oss-signature", "x-amz-signature", "security-token", "x-oss-security-token",
        "x-amz-security-token",
    ]
    /// The longest target and the longest header field that are told, in bytes.
    private static let fieldLimitBytes = 2_048

    /// The line, with its end.
    func line(ownerID: String) -> String {
        let isStored = status == 200 && ["PutObject", "AppendObject", "PostObject"].contains(operation)
        let length = request.header("content-length")
        let objectSize = isStored ? length : ["GetObject", "HeadObject"].contains(operation) ? sentBytes : nil
        let isKnown = requester?.isAnonymous == false
        return [
            address.isEmpty ? "-" : address, "-", "-", "[\(Self.time(milliseconds))]",
            quoted("\(request.method) \(Self.target(request.target)) HTTP/1.1"), String(status), sentBytes ?? "-",
            String(spentMilliseconds), quoted(request.header("referer")), quoted(request.header("user-agent")),
            quoted(request.host), quoted(requestID), quoted("true"), quoted(isKnown ? requester?.ownerID : nil),
            quoted(operation), quoted(resource.bucket),
            quoted(resource.key.map { PercentCoding.encode($0, keepingSlash: true) }), objectSize ?? "-",
            String(spentMilliseconds), quoted(errorCode), length ?? "-", quoted(ownerID), "-", quoted(nil), quoted(nil),
            quoted(nil), quoted(nil), quoted(isKnown ? requester?.accessKeyID : nil),
        ].joined(separator: " ") + "\n"
    }

    /// The target as it came, with the values of signatures and tokens cut out.
    private static func target(_ target: RequestTarget) -> String {
        let items = target.query.map { item in
            let name = PercentCoding.encode(item.nameBytes)
            guard let value = item.valueBytes else { return name }
            return name + "=" + (secrets.contains(item.name.lowercased()) ? "***" : PercentCoding.encode(value))
        }
        return target.rawPath + (items.isEmpty ? "" : "?" + items.joined(separator: "&"))
    }

    /// A time as OSS's logs write it, such as `13/Jul/2021:10:57:51 +0000`.
    private static func time(_ milliseconds: Int64) -> String {
        // Sun, 06 Nov 1994 08:49:37 GMT
        let parts = HTTPDate.format(unixSeconds: milliseconds / 1_000).split(separator: " ")
        guard parts.count == 6 else { return "-" }
        return "\(parts[1])/\(parts[2])/\(parts[3]):\(parts[4]) +0000"
    }

    /// A text in quotes that it cannot end itself; `-` for none.
    private func quoted(_ text: String?) -> String {
        guard let text, !text.isEmpty else { return "\"-\"" }
        var bytes: [UInt8] = []
        for byte in text.utf8.prefix(Self.fieldLimitBytes) {
            if byte < 0x20 || byte == 0x7F || byte == UInt8(ascii: "\"") {
                bytes += Array(PercentCoding.encode([byte]).utf8)
            } else {
                bytes.append(byte)
            }
        }
        return "\"\(String(decoding: bytes, as: UTF8.self))\""
    }
}
