import OSSClient

/// What becomes of unfinished work when a signal ends a command; the worst that is known counts.
package enum UnfinishedWork: Int, Comparable, Sendable, CaseIterable {
    /// There was none: each step is done or is not.
    case nothing
    /// It is taken back, here and at the store.
    case takenBack
    /// It stays for the same command to go on with.
    case kept
    /// It stays, though it should not.
    case leftBehind

    package static func < (one: UnfinishedWork, other: UnfinishedWork) -> Bool { one.rawValue < other.rawValue }

    /// What the user is told after a signal.
    package var report: FailureReport {
        switch self {
        case .nothing: FailureReport(.cancelled, "stopped by a signal; what was done until then stays done")
        case .takenBack: FailureReport(.cancelled, "stopped by a signal; what was unfinished was taken back")
        case .kept:
            FailureReport(.cancelled, "stopped by a signal; the same command with --checkpoint-dir goes on from here")
        case .leftBehind:
            FailureReport(.cancelled, "stopped by a signal; an unfinished upload or file was left behind")
        }
    }

    /// What a failure says of it; nil if it left nothing.
    package init?(leftBy error: any Error) {
        switch error {
        case is UntidyTransferError, OSSClientError.file(call: "unlink", path: _, errorNumber: _): self = .leftBehind
        default: return nil
        }
    }
}
