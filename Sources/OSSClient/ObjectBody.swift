import AsyncHTTPClient
import NIOCore
import OSSKit

/// The content of an object, piece by piece as it arrives.
///
/// It can be read once. The last piece is followed by `OSSClientError.wrongChecksum` if the bytes are not those that
/// were stored; so nothing is to be trusted before the end.
public struct ObjectBody: AsyncSequence, Sendable {
    public typealias Element = ByteBuffer

    private let pieces: HTTPClientResponse.Body
    private let crc64: UInt64?

    init(_ pieces: HTTPClientResponse.Body, crc64: UInt64?) {
        self.pieces = pieces
        self.crc64 = crc64
    }

    public func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(pieces: pieces.makeAsyncIterator(), crc64: crc64)
    }

    /// Reads the pieces and counts their checksum.
    public struct AsyncIterator: AsyncIteratorProtocol {
        private var pieces: HTTPClientResponse.Body.AsyncIterator
        private let crc64: UInt64?
        private var counted = CRC64()

        init(pieces: HTTPClientResponse.Body.AsyncIterator, crc64: UInt64?) {
            self.pieces = pieces
            self.crc64 = crc64
        }

        public mutating func next() async throws -> ByteBuffer? {
            do {
                guard let piece = try await pieces.next() else {
                    guard crc64 == nil || crc64 == counted.value else { throw OSSClientError.wrongChecksum }
                    return nil
                }
                counted.update(piece)
                return piece
            } catch {
                throw OSSClientError.classify(error)
            }
        }
    }
}
