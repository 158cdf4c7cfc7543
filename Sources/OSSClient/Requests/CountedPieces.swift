import AsyncHTTPClient
import NIOCore
import OSSKit
import Synchronization

/// The pieces of one attempt to send a body, whose checksum is counted as they leave.
struct CountedPieces: AsyncSequence, Sendable {
    typealias Element = ByteBuffer

    let body: UploadBody
    let checksum: SentChecksum

    func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(next: body.open(), checksum: checksum)
    }

    struct AsyncIterator: AsyncIteratorProtocol {
        fileprivate let next: UploadBody.NextPiece
        fileprivate let checksum: SentChecksum

        mutating func next() async throws -> ByteBuffer? {
            let piece: ByteBuffer?
            do {
                piece = try await next()
            } catch {
                checksum.note(error)
                throw error
            }
            if let piece {
                checksum.update(piece)
            }
            return piece
        }
    }
}

/// The checksum of what one attempt has sent so far.
final class SentChecksum: Sendable {
    private let state = Mutex<(crc64: CRC64, failure: (any Error)?)>((CRC64(), nil))

    /// The checksum.
    var value: UInt64 { state.withLock { $0.crc64.value } }
    /// Why the bytes ended early; nil if they did not.
    ///
    /// It is the source's own error, which no repetition mends.
    var failure: (any Error)? { state.withLock { $0.failure } }

    /// Takes in a piece.
    func update(_ piece: ByteBuffer) {
        state.withLock { $0.crc64.update(piece) }
    }

    /// Remembers that the source failed.
    func note(_ failure: any Error) {
        state.withLock { $0.failure = failure }
    }
}

extension UploadBody {
    /// The body as the HTTP client sends it.
    func requestBody(counting checksum: SentChecksum) -> HTTPClientRequest.Body {
        if let buffer {
            checksum.update(buffer)
            return .bytes(buffer)
        }
        return .stream(
            CountedPieces(body: self, checksum: checksum), length: lengthBytes.map { .known($0) } ?? .unknown)
    }

    /// Whether sending it takes so little time that the time for an answer can count from its beginning.
    var isSmall: Bool {
        buffer.map { $0.readableBytes <= 65_536 } ?? false
    }
}
