import CommandKit
import Foundation
import NIOCore
import NIOPosix

/// Standard input, piece by piece, for an upload that ends where the input does.
struct StandardInput: AsyncSequence, Sendable {
    typealias Element = ByteBuffer

    /// The most bytes a second; nil for no limit.
    var bytesPerSecond: Int64?

    func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(limit: bytesPerSecond.map { RateLimit(bytesPerSecond: $0) })
    }

    /// The next line, without what ends it; as much as there is if the input ends first.
    static func line() async throws -> String {
        var line: [UInt8] = []
        for try await piece in StandardInput() {
            line += piece.readableBytesView
            if line.contains(UInt8(ascii: "\n")) || line.count > pieceBytes { break }
        }
        return String(decoding: line.prefix { $0 != UInt8(ascii: "\n") && $0 != UInt8(ascii: "\r") }, as: UTF8.self)
    }

    struct AsyncIterator: AsyncIteratorProtocol {
        fileprivate var limit: RateLimit?

        /// The next piece; nil at the end.
        ///
        /// Nobody can wake a thread that reads a pipe, so it looks up now and then whether it is still wanted.
        mutating func next() async throws -> ByteBuffer? {
            while true {
                try Task.checkCancellation()
                switch try await StandardInput.read() {
                case .bytes(let buffer):
                    try await limit?.wait(for: buffer.readableBytes)
                    return buffer
                case .end: return nil
                case .nothingYet: continue
                }
            }
        }
    }

    private enum Answer: Sendable {
        case bytes(ByteBuffer)
        case end
        case nothingYet
    }

    /// The length of a piece, and how long it is waited for before the thread looks up.
    private static let pieceBytes = 65_536
    private static let waitMilliseconds: Int32 = 200

    private static func read() async throws -> Answer {
        try await NIOThreadPool.singleton.runIfActive {
            var wanted = pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0)
            guard poll(&wanted, 1, waitMilliseconds) != 0 else { return .nothingYet }
            var bytes = [UInt8](repeating: 0, count: pieceBytes)
            let count = Foundation.read(STDIN_FILENO, &bytes, bytes.count)
            guard count >= 0 else {
                if errno == EINTR || errno == EAGAIN { return .nothingYet }
                throw FailureReport(.inputOutput, SystemError.text(errno), subject: "standard input")
            }
            return count == 0 ? .end : .bytes(ByteBuffer(bytes: bytes[..<count]))
        }
    }
}
