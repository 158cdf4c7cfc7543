import Foundation
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
    let reaper: Reaper
    let reservations: Reservations
    let fatality: Fatality
    let caches: RowCaches
    let readResources: ReadResources
    private let threads: WorkerThreads
    let freeSpace: FreeSpace
    private let isClosed = Atomic<Bool>(false)

    /// How much is written between two checkpoints on the smallest volume.
    private static let leastCheckpointBytes = 1_024 * 1_024
    /// The part of a volume that is written at most between two checkpoints.
    private static let checkpointPart: Int64 = 32

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
            } catch let error as DatabaseError {
                disk.unlock()
                throw StoreFailure.database(resultCode: error.extendedResultCode.rawValue)
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
        let configuration = try Self.fit(configuration, to: disk)
        self.configuration = configuration
        self.environment = environment
        self.threads = threads
        self.fatality = Fatality(onFatal: environment.onFatal)
        self.disk = disk
        try StoreFolder.prepare(disk)
        self.readResources = ReadResources(
            ahead: ReadAhead(limit: configuration.chunksAheadLimit),
            memory: ReadMemory(limitBytes: configuration.readMemoryLimitBytes, elsewhere: configuration.bytesBeingSent))
        self.caches = RowCaches(limitBytes: configuration.cacheLimitBytes)
        self.blobs = BlobFolder(
            disk: disk, threads: threads, randomBytes: environment.randomBytes, fatality: fatality)
        let reserve = RoomReserve(on: disk, checkpointBytes: configuration.checkpointBytes)
        self.database = try Self.openDatabase(on: disk, configuration, fatality, caches, reserve)
        let (releases, accounts) = try database.withWriter { database in
            (try ReleaseTable.all(in: database), try AccountTable.all(in: database))
        }
        try disk.syncFolder("")
        self.committer = Committer(
            database: database, fatality: fatality, configuration: configuration, reserve: reserve)
        self.reaper = Reaper(committer: committer, blobs: blobs)
        self.reservations = Reservations(committer: committer, accounts: accounts)
        self.freeSpace = FreeSpace(
            disk: disk, threads: threads, floorBytes: configuration.freeSpaceFloorBytes, now: environment.now)
        reaper.clear(Leftovers(releases: releases))
    }

    /// Opens the database; even reading it takes a little room at first, which a full disk has in its reserve.
    private static func openDatabase(
        on disk: any Disk, _ configuration: StoreConfiguration, _ fatality: Fatality, _ caches: RowCaches,
        _ reserve: RoomReserve
    ) throws -> MetadataDatabase {
        let open = {
            try MetadataDatabase(
                disk: disk, readConnections: configuration.readConnections, fatality: fatality,
                changes: ChangeObserver(caches))
        }
        do {
            let database = try open()
            reserve.keep()
            return database
        } catch let error as DatabaseError where error.resultCode == .SQLITE_FULL {
            guard reserve.give() else { throw error }
            return try open()
        }
    }

    /// Keeps the log of the database small on a small volume.
    private static func fit(_ configuration: StoreConfiguration, to disk: any Disk) throws -> StoreConfiguration {
        var configuration = configuration
        let share = max(leastCheckpointBytes, Int(clamping: try disk.space().totalBytes / checkpointPart))
        configuration.checkpointBytes = min(configuration.checkpointBytes, share)
        return configuration
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

    /// How many bytes of rows and small bodies are kept in memory for reads now.
    package var cachedBytes: Int { caches.costBytes }

    /// How many chunks of bodies are in memory, or on their way there, before their readers want them.
    package var chunksAhead: Int { readResources.ahead.takenCount }

    /// How many bytes of bodies are in memory for readers who have not passed them on.
    package var readBytes: Int { readResources.memory.takenBytes }

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

    /// Commits a change that adds no blob, and clears away what it leaves.
    ///
    /// - Parameter freesRoom: whether it is to succeed on a full disk, since it makes room.
    func commit<Value: Sendable>(
        weightBytes: Int = 0, freesRoom: Bool = false, _ change: @escaping @Sendable (Database) throws -> Change<Value>
    ) async throws -> Value {
        do {
            return try await commitCertainly(weightBytes: weightBytes, freesRoom: freesRoom, change)
        } catch let error as CommitUncertain {
            throw error.cause
        }
    }

    /// Commits a change that names a finished body, which goes with the change if that is refused.
    ///
    /// - Parameter change: adds the row of the body by its second argument, once it has judged what must hold.
    func commit<Value: Sendable>(
        naming body: FinishedBody, weightBytes: Int,
        _ change: @escaping @Sendable (Database, _ insertBody: () throws -> BodyReference) throws -> Change<Value>
    ) async throws -> Value {
        var inlineBytes: Data?
        if case .inline(let buffer) = body.bytes { inlineBytes = Data(buffer.readableBytesView) }
        do {
            try await requireWritable(0)
            let value = try await commitCertainly(
                weightBytes: weightBytes + (inlineBytes?.count ?? 0)
            ) { [inlineBytes] database in
                try body.reservation?.settle(in: database)
                return try change(database) { try BodyTable.insert(body, inlineBytes: inlineBytes, in: database) }
            }
            body.keep()
            return value
        } catch let error as CommitUncertain {
            // A row may name the file; if none does, the sweep finds it.
            body.keep()
            throw error.cause
        } catch {
            body.discard()
            throw error
        }
    }

    /// Commits a change, or throws `CommitUncertain` if it is not known whether it is on disk.
    private func commitCertainly<Value: Sendable>(
        weightBytes: Int, freesRoom: Bool = false, _ change: @escaping @Sendable (Database) throws -> Change<Value>
    ) async throws -> Value {
        let change = try await committer.commit(weightBytes: weightBytes, freesRoom: freesRoom, change)
        reaper.clear(change.leftovers)
        return change.value
    }
}

/// What a committed change returns, and what it leaves to be cleared away.
struct Change<Value: Sendable>: Sendable {
    /// What the caller wants to know.
    let value: Value
    /// What nobody names any more, now that the commit is on disk.
    var leftovers = Leftovers()
}
