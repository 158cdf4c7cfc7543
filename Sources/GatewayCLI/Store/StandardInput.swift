import CommandKit
import Foundation
import NIOCore
import NIOPosix

/// Standard input, piece by piece, for an upload that ends where the input does.
struct StandardInput: AsyncSequence, Sendable {
    typealias Element = ByteBuffer

    /// The most bytes a second; nil for no limit.
    var bytesPerSecond: Int64?
    /// The most bytes that are read before the input is refused; nil for no end.
    var maximumBytes: Int64?

    /// The most bytes that one request can store: 5 GiB.
    static let maximumPutBytes: Int64 = 5_368_709_120

    func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(
            limit: bytesPerSecond.map { RateLimit(bytesPerSecond: $0) }, restBytes: maximumBytes ?? .max)
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
        fileprivate var restBytes: Int64

        /// The next piece; nil at the end.
        ///
        /// Nobody can wake a thread that reads a pipe, so it looks up now and then whether it is still wanted.
        mutating func next() async throws -> ByteBuffer? {
            while true {
                try Task.checkCancellation()
                switch try await StandardInput.read() {
                case .bytes(let buffer):
                    guard buffer.readableBytes <= restBytes else {
                        throw FailureReport(
                            .refused, "it is longer than the 5 GiB that one request can store",
                            subject: "standard input", hint: "put it into a file first: a file goes in parts")
                    }
                    restBytes -= Int64(buffer.readableBytes)
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
