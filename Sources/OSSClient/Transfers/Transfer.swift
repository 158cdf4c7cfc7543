/// A transfer that can be watched while it runs.
///
/// ```swift
/// let upload = transfers.upload(file: "film.mp4", to: key)
/// async let outcome = upload.run()
/// for await progress in upload.progress {
///     print(progress.transferredBytes, progress.totalBytes ?? 0)
/// }
/// print(try await outcome.eTag)
/// ```
public struct Transfer<Outcome: Sendable>: Sendable {
    /// How far it has come; it ends with `run()`, and nothing comes before that was called.
    public let progress: TransferProgressUpdates

    private let meter: TransferMeter
    private let work: @Sendable (TransferMeter) async throws -> Outcome

    init(meter: TransferMeter, work: @escaping @Sendable (TransferMeter) async throws -> Outcome) {
        self.meter = meter
        progress = meter.updates
        self.work = work
    }

    /// Does the transfer, once; its task can be cancelled.
    ///
    /// A transfer that fails or is cancelled leaves nothing behind, on neither side, unless it has a checkpoint.
    ///
    /// - Throws: `ServiceError`; `OSSClientError`; `TransferError`; `CancellationError`.
    public func run() async throws -> Outcome {
        defer { meter.end() }
        // Some of what comes is finished even for a task that is cancelled; so it is not begun for such a one.
        try Task.checkCancellation()
        return try await work(meter)
    }
}

/// Runs work for each element, a bounded number of them at the same time, and takes the results in as they come.
///
/// If work or `accept` fails, what runs is cancelled and waited for, and the first failure is thrown.
func forEach<Element: Sendable, Result: Sendable>(
    _ elements: some Sequence<Element>, width: Int, work: @escaping @Sendable (Element) async throws -> Result,
    accept: (Result) async throws -> Void
) async throws {
    try await withThrowingTaskGroup(of: Result.self) { group in
        var rest = elements.makeIterator()
        for _ in 0..<max(width, 1) {
            guard let element = rest.next() else { break }
            group.addTask { try await work(element) }
        }
        while let result = try await group.next() {
            if let element = rest.next() {
                group.addTask { try await work(element) }
            }
            try await accept(result)
        }
    }
}

/// Runs work to its end even if the task that asks for it is cancelled.
///
/// It is for what may not be left half done: to begin something that has to be ended, to end it, and to tidy up.
func uncancelled<Result: Sendable>(_ work: @escaping @Sendable () async throws -> Result) async throws -> Result {
    // A child task would be cancelled with its parent, and its first request would fail. This one is waited for.
    try await Task { try await work() }.value
}

/// Tidies up after a failure, even in a task that is cancelled.
///
/// - Returns: the failure, or that together with what kept from tidying up.
func tidied(
    after failure: any Error, by tidy: @escaping @Sendable () async throws -> Void
) async -> any Error {
    do {
        try await uncancelled(tidy)
        return failure
    } catch {
        return UntidyTransferError(cause: failure, tidyingFailure: error)
    }
}
