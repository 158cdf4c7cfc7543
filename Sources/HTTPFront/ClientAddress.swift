import NIOCore

/// Whose connections are counted together: an IPv4 address, or the network of an IPv6 address.
///
/// Whoever has an IPv6 address has all 2^64 of its network. No header field of a request has a say in this.
package enum ClientAddress: Hashable, Sendable {
    /// The four bytes of an IPv4 address; an IPv6 address that only stands for it is the same.
    case version4([UInt8])
    /// The first eight bytes of an IPv6 address.
    case version6([UInt8])
    /// A connection without an address, such as one over a socket file.
    case local

    /// The address of the other side of a connection.
    package init(_ address: SocketAddress?) {
        switch address {
        case .v4(let address):
            self = .version4(withUnsafeBytes(of: address.address.sin_addr) { Array($0) })
        case .v6(let address):
            let bytes = withUnsafeBytes(of: address.address.sin6_addr) { Array($0) }
            let isVersion4 = bytes.starts(with: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF])
            self = isVersion4 ? .version4(Array(bytes.suffix(4))) : .version6(Array(bytes.prefix(8)))
        default:
            self = .local
        }
    }
}
