import Foundation

/// The lines of standard input, each handed on as soon as its newline arrives.
struct StandardInputLines {
    /// One line, or what is said instead of one.
    enum Line {
        /// The bytes without the newline.
        case bytes([UInt8])
        /// The line was longer than allowed; its bytes are gone.
        case tooLong
    }

    /// The longest line that is read, in bytes.
    static let maximumLineBytes = 4 * 1_024 * 1_024
    private static let chunkBytes = 65_536

    private var buffer: [UInt8] = []
    private var isSkipping = false
    private var isAtEnd = false

    /// The next line; nil at the end.
    ///
    /// What stands after the last newline is a line unless it is empty.
    mutating func next() throws(ReadProblem) -> Line? {
        var searched = 0
        while true {
            if let end = buffer[searched...].firstIndex(of: UInt8(ascii: "\n")) {
                let line = Array(buffer[..<end])
                buffer.removeSubrange(...end)
                return finished(line)
            }
            if buffer.count > Self.maximumLineBytes {
                isSkipping = true
                buffer.removeAll()
            }
            searched = buffer.count
            if isAtEnd {
                guard isSkipping || !buffer.isEmpty else { return nil }
                let line = buffer
                buffer.removeAll()
                return finished(line)
            }
            try readChunk()
        }
    }

    private mutating func finished(_ line: [UInt8]) -> Line {
        defer { isSkipping = false }
        return isSkipping || line.count > Self.maximumLineBytes ? .tooLong : .bytes(line)
    }

    private mutating func readChunk() throws(ReadProblem) {
        var chunk = [UInt8](repeating: 0, count: Self.chunkBytes)
        let count = chunk.withUnsafeMutableBytes { Foundation.read(STDIN_FILENO, $0.baseAddress, $0.count) }
        guard count >= 0 else {
            if errno == EINTR { return }
            throw ReadProblem()
        }
        isAtEnd = count == 0
        buffer += chunk[..<count]
    }

    /// Standard input cannot be read.
    struct ReadProblem: Error {}
}
