import GRDB

/// The SQLite file: one connection that commits, used by the committer alone, and a few that only read.
final class MetadataDatabase: Sendable {
    /// The length in bytes that the write-ahead log is cut back to after it was longer.
    private static let logLimitBytes = 64 * 1_024 * 1_024

    private let pool: DatabasePool
    private let changes: ChangeObserver
    private let readers: WorkerThreads
    private let fatality: Fatality
    private let fileSystem: DatabaseFileSystem?

    /// Opens the file on a disk, sets what durability rests on, reads it back and brings the schema up to date; blocks.
    ///
    /// The settings of the writer come after the pool is open, since opening it sets `synchronous` to NORMAL.
    init(disk: any Disk, readConnections: Int, fatality: Fatality, changes: ChangeObserver) throws {
        var configuration = Configuration()
        configuration.journalMode = .wal
        configuration.busyMode = .timeout(5)
        configuration.foreignKeysEnabled = true
        configuration.maximumReaderCount = max(1, readConnections)
        configuration.persistentReadOnlyConnections = true
        configuration.label = "ObjectStore"
        configuration.prepareDatabase { database in
            try database.execute(sql: "PRAGMA trusted_schema = OFF")
            try database.execute(sql: "PRAGMA cell_size_check = ON")
            try database.execute(sql: "PRAGMA mmap_size = 0")
            if disk.path == nil { try database.execute(sql: "PRAGMA temp_store = MEMORY") }
        }
        self.changes = changes
        let fileSystem = disk.path == nil ? try DatabaseFileSystem.make(on: disk) : nil
        self.fileSystem = fileSystem
        let path = disk.path.map { $0 + "/" + StoreFolder.databaseName } ?? fileSystem?.path ?? ""
        do {
            self.pool = try DatabasePool(path: path, configuration: configuration)
        } catch {
            fileSystem?.forget()
            throw error
        }
        self.readers = WorkerThreads(count: configuration.maximumReaderCount)
        self.fatality = fatality
        do {
            try Self.settle(pool)
            // An earlier process may have ended because the log could not be flushed. What the kernel dropped then would
            // cut off whatever is written behind it, so nothing is: the log is moved into the file and begins anew.
            try emptyLog()
            try Migrations.all.migrate(pool)
            // Migrations may change settings of their connection, which is the one that commits.
            try pool.writeWithoutTransaction { database in
                try DatabaseSettings(readFrom: database).requireDurable()
                try changes.install(in: database)
            }
        } catch let error as DatabaseError where error.resultCode == .SQLITE_IOERR {
            abandonConnections()
            throw error
        }
    }

    /// Runs a query on a thread and a read-only connection of its own, over one state of the database.
    func read<Value: Sendable>(_ query: @escaping @Sendable (Database) throws -> Value) async throws -> Value {
        try await readers.run { [pool, fatality] in
            do {
                return try pool.read(query)
            } catch {
                throw fatality.translate(error)
            }
        }
    }

    /// Runs statements on the connection that commits; blocks, and belongs to the committer.
    ///
    /// - Throws: what the body throws, but `SQLITE_FULL` where a quota of the machine is used up: SQLite's own file system
    ///   takes that for a broken disk.
    func withWriter<Value>(_ body: (Database) throws -> Value) throws -> Value {
        try pool.writeWithoutTransaction { database in
            // A commit that failed is over as well, and the database tells nobody.
            defer { if !database.isInsideTransaction { changes.transactionIsOver() } }
            do {
                return try body(database)
            } catch let error as DatabaseError where error.extendedResultCode == .SQLITE_IOERR_WRITE {
                guard DatabaseErrno.isQuota(database) else { throw error }
                throw DatabaseError(resultCode: .SQLITE_FULL)
            }
        }
    }

    deinit {
        fileSystem?.forget()
        if fatality.hasHappened { abandonConnections() }
    }

    /// Sees to it that the connections change no file any more.
    ///
    /// Closing the last connection moves the log into the file and removes it. After a failed flush that could lose what
    /// only the log has, so the connections stay open until the process ends, and the next start recovers. Files that are
    /// reached through a disk of ours can be kept from changing instead.
    private func abandonConnections() {
        if let fileSystem { fileSystem.stop() } else { _ = Unmanaged.passRetained(pool) }
    }

    /// Moves the log into the database file and closes all connections; blocks.
    ///
    /// After a fatal failure it leaves everything to the next start. On a full disk the log stays as it is.
    func close() throws {
        if fatality.hasHappened { return }
        try emptyLog()
        try pool.close()
    }

    private func emptyLog() throws {
        do {
            try withWriter { database in
                _ = try database.checkpoint(.truncate)
            }
        } catch let error as DatabaseError where error.resultCode == .SQLITE_FULL {
            // What was committed is in the log and safe there.
        }
    }

    /// Ends the threads of the readers.
    func stopReaders() async throws {
        try await readers.stop()
    }

    private static func settle(_ pool: DatabasePool) throws {
        try pool.writeWithoutTransaction { database in
            try database.execute(sql: "PRAGMA synchronous = FULL")
            // The committer does it, since SQLite ignores a flush that fails there.
            try database.execute(sql: "PRAGMA wal_autocheckpoint = 0")
            try database.execute(sql: "PRAGMA journal_size_limit = \(logLimitBytes)")
            try DatabaseSettings(readFrom: database).requireDurable()
        }
    }
}
