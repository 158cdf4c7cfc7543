import NIOCore
import NIOSSL
import Synchronization

/// The certificate that new connections are answered with; it can be replaced while the server runs.
package final class CertificateHolder: Sendable {
    private let current: Mutex<ServerCertificate>

    /// Takes the first certificate.
    package init(_ certificate: ServerCertificate) {
        current = Mutex(certificate)
    }

    /// Answers new connections with another certificate; those that are there keep theirs.
    package func replace(with certificate: ServerCertificate) {
        current.withLock { $0 = certificate }
    }

    /// Puts TLS in front of whatever else a connection's pipeline gets.
    func addHandlers(to pipeline: ChannelPipeline.SynchronousOperations, limits: FrontLimits) throws {
        let context = current.withLock { $0.context }
        try pipeline.addHandler(NIOSSLServerHandler(context: context))
        try pipeline.addHandler(HandshakeWatch(longest: .seconds(limits.handshakeSeconds)))
    }
}
