import Hummingbird
import Logging
import NIOCore

/// What the server knows about a request beside the request itself.
package struct SessionRequestContext: InitializableFromSource, Sendable {
    package typealias Source = ApplicationRequestContextSource

    /// The logger of this request.
    package var logger: Logger
    /// The IP address at the other end of the connection, or `unknown`.
    package let peerAddress: String

    /// Takes a connection's context.
    package init(source: ApplicationRequestContextSource) {
        logger = source.logger
        peerAddress = source.channel.remoteAddress?.ipAddress ?? "unknown"
    }
}
