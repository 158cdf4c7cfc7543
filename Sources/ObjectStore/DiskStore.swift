import GRDB
import NIOCore
import OSSKit
import Synchronization

/// Objects on the local disk: bytes in files or rows, metadata in SQLite, one commit as the point of truth.
///
/// What a method that writes has returned survives the loss of power. Refusals that a client may be told are
/// `OSSError`; everything else is a `StoreFailure`.
package final class DiskStore: Sendable {
    let configuration: StoreConfiguration
    let environment: StoreEnvironment
    let disk: any Disk
    let blobs: BlobFolder
    let database: MetadataDatabase
    let committer: Committer
    let fatality: Fatality
    private let threads: WorkerThreads
    let freeSpace: FreeSpace
    private let isClosed = Atomic<Bool>(false)

    /// Opens the store in a folder, which is made if it is missing.
    ///
    /// - Throws: `StoreFailure.folderIsInUse` if somebody else has it, `StoreFailure.unknownFormat`,
    ///   `StoreFailure.settingsNotKept`, or the failed system call.
    package static func open(
        _ configuration: StoreConfiguration, environment: StoreEnvironment
    ) async throws -> DiskStore {
        let threads = WorkerThreads(count: configuration.ioThreads)
        return try await threads.run {
            let disk = try configuration.disk ?? RealDisk(configuration.folder, threads: threads)
            try disk.lock()
            do {
                return try DiskStore(configuration, environment, disk, threads)
            } catch {
                disk.unlock()
                throw error
            }
        }
    }

    private init(
        _ configuration: StoreConfiguration, _ environment: StoreEnvironment, _ disk: any Disk,
        _ threads: WorkerThreads
    ) throws {
        self.configuration = configuration
        self.environment = environment
        self.threads = threads
        self.fatality = Fatality(onFatal: environment.onFatal)
        self.disk = disk
        try StoreFolder.prepare(disk)
        self.blobs = BlobFolder(
            disk: disk, threads: threads, randomBytes: environment.randomBytes, fatality: fatality)
        do {
            self.database = try MetadataDatabase(
                disk: disk, readConnections: configuration.readConnections, fatality: fatality)
        } catch let error as DatabaseError {
            throw StoreFailure.database(resultCode: error.extendedResultCode.rawValue)
        }
        try disk.syncFolder("")
        self.committer = Committer(database: database, fatality: fatality, configuration: configuration)
        self.freeSpace = FreeSpace(
            disk: disk, threads: threads, floorBytes: configuration.freeSpaceFloorBytes, now: environment.now)
    }

    /// Commits what waits, moves the database's log into its file and gives the folder back.
    ///
    /// Everything that is called afterwards is refused with `StoreFailure.closed`. A second call does nothing.
    /// - Throws: what went wrong; no acknowledged write is lost by it, since recovery runs at the next start.
    package func close() async throws {
        guard !isClosed.exchange(true, ordering: .acquiringAndReleasing) else { return }
        try await committer.close()
        try await database.stopReaders()
        let (database, disk) = (database, disk)
        let outcome: Result<Void, any Error>
        do {
            try await threads.run { try database.close() }
            outcome = .success(())
        } catch {
            outcome = .failure(fatality.translate(error))
        }
        try await threads.stop()
        disk.unlock()
        try outcome.get()
    }

    /// The settings of the connection that commits, asked anew.
    package func databaseSettings() async throws -> DatabaseSettings {
        try requireOpen()
        return try await committer.betweenGroups { try DatabaseSettings(readFrom: $0) }
    }

    /// How many commits there were since the start, and how many changes they held.
    package var commitCounts: (commits: Int, changes: Int) {
        let counts = committer.counts
        return (counts.commits, counts.changes)
    }

    /// Refuses a call after `close()`.
    func requireOpen() throws(StoreFailure) {
        if isClosed.load(ordering: .acquiring) { throw StoreFailure.closed }
    }

    /// Refuses a write that cannot be kept: after `close()`, after a fatal failure, on a full disk.
    func requireWritable(_ bytes: Int64) async throws {
        try requireOpen()
        try fatality.requireNone()
        try await freeSpace.require(bytes)
    }

    /// Commits a change that adds no blob; blobs that it left without a row are removed afterwards.
    func commit<Value: Sendable>(
        weightBytes: Int = 0, _ change: @escaping @Sendable (Database) throws -> Change<Value>
    ) async throws -> Value {
        do {
            let change = try await committer.commit(weightBytes: weightBytes, change)
            for blob in change.unnamedBlobs {
                threads.start { [blobs] in blobs.remove(blob) }
            }
            return change.value
        } catch let error as CommitUncertain {
            throw error.cause
        }
    }
}

/// What a committed change returns, and the blobs that no row names any more.
struct Change<Value: Sendable>: Sendable {
    /// What the caller wants to know.
    let value: Value
    /// Files to remove now that the commit is on disk.
    var unnamedBlobs: [BlobID] = []
}
