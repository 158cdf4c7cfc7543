import NIOCore
import OSSKit

/// Which hosts callbacks may go to.
///
/// A client that uploads chooses the address, so that a server must not lend it its own place in a network. An address
/// of this machine, of a private network or of no network at all is refused, unless its host is named in a setting.
/// Source: oss-wire fact 13, "Private address is forbidden to callback."
package struct CallbackHosts: Sendable {
    private let allowed: Set<String>

    /// Takes the hosts that may be called wherever they are: names or addresses, in lower case.
    package init(allowed: some Sequence<String>) {
        self.allowed = Set(allowed.map { $0.lowercased() })
    }

    /// Whether a host may be called wherever its name leads.
    package func isNamed(_ host: String) -> Bool { allowed.contains(host.lowercased()) }

    /// Refuses a callback whose address is a forbidden one to begin with.
    ///
    /// - Throws: `InvalidArgument`.
    func check(_ callback: UploadCallback) throws(OSSError) {
        for address in callback.urls.compactMap({ CallbackAddress($0) }) {
            guard !isNamed(address.host) else { continue }
            let isLiteral = (try? SocketAddress(ipAddress: address.host, port: address.port)) != nil
            guard Self.isLocalName(address.host) || isLiteral && !Self.isPublic(address.host) else { continue }
            throw OSSError(
                .invalidArgument, message: "Private address is forbidden to callback.",
                fields: [("ArgumentName", "callback")])
        }
    }

    /// Whether an address may be connected to.
    package func allows(_ ipAddress: String, of host: String) -> Bool {
        isNamed(host) || Self.isPublic(ipAddress)
    }

    private static func isLocalName(_ host: String) -> Bool {
        let name = host.lowercased()
        return name == "localhost" || name.hasSuffix(".localhost")
    }

    /// Whether an address belongs to the public networks, by the registries of special addresses of IANA.
    static func isPublic(_ ipAddress: String) -> Bool {
        guard let address = try? SocketAddress(ipAddress: ipAddress, port: 1) else { return false }
        switch address {
        case .v4(let address):
            return withUnsafeBytes(of: address.address.sin_addr) { isPublicV4(Array($0)) }
        case .v6(let address):
            return withUnsafeBytes(of: address.address.sin6_addr) { isPublicV6(Array($0)) }
        case .unixDomainSocket:
            return false
        }
    }

    private static func isPublicV4(_ bytes: [UInt8]) -> Bool {
        guard bytes.count == 4 else { return false }
        switch (bytes[0], bytes[1], bytes[2]) {
        case (0, _, _), (10, _, _), (127, _, _), (224..., _, _): return false
        case (100, 64...127, _), (169, 254, _), (172, 16...31, _), (192, 168, _), (198, 18...19, _): return false
        case (192, 0, 0), (192, 0, 2), (192, 88, 99), (198, 51, 100), (203, 0, 113): return false
        default: return true
        }
    }

    /// Only global unicast, and none of it that holds an address of IPv4 which a router may unpack.
    private static func isPublicV6(_ bytes: [UInt8]) -> Bool {
        guard bytes.count == 16, bytes[0] & 0xE0 == 0x20 else { return false }
        switch (bytes[0], bytes[1], bytes[2], bytes[3]) {
        case (0x20, 0x01, 0x00...0x01, _), (0x20, 0x01, 0x0D, 0xB8), (0x20, 0x02, _, _), (0x3F, 0xFF, _, _):
            return false
        default: return true
        }
    }
}
