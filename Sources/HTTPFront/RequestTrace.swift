import Synchronization

/// What is found out about a request on its way to its answer, for those who write it down.
package final class RequestTrace: Sendable {
    private let name = Mutex<String?>(nil)

    /// Makes an empty trace.
    package init() {}

    /// The name of the operation that the request asks for; nil if it got no further than its signature.
    package var operation: String? {
        get { name.withLock { $0 } }
        set { name.withLock { $0 = newValue } }
    }
}

/// A context that has a trace.
package protocol TracedContext {
    /// The trace of the request.
    var trace: RequestTrace { get }
}
