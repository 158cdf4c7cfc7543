import Glibc

/// Why the store could not do what it was asked, where the reason is not for the client to know.
///
/// Refusals that a client is told are `OSSError`.
package enum StoreFailure: Error, Sendable, Equatable {
    /// The store was closed before the call or during it.
    case closed
    /// Another process, or another store of this process, has the folder.
    case folderIsInUse
    /// The folder holds something else than a store of the format that this version writes.
    case unknownFormat(String)
    /// SQLite does not keep a setting that durability rests on.
    case settingsNotKept(String)
    /// An earlier failure of the disk or of the database stopped all writes until the next start.
    case writesStopped
    /// The bytes of a row that was read earlier are gone, since it was overwritten or deleted: look up once more.
    case bodyIsGone
    /// The bytes on disk are not those that were written.
    case bodyIsDamaged
    /// The byte range reaches beyond the object.
    case rangeIsOutside
    /// The upload was not finished, was discarded or was stored already.
    case uploadIsNotReady
    /// A system call failed.
    case system(call: String, errorNumber: Int32)
    /// A database statement failed, with SQLite's extended result code.
    case database(resultCode: Int32)

    /// Whether the same call may succeed a little later, without anybody's help: the disk is full or descriptors ran out.
    var isPassing: Bool {
        switch self {
        case .system(_, let errorNumber): [ENOSPC, EDQUOT, EMFILE, ENFILE].contains(errorNumber)
        default: false
        }
    }

    /// Whether bytes that were written may be gone although they were to be flushed: nothing may be promised any more.
    var isFailedFlush: Bool {
        switch self {
        case .system(let call, _): call == "fsync" || call == "fdatasync"
        default: false
        }
    }
}
