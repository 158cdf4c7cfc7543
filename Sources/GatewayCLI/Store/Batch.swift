import ArgumentParser
import CommandKit

/// Does a command's items, several at the same time, and counts what became of them.
///
/// An item that fails is told and does not keep the others, unless all of them would fail for the same reason.
struct Batch: Sendable {
    /// The command's connection.
    let session: StoreSession
    /// How many items are under way at the same time.
    let width: Int
    /// What the items belong to, for a failure of the list itself; nil if that says so itself.
    var subject: String?

    /// Does all items.
    ///
    /// - Parameters:
    ///   - items: the items, in the order in which they are begun.
    ///   - work: does one; its own error is the failure of this item.
    /// - Returns: how many were done.
    /// - Throws: an `ExitCode` if any failed; what failed is printed by then.
    @discardableResult
    func run<Items: AsyncSequence & Sendable>(
        _ items: Items, work: @escaping @Sendable (Items.Element) async throws -> Void
    ) async throws -> Int where Items.Element: Sendable {
        var tally = Tally()
        try await withThrowingTaskGroup(of: FailureReport?.self) { group in
            var runningCount = 0
            var iterator = items.makeAsyncIterator()
            while let item = try await next(of: &iterator) {
                if runningCount >= width, let ended = try await group.next() {
                    runningCount -= 1
                    try take(ended, into: &tally)
                }
                group.addTask { try await failure(of: item, work) }
                runningCount += 1
            }
            while let ended = try await group.next() {
                try take(ended, into: &tally)
            }
        }
        guard let failure = tally.firstFailure else { return tally.doneCount }
        throw tally.failedCount == 1 && tally.doneCount == 0 ? ExitStatus.of(failure.kind) : ExitStatus.someFailed
    }

    /// Does the items of a list.
    @discardableResult
    func run<Item: Sendable>(
        _ items: [Item], work: @escaping @Sendable (Item) async throws -> Void
    ) async throws -> Int {
        let (stream, continuation) = AsyncStream<Item>.makeStream()
        for item in items {
            continuation.yield(item)
        }
        continuation.finish()
        return try await run(stream, work: work)
    }

    private struct Tally {
        var doneCount = 0
        var failedCount = 0
        var firstFailure: FailureReport?
    }

    private func next<Iterator: AsyncIteratorProtocol>(of iterator: inout Iterator) async throws -> Iterator.Element? {
        do {
            return try await iterator.next()
        } catch let error where error is CancellationError {
            throw error
        } catch {
            throw session.report(error, about: subject)
        }
    }

    private func failure<Item>(
        of item: Item, _ work: @Sendable (Item) async throws -> Void
    ) async throws -> FailureReport? {
        do {
            try await work(item)
            return nil
        } catch let error as BrokenPipe {
            throw error
        } catch let error as CancellationError {
            throw error
        } catch {
            return session.report(error)
        }
    }

    private func take(_ ended: FailureReport?, into tally: inout Tally) throws {
        guard let ended else {
            tally.doneCount += 1
            return
        }
        tally.failedCount += 1
        tally.firstFailure = tally.firstFailure ?? ended
        session.console.failure(ended)
        if ended.isForAll { throw ExitStatus.of(ended.kind) }
    }
}

extension FailureReport {
    /// Whether every other request would fail in the same way.
    fileprivate var isForAll: Bool {
        if kind == .unreachable || kind == .configuration { return true }
        return [
            "InvalidAccessKeyId", "SignatureDoesNotMatch", "NoSuchBucket", "RequestTimeTooSkewed",
            "SecurityTokenExpired", "InvalidSecurityToken", "UserDisable",
        ].contains(code)
    }
}
