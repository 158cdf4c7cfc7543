import Foundation
import NIOConcurrencyHelpers
import NIOPosix
import Synchronization

/// Takes lines of the log and writes them on a thread of its own.
///
/// Nobody who logs waits for whoever reads the log. When the reader stands still, lines wait in memory; when they are too
/// many, the oldest are dropped, and their number is told as soon as somebody reads again.
final class LogWriter: Sendable {
    /// The writer of standard error, for the whole process.
    static let standardError = LogWriter(descriptor: STDERR_FILENO)

    /// The lines that wait.
    private struct Queue {
        var lines: ArraySlice<String> = []
        var bytes = 0
        var droppedCount = 0
        var isWriting = false
    }

    private let descriptor: Int32
    private let limitBytes: Int
    private let queue = Mutex(Queue())
    private let thread = NIOThreadPool(numberOfThreads: 1)
    /// Whether everything is written; changed only while the queue is held.
    private let isIdle = ConditionLock(value: true)

    /// Starts the thread.
    ///
    /// - Parameters:
    ///   - descriptor: Where the lines go.
    ///   - limitBytes: How many bytes may wait.
    init(descriptor: Int32, limitBytes: Int = 1_048_576) {
        self.descriptor = descriptor
        self.limitBytes = limitBytes
        thread.start()
    }

    /// Takes a line, and returns at once.
    func append(_ line: String) {
        let isFirst = queue.withLock { queue in
            queue.lines.append(line)
            queue.bytes += line.utf8.count
            while queue.bytes > limitBytes, let oldest = queue.lines.popFirst() {
                queue.bytes -= oldest.utf8.count
                queue.droppedCount += 1
            }
            guard !queue.isWriting else { return false }
            queue.isWriting = true
            setIdle(false)
            return true
        }
        if isFirst { thread.submit { [self] _ in writeAll() } }
    }

    /// Waits until everything is written, but not for long.
    ///
    /// - Returns: Whether everything was written.
    @discardableResult
    func flush(seconds: Double) -> Bool {
        guard isIdle.lock(whenValue: true, timeoutSeconds: seconds) else { return false }
        isIdle.unlock()
        return true
    }

    /// Writes until nothing waits.
    private func writeAll() {
        while let text = nextText() { write(text) }
    }

    /// All lines that wait, as one text; nil, and the writer is idle, if there are none.
    private func nextText() -> String? {
        queue.withLock { queue in
            guard !queue.lines.isEmpty || queue.droppedCount > 0 else {
                queue.isWriting = false
                setIdle(true)
                return nil
            }
            let notice = "storage-gateway: \(queue.droppedCount) lines of the log were dropped, since nobody read it\n"
            let text = (queue.droppedCount > 0 ? notice : "") + queue.lines.joined()
            queue.lines = []
            queue.bytes = 0
            queue.droppedCount = 0
            return text
        }
    }

    private func setIdle(_ value: Bool) {
        isIdle.lock()
        isIdle.unlock(withValue: value)
    }

    /// Writes to the descriptor, however long that takes; a text that nobody can take any more is dropped.
    private func write(_ text: String) {
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
            let count = bytes.withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) }
            if count > 0 {
                bytes = bytes.dropFirst(count)
            } else if errno == EAGAIN {
                var waiting = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                poll(&waiting, 1, -1)
            } else if errno != EINTR {
                return
            }
        }
    }
}
