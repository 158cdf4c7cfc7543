import HTTPFront
import OSSKit
import Synchronization

/// What is found out about a request on its way, for its line in the log of its bucket.
final class SurfaceTrace: Sendable {
    /// What was asked for, and by whom, as far as it is known.
    struct Facts: Sendable {
        /// The request.
        var request: WireRequest?
        /// What it is about.
        var resource: SignedResource?
        /// Who sent it.
        var requester: Requester?
    }

    private let shared: RequestTrace
    private let found = Mutex(Facts())

    /// Makes a trace that tells the operation to another one.
    init(_ shared: RequestTrace) {
        self.shared = shared
    }

    /// The name of the operation; nil if none was found.
    var operation: String? { shared.operation }

    /// What is known.
    var facts: Facts { found.withLock { $0 } }

    /// Notes what a request is about.
    func note(_ request: WireRequest, _ resource: SignedResource) {
        found.withLock { facts in
            facts.request = request
            facts.resource = resource
        }
    }

    /// Notes who sent it.
    func note(_ requester: Requester) { found.withLock { $0.requester = requester } }

    /// Notes what it asks for.
    func note(operation: String) { shared.operation = operation }
}
