/// A value that is set once, by one task, and awaited by another.
struct OneTimeValue<Value: Sendable>: Sendable {
    private let stream: AsyncStream<Value>
    private let continuation: AsyncStream<Value>.Continuation

    /// Makes a value that is not there yet.
    init() {
        (stream, continuation) = AsyncStream.makeStream(of: Value.self, bufferingPolicy: .bufferingOldest(1))
    }

    /// Sets the value; later ones are dropped.
    func set(_ value: Value) {
        continuation.yield(value)
        continuation.finish()
    }

    /// Waits for the value, once; nil if the task was cancelled before it came.
    func wait() async -> Value? {
        await stream.first { _ in true }
    }
}
