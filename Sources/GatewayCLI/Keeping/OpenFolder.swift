import CommandKit
import Foundation
import Logging
import NIOPosix
import OSSKit
import ObjectStore
import SessionAPI
import Synchronization

/// A data folder whose object store is open in this process.
struct OpenFolder: Sendable {
    /// The folder.
    let folder: DataFolder
    /// Its object store; nil where files are kept in another one.
    let objects: DiskStore?
    /// Copies the database of sessions to a path; nil as long as the session API is not open.
    let copySessions: @Sendable () -> SessionsCopy?
    /// Compares files and objects; nil as long as the session API is not open, and without an object store.
    var reconciliation: @Sendable () -> UploadReconciliation? = { nil }

    /// Its object store.
    ///
    /// - Throws: `FailureReport` where there is none.
    var store: DiskStore {
        get throws {
            guard let objects else {
                throw FailureReport(.notFound, "there is no object store in this data folder", subject: folder.path)
            }
            return objects
        }
    }
}

/// What can be done with the session API's data as long as it is open.
struct SessionsWork: Sendable {
    /// Copies the database.
    let copy: SessionsCopy
    /// Compares files and objects; nil without an object store.
    let reconciliation: UploadReconciliation?
}

/// Copies the database of sessions, of one moment, to a path of a file that is empty.
typealias SessionsCopy = @Sendable (String) async throws -> Void

/// Where the session API says what can be done with its data, as long as it is open.
final class SessionsPlace: Sendable {
    private let work = Mutex<SessionsWork?>(nil)

    /// What can be done; nil while it is not open.
    var current: SessionsWork? { work.withLock { $0 } }

    /// Says what, or that it is no longer possible.
    func set(_ new: SessionsWork?) {
        work.withLock { $0 = new }
    }
}

extension OpenFolder {
    /// Opens a folder that no server uses, does work with it, and closes it.
    ///
    /// - Throws: `FolderInUse`, `FolderProblem`, `StoreFailure`, or what the work threw.
    static func opened(_ folder: DataFolder, _ work: (OpenFolder) async throws -> Void) async throws {
        let lock = try FolderLock(folder.lockFile)
        defer { withExtendedLifetime(lock) {} }
        guard access(folder.objects + "/VERSION", F_OK) == 0 else {
            throw FailureReport(.notFound, "there is no object store in this data folder", subject: folder.path)
        }
        let failure = FatalNote()
        let environment = StoreEnvironment(
            now: SystemEnvironment.nowMilliseconds, randomBytes: SystemEnvironment.randomBytes,
            onFatal: { failure.set($0) })
        let store = try await DiskStore.open(StoreConfiguration(folder: folder.objects), environment: environment)
        let outcome: Result<Void, any Error>
        do {
            let open = OpenFolder(folder: folder, objects: store) { { try await copySessions(of: folder, to: $0) } }
            try await work(open)
            outcome = .success(())
        } catch {
            outcome = .failure(error)
        }
        try await store.close()
        if let reason = failure.reason {
            throw FailureReport(.integrity, "the disk or the database failed: \(reason)", subject: folder.objects)
        }
        try outcome.get()
    }

    private static func copySessions(of folder: DataFolder, to path: String) async throws {
        let store = try await Sessions.openStore(folder, logger: Logger(label: "storage-gateway"))
        try await NIOThreadPool.singleton.runIfActive {
            try store.backUp(to: path)
            try store.shutDown()
        }
    }
}

/// Remembers why a store can no longer promise durability.
private final class FatalNote: Sendable {
    private let text = Mutex<String?>(nil)

    /// Why; nil if it can.
    var reason: String? { text.withLock { $0 } }

    /// Notes why.
    func set(_ reason: String) {
        text.withLock { $0 = reason }
    }
}
