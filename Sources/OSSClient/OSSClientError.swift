import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import NIOPosix
import OSSKit

/// What went wrong where the endpoint did not say so itself.
public enum OSSClientError: Error, Sendable {
    /// The endpoint could not be reached, fell silent, or broke the connection.
    case unreachable(any Error)
    /// The bytes that arrived are not those that were sent, by their CRC-64.
    case wrongChecksum
    /// The body is longer than the caller wants to have in memory.
    case bodyTooLong(maximumBytes: Int)
    /// A successful answer lacks what it has to have, or is not the answer to what was asked.
    case malformedAnswer
    /// A file on this side cannot be read or written.
    case file(call: String, path: String?, errorNumber: Int32)
    /// A file became shorter while it was sent.
    case sourceChanged
    /// A body is longer or shorter than was said before.
    case wrongLength

    /// Tells what is worth another attempt from what is not.
    static func classify(_ error: any Error) -> any Error {
        switch error {
        case let error as HTTPClientError:
            if error == .cancelled { return CancellationError() }
            if error == .bodyLengthMismatch { return OSSClientError.wrongLength }
            return transient.contains(error) ? OSSClientError.unreachable(error) : error
        case is NIOConnectionError, is IOError, is ChannelError, is HTTPParserError:
            return OSSClientError.unreachable(error)
        case is OSSError, is NIOTooManyBytesError:
            // Only documents of the endpoint are read here.
            return OSSClientError.malformedAnswer
        default:
            return error
        }
    }

    private static let transient: [HTTPClientError] = [
        .connectTimeout, .readTimeout, .writeTimeout, .deadlineExceeded, .remoteConnectionClosed,
        .getConnectionFromPoolTimeout, .tlsHandshakeTimeout, .requestStreamCancelled,
    ]
}
