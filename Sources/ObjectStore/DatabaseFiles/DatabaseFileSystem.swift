import GRDBSQLite
import Glibc
import Synchronization

/// The database of a store whose disk is no folder of the machine: SQLite reaches its files through the disk.
///
/// SQLite asks a table of functions, its file system, for everything that it does with files. This one finds the disk by
/// the number in the database's path. A store that lies in a folder does not come here: SQLite's own file system is the
/// better tested one.
final class DatabaseFileSystem: Sendable {
    /// The disk.
    let disk: any Disk
    /// What the connections of this process to the one database share.
    let sharing = DatabaseSharing()
    private let number: Int
    private let hasStopped = Atomic<Bool>(false)

    private struct Registry {
        var lastNumber = 0
        var fileSystems: [Int: DatabaseFileSystem] = [:]
    }

    private static let registry = Mutex(Registry())

    /// Makes the files of a disk known to SQLite until `forget()`.
    ///
    /// - Throws: `StoreFailure.database` if this SQLite cannot be told which file system to take.
    static func make(on disk: any Disk) throws(StoreFailure) -> DatabaseFileSystem {
        let result = DatabaseFunctions.registration
        guard result == SQLITE_OK else { throw StoreFailure.database(resultCode: result) }
        return registry.withLock { registry in
            registry.lastNumber += 1
            let fileSystem = DatabaseFileSystem(disk: disk, number: registry.lastNumber)
            registry.fileSystems[registry.lastNumber] = fileSystem
            return fileSystem
        }
    }

    private init(disk: any Disk, number: Int) {
        self.disk = disk
        self.number = number
    }

    /// What SQLite is to open.
    var path: String { "file:/\(number)/\(StoreFolder.databaseName)?vfs=\(DatabaseFunctions.name)" }

    /// Refuses connections from now on; those that are open stay so.
    func forget() {
        Self.registry.withLock { $0.fileSystems[number] = nil }
    }

    /// Fails every later change to the files, so that closing the connections changes nothing either.
    func stop() {
        hasStopped.store(true, ordering: .releasing)
    }

    /// Whether the files may still be changed.
    var isStopped: Bool { hasStopped.load(ordering: .acquiring) }

    /// The disk and the file that a path of SQLite's means.
    static func find(_ path: UnsafePointer<CChar>?) -> (fileSystem: DatabaseFileSystem, name: String)? {
        guard let path else { return nil }
        let parts = String(cString: path).split(separator: "/")
        guard parts.count == 2, let number = Int(parts[0]) else { return nil }
        return registry.withLock { $0.fileSystems[number] }.map { ($0, String(parts[1])) }
    }
}

/// The functions through which SQLite finds, opens and removes files.
enum DatabaseFunctions {
    /// The name of the file system within SQLite.
    static let name = "storage-gateway"

    /// The result of making the functions known to SQLite, which is done once in a process.
    static let registration: Int32 = {
        // The disk is named in the path, which SQLite takes for a file's name unless it was built to know better.
        guard sqlite3_compileoption_used("USE_URI") != 0 else { return SQLITE_MISUSE }
        guard let machine = sqlite3_vfs_find(nil), let name = keptForEver(name) else { return SQLITE_NOMEM }
        let functions = UnsafeMutablePointer<sqlite3_vfs>.allocate(capacity: 1)
        functions.initialize(to: table(name: name, machine: machine))
        return sqlite3_vfs_register(functions, 0)
    }()

    private static func keptForEver(_ text: String) -> UnsafePointer<CChar>? {
        let bytes = text.utf8CString
        let copy = UnsafeMutablePointer<CChar>.allocate(capacity: bytes.count)
        copy.initialize(from: Array(bytes), count: bytes.count)
        return UnsafePointer(copy)
    }

    /// What the machine does for all file systems, time and randomness, is left to SQLite's own.
    private static func table(name: UnsafePointer<CChar>, machine: UnsafeMutablePointer<sqlite3_vfs>) -> sqlite3_vfs {
        var table = sqlite3_vfs()
        table.iVersion = 2
        table.szOsFile = Int32(MemoryLayout<DatabaseFileSlot>.size)
        table.mxPathname = 512
        table.zName = name
        table.pAppData = UnsafeMutableRawPointer(machine)
        table.xOpen = { _, path, slot, flags, outFlags in DatabaseFunctions.open(path, slot, flags, outFlags) }
        table.xDelete = { _, path, syncsFolder in DatabaseFunctions.remove(path, syncsFolder != 0) }
        table.xAccess = { _, path, _, found in DatabaseFunctions.look(path, found) }
        table.xFullPathname = { _, path, length, copy in
            guard let path, let copy, strlen(path) < length else { return SQLITE_CANTOPEN }
            strcpy(copy, path)
            return SQLITE_OK
        }
        table.xRandomness = { table, count, bytes in
            let machine = DatabaseFunctions.machine(table)
            return machine?.pointee.xRandomness(machine, count, bytes) ?? 0
        }
        table.xSleep = { table, microseconds in
            let machine = DatabaseFunctions.machine(table)
            return machine?.pointee.xSleep(machine, microseconds) ?? 0
        }
        table.xCurrentTime = { table, days in
            let machine = DatabaseFunctions.machine(table)
            return machine?.pointee.xCurrentTime(machine, days) ?? SQLITE_ERROR
        }
        table.xCurrentTimeInt64 = { table, milliseconds in
            let machine = DatabaseFunctions.machine(table)
            return machine?.pointee.xCurrentTimeInt64(machine, milliseconds) ?? SQLITE_ERROR
        }
        table.xGetLastError = { _, _, _ in 0 }
        return table
    }

    private static func machine(_ table: UnsafeMutablePointer<sqlite3_vfs>?) -> UnsafeMutablePointer<sqlite3_vfs>? {
        table?.pointee.pAppData?.assumingMemoryBound(to: sqlite3_vfs.self)
    }

    private static func open(
        _ path: UnsafePointer<CChar>?, _ slot: UnsafeMutablePointer<sqlite3_file>?, _ flags: Int32,
        _ outFlags: UnsafeMutablePointer<Int32>?
    ) -> Int32 {
        guard let slot else { return SQLITE_MISUSE }
        slot.pointee.pMethods = nil
        // A file without a name is a temporary one; the connections keep those in memory.
        guard let (fileSystem, name) = DatabaseFileSystem.find(path) else { return SQLITE_CANTOPEN }
        do {
            let isThere = try fileSystem.disk.status(of: name) != nil
            guard isThere || flags & SQLITE_OPEN_CREATE != 0 else { return SQLITE_CANTOPEN }
            let file = try fileSystem.disk.open(name, flags & SQLITE_OPEN_READWRITE != 0 ? .writing : .reading)
            // The name of a new log or journal must be on disk before its first flush counts.
            let isLog = flags & (SQLITE_OPEN_WAL | SQLITE_OPEN_MAIN_JOURNAL) != 0
            let opened = DatabaseFile(file, of: fileSystem, isNewLog: isLog && !isThere)
            DatabaseFileSlot.fill(slot, with: opened)
            outFlags?.pointee = flags
            return SQLITE_OK
        } catch {
            return SQLITE_CANTOPEN
        }
    }

    private static func remove(_ path: UnsafePointer<CChar>?, _ syncsFolder: Bool) -> Int32 {
        guard let (fileSystem, name) = DatabaseFileSystem.find(path), !fileSystem.isStopped else {
            return DatabaseResult.removing
        }
        do {
            try fileSystem.disk.remove(name)
            if syncsFolder { try fileSystem.disk.syncFolder("") }
            return SQLITE_OK
        } catch .system(_, errorNumber: ENOENT) {
            return DatabaseResult.removingNothing
        } catch {
            return error.isFailedFlush ? DatabaseResult.flushingTheFolder : DatabaseResult.removing
        }
    }

    private static func look(_ path: UnsafePointer<CChar>?, _ found: UnsafeMutablePointer<Int32>?) -> Int32 {
        guard let (fileSystem, name) = DatabaseFileSystem.find(path) else { return DatabaseResult.looking }
        do {
            found?.pointee = try fileSystem.disk.status(of: name) == nil ? 0 : 1
            return SQLITE_OK
        } catch {
            return DatabaseResult.looking
        }
    }
}

/// SQLite's extended result codes for what can go wrong with a file; in C they are sums that Swift does not import.
enum DatabaseResult {
    static let reading = SQLITE_IOERR | 1 << 8
    static let readingTooLittle = SQLITE_IOERR | 2 << 8
    static let writing = SQLITE_IOERR | 3 << 8
    static let flushing = SQLITE_IOERR | 4 << 8
    static let flushingTheFolder = SQLITE_IOERR | 5 << 8
    static let cutting = SQLITE_IOERR | 6 << 8
    static let measuring = SQLITE_IOERR | 7 << 8
    static let removing = SQLITE_IOERR | 10 << 8
    static let looking = SQLITE_IOERR | 13 << 8
    static let sharing = SQLITE_IOERR | 21 << 8
    static let removingNothing = SQLITE_IOERR | 23 << 8
}
