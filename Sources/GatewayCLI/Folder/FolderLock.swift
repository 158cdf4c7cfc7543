import Foundation

/// The lock on a data folder, held until the process ends or `release` is called.
final class FolderLock: Sendable {
    private let descriptor: Int32

    /// Takes the lock.
    ///
    /// - Throws: `FolderProblem` if another process holds it.
    init(_ path: String) throws {
        descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw FolderProblem(path: path, reason: "it cannot be opened") }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            close(descriptor)
            throw FolderProblem(path: path, reason: "another storage-gateway uses this data folder")
        }
    }

    deinit {
        close(descriptor)
    }
}
