import NIOHTTP1

/// Judges the head of a request by what HTTP/1.1 allows and this server takes.
///
/// Source: RFC 9112 sections 3.2, 3.3 and 6; SECURITY checklist 6 and 7.
package enum RequestHeadCheck {
    /// The reason to refuse the request, or nil.
    package static func refusal(of head: HTTPRequestHead) -> FrontRefusal? {
        if let refusal = hostRefusal(head.headers) { return refusal }
        guard isOriginForm(head.uri) else { return .targetInvalid }
        if let refusal = framingRefusal(head) { return refusal }
        for field in head.headers where field.value.unicodeScalars.contains("\u{FFFD}") {
            return .headerNotUTF8
        }
        for expectation in head.headers["Expect"] where expectation.lowercased() != "100-continue" {
            return .expectationUnknown
        }
        return nil
    }

    private static func hostRefusal(_ headers: HTTPHeaders) -> FrontRefusal? {
        let hosts = headers["Host"]
        guard hosts.count == 1, isHost(hosts[0]) else { return .hostInvalid }
        return nil
    }

    /// Whether the text is a registered name, an IPv4 address or a bracketed IPv6 address, with an optional port.
    private static func isHost(_ text: String) -> Bool {
        var rest = Array(text.utf8)[...]
        guard let first = rest.first else { return false }
        if first == UInt8(ascii: "[") {
            guard let close = rest.firstIndex(of: UInt8(ascii: "]")) else { return false }
            let address = rest[(rest.startIndex + 1)..<close]
            guard !address.isEmpty, address.allSatisfy({ isHexDigit($0) || $0 == 0x3A || $0 == 0x2E }) else {
                return false
            }
            rest = rest[(close + 1)...]
        } else {
            let name = rest.prefix { $0 != UInt8(ascii: ":") }
            guard !name.isEmpty, name.allSatisfy(isNameByte) else { return false }
            rest = rest.dropFirst(name.count)
        }
        guard let colon = rest.first else { return true }
        let port = rest.dropFirst()
        guard colon == UInt8(ascii: ":"), !port.isEmpty, port.count <= 5, port.allSatisfy(isDigit) else { return false }
        return port.reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) } <= 65_535
    }

    private static func isOriginForm(_ target: String) -> Bool {
        guard target.utf8.first == UInt8(ascii: "/") else { return false }
        return target.utf8.allSatisfy { byte in byte > 0x20 && byte < 0x7F && byte != UInt8(ascii: "#") }
    }

    private static func framingRefusal(_ head: HTTPRequestHead) -> FrontRefusal? {
        let encodings = head.headers["Transfer-Encoding"]
        guard !encodings.isEmpty else { return nil }
        let isPlainChunked = encodings.count == 1 && encodings[0].lowercased() == "chunked"
        guard isPlainChunked, head.version == .http1_1, !head.headers.contains(name: "Content-Length") else {
            return .transferEncodingInvalid
        }
        return nil
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }

    private static func isHexDigit(_ byte: UInt8) -> Bool {
        let lower = byte | 0x20
        return isDigit(byte) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(lower)
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        let lower = byte | 0x20
        return isDigit(byte) || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(lower)
            || byte == UInt8(ascii: "-") || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "_")
    }
}
