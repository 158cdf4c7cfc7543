import GRDB
import OSSKit
import Synchronization

/// Remembers that the store can no longer promise durability, and says so once.
final class Fatality: Sendable {
    private let wasReported = Atomic<Bool>(false)
    private let onFatal: @Sendable (String) -> Void

    /// Takes the hook that is called at the first report.
    init(onFatal: @escaping @Sendable (String) -> Void) {
        self.onFatal = onFatal
    }

    /// Whether anything was reported.
    var hasHappened: Bool { wasReported.load(ordering: .acquiring) }

    /// Stops all later writes, and calls the hook if this is the first report.
    func report(_ reason: String) {
        guard !wasReported.exchange(true, ordering: .acquiringAndReleasing) else { return }
        onFatal(reason)
    }

    /// Refuses a write after a report.
    ///
    /// - Throws: `StoreFailure.writesStopped`.
    func requireNone() throws(StoreFailure) {
        if hasHappened { throw StoreFailure.writesStopped }
    }

    /// Turns an error of the database or of a file into what the caller is told.
    ///
    /// A full disk and a lack of descriptors pass, so they become `ServiceUnavailable`. After damage to the database
    /// nothing may be written: that is reported.
    func translate(_ error: any Error) -> any Error {
        if let failure = error as? StoreFailure { return failure.isPassing ? OSSError(.serviceUnavailable) : failure }
        guard let error = error as? DatabaseError else { return error }
        switch error.resultCode {
        // A file that cannot be opened now is a lack of descriptors; those that matter have been open since the start.
        case .SQLITE_FULL, .SQLITE_BUSY, .SQLITE_CANTOPEN:
            return OSSError(.serviceUnavailable)
        case .SQLITE_IOERR, .SQLITE_CORRUPT, .SQLITE_NOTADB:
            report("the database failed with SQLite result code \(error.extendedResultCode.rawValue)")
        default:
            break
        }
        return StoreFailure.database(resultCode: error.extendedResultCode.rawValue)
    }
}
