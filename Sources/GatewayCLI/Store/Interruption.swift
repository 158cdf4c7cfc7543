import Dispatch
import Foundation
import Synchronization

/// Ends work in order when the process is told to stop.
///
/// The first SIGINT, SIGTERM or SIGHUP cancels the work, which takes back what it can of what is unfinished. The second
/// one, whichever of them it is, ends the process at once.
enum Interruption {
    /// How work ended.
    enum Outcome: Sendable {
        /// It was done.
        case done
        /// It failed.
        case failed(any Error)
        /// A signal of this number ended it.
        case stopped(by: Int32)
    }

    /// Runs work to its end, or until a signal.
    static func running(_ work: @escaping @Sendable () async throws -> Void) async -> Outcome {
        let (signals, continuation) = AsyncStream<Int32>.makeStream()
        let first = FirstSignal()
        let sources = [SIGINT, SIGTERM, SIGHUP].map { watch($0, first, continuation) }
        defer { sources.forEach { $0.cancel() } }
        return await withTaskGroup(of: Outcome.self) { group in
            group.addTask {
                do {
                    try await work()
                    return .done
                } catch {
                    return .failed(error)
                }
            }
            group.addTask {
                for await number in signals {
                    return .stopped(by: number)
                }
                return .done
            }
            let outcome = await group.next() ?? .done
            group.cancelAll()
            guard case .stopped(let number) = outcome, let last = await group.next() else { return outcome }
            // Work that was done a moment before the signal was heard is done.
            if case .done = last { return .done }
            return .stopped(by: number)
        }
    }

    private static func watch(
        _ number: Int32, _ first: FirstSignal, _ continuation: AsyncStream<Int32>.Continuation
    ) -> any DispatchSourceSignal {
        // The source hears of signals only where their own effect is off.
        signal(number, SIG_IGN)
        let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
        source.setEventHandler {
            guard first.isThisOne() else { _exit(128 + number) }
            continuation.yield(number)
        }
        source.resume()
        return source
    }
}

/// Tells the first signal from those after it, of whatever number.
private final class FirstSignal: Sendable {
    private let wasHeard = Atomic(false)

    /// Whether no signal was heard before.
    func isThisOne() -> Bool { !wasHeard.exchange(true, ordering: .relaxed) }
}
