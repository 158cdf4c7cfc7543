import NIOCore

/// The bytes that a request sends: from memory, from a file, or piece by piece as they come into being.
public struct UploadBody: Sendable {
    /// How many bytes there are; nil if only their end will tell, and then they are sent in chunks.
    public let lengthBytes: Int64?
    /// Whether the bytes can be read once more, so that a request which failed can be sent again.
    public let isReplayable: Bool
    /// The bytes, where they all are in memory.
    let buffer: ByteBuffer?
    /// Starts to read; each call begins at the first byte.
    let open: @Sendable () -> NextPiece

    /// Gives the next piece; nil at the end.
    typealias NextPiece = () async throws -> ByteBuffer?

    /// Takes bytes from memory.
    public static func bytes(_ buffer: ByteBuffer) -> UploadBody {
        UploadBody(
            lengthBytes: Int64(buffer.readableBytes), isReplayable: true, buffer: buffer,
            open: {
                var rest: ByteBuffer? = buffer
                return {
                    defer { rest = nil }
                    return rest
                }
            })
    }

    /// Takes the UTF-8 bytes of a text.
    public static func text(_ text: String) -> UploadBody {
        bytes(ByteBuffer(string: text))
    }

    /// Takes pieces that can be read only once; a request with them is never repeated.
    ///
    /// - Parameters:
    ///   - pieces: the pieces, in order; empty ones do no harm.
    ///   - lengthBytes: how many bytes they make; nil if that is not known.
    public static func stream<Pieces: AsyncSequence & Sendable>(
        _ pieces: Pieces, lengthBytes: Int64?
    ) -> UploadBody where Pieces.Element == ByteBuffer, Pieces.AsyncIterator: SendableMetatype {
        UploadBody(lengthBytes: lengthBytes, isReplayable: false, buffer: nil, open: opening { pieces })
    }

    /// Takes pieces that can be made anew, for each attempt of a request.
    ///
    /// - Parameters:
    ///   - lengthBytes: how many bytes they make; nil if that is not known.
    ///   - pieces: makes the pieces from the first one on, and the same ones each time.
    public static func replayable<Pieces: AsyncSequence & SendableMetatype>(
        lengthBytes: Int64?, _ pieces: @escaping @Sendable () -> Pieces
    ) -> UploadBody where Pieces.Element == ByteBuffer, Pieces.AsyncIterator: SendableMetatype {
        UploadBody(lengthBytes: lengthBytes, isReplayable: true, buffer: nil, open: opening(pieces))
    }

    private static func opening<Pieces: AsyncSequence & SendableMetatype>(
        _ pieces: @escaping @Sendable () -> Pieces
    ) -> @Sendable () -> NextPiece where Pieces.Element == ByteBuffer, Pieces.AsyncIterator: SendableMetatype {
        {
            var iterator = pieces().makeAsyncIterator()
            return { try await iterator.next() }
        }
    }
}
