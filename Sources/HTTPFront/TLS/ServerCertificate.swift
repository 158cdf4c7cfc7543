import NIOSSL

/// A certificate with its chain and its key, ready to speak TLS with.
package struct ServerCertificate: Sendable {
    /// Why a certificate cannot be used.
    package enum Problem: Error, Equatable, Sendable {
        /// The chain holds no certificate, or something that is none.
        case chainUnreadable
        /// The key is not a private key in PEM form, or has a passphrase.
        case keyUnreadable
        /// The key is not that of the first certificate.
        case mismatch
    }

    /// When the first certificate of the chain ends, in seconds since 1970.
    package let expiresAtUnixSeconds: Int64
    let context: NIOSSLContext

    /// Reads a certificate.
    ///
    /// - Parameters:
    ///   - chain: The certificates in PEM form, the server's own first.
    ///   - key: The private key in PEM form.
    /// - Throws: `Problem`
    package init(chain: [UInt8], key: [UInt8]) throws(Problem) {
        guard let certificates = try? NIOSSLCertificate.fromPEMBytes(chain), let first = certificates.first else {
            throw .chainUnreadable
        }
        guard let privateKey = try? NIOSSLPrivateKey(bytes: key, format: .pem) else { throw .keyUnreadable }
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: certificates.map { .certificate($0) }, privateKey: .privateKey(privateKey))
        configuration.minimumTLSVersion = .tlsv12
        configuration.applicationProtocols = ["http/1.1"]
        guard let context = try? NIOSSLContext(configuration: configuration) else { throw .mismatch }
        self.context = context
        expiresAtUnixSeconds = Int64(first.notValidAfter)
    }
}
