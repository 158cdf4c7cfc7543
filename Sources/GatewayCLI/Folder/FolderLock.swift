import Foundation

/// The lock on a data folder, held until the process ends or `release` is called.
final class FolderLock: Sendable {
    private let descriptor: Int32

    /// Takes the lock.
    ///
    /// - Throws: `FolderInUse` if another process holds it, `FolderProblem` if the file cannot be opened.
    init(_ path: String) throws {
        descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw FolderProblem(path: path, reason: "it cannot be opened") }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            close(descriptor)
            throw FolderInUse(path: path)
        }
    }

    deinit {
        close(descriptor)
    }
}

/// Another process uses the data folder.
struct FolderInUse: Error, CustomStringConvertible {
    /// The lock file.
    let path: String

    var description: String { "another storage-gateway uses this data folder (it holds \(path))" }
}
