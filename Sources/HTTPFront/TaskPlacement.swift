import NIOCore

/// Where the requests of a connection are answered.
package enum TaskPlacement: Sendable {
    /// On the threads that all tasks share: for answers that take long to compute.
    case sharedThreads
    /// On the event loop of the connection, so that a short answer needs no change of thread.
    ///
    /// Whatever takes long has to go elsewhere by itself, or it holds up the other connections of the loop.
    case eventLoop
}

/// Runs the tasks of a connection on its event loop, between the events of the sockets.
final class EventLoopTaskExecutor: TaskExecutor {
    private let eventLoop: any EventLoop

    /// Takes the event loop, which must not be shut down while there are tasks.
    init(_ eventLoop: any EventLoop) {
        self.eventLoop = eventLoop
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        eventLoop.execute { [self] in
            job.runSynchronously(on: asUnownedTaskExecutor())
        }
    }
}
