import OSSKit

/// Where a server listens: a host name or address, and a port from 0 (pick a free one) to 65535.
struct ListenAddress: Equatable, CustomStringConvertible {
    /// The host without brackets.
    let host: String
    /// The port; 0 picks a free one.
    let port: Int

    /// Reads `HOST:PORT` or `[IPV6]:PORT`; nil if the text is neither.
    init?(_ text: String) {
        guard let colon = text.lastIndex(of: ":") else { return nil }
        var host = text[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") {
            host = host.dropFirst().dropLast()
        } else if host.contains(":") {
            return nil
        }
        guard !host.isEmpty, !host.contains(where: { $0 == " " || $0 == "/" }),
            let port = DecimalNumber.parse(text[text.index(after: colon)...]), port <= 65_535
        else { return nil }
        self.host = String(host)
        self.port = Int(port)
    }

    var description: String { Self.authority(host: host, port: port) }

    /// The host under which a client on this machine reaches the server.
    var reachableHost: String {
        switch host {
        case "0.0.0.0": "127.0.0.1"
        case "::": "::1"
        default: host
        }
    }

    /// `host:port`, with brackets around an IPv6 address.
    static func authority(host: String, port: Int) -> String {
        host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
    }
}
