import GRDBSQLite
import Glibc
import Synchronization

/// One file of a database as one connection has it open; SQLite calls it from one thread at a time.
final class DatabaseFile {
    /// The locks that this connection holds.
    var held = DatabaseSharing.Held()
    private let file: any DiskFile
    private let fileSystem: DatabaseFileSystem
    private var isNewLog: Bool

    /// Takes an open file; the first flush of a new log also flushes the folder that it lies in.
    init(_ file: any DiskFile, of fileSystem: DatabaseFileSystem, isNewLog: Bool) {
        self.file = file
        self.fileSystem = fileSystem
        self.isNewLog = isNewLog
    }

    /// What the connections to the database share.
    var sharing: DatabaseSharing { fileSystem.sharing }

    /// Reads exactly so many bytes; those beyond the end are zeros, and the result says so.
    func read(_ bytes: UnsafeMutableRawPointer?, _ count: Int32, at offset: Int64) -> Int32 {
        let buffer = UnsafeMutableRawBufferPointer(start: bytes, count: Int(count))
        guard let read = try? file.read(into: buffer, at: offset) else { return DatabaseResult.reading }
        guard read < buffer.count else { return SQLITE_OK }
        _ = UnsafeMutableRawBufferPointer(rebasing: buffer[read...]).initializeMemory(as: UInt8.self, repeating: 0)
        return DatabaseResult.readingTooLittle
    }

    /// Writes bytes; a full disk is told from a broken one.
    func write(_ bytes: UnsafeRawPointer?, _ count: Int32, at offset: Int64) -> Int32 {
        if fileSystem.isStopped { return DatabaseResult.writing }
        do {
            try file.write(UnsafeRawBufferPointer(start: bytes, count: Int(count)), at: offset)
            return SQLITE_OK
        } catch .system(_, errorNumber: ENOSPC), .system(_, errorNumber: EDQUOT) {
            return SQLITE_FULL
        } catch {
            return DatabaseResult.writing
        }
    }

    /// Cuts the file off.
    func truncate(to sizeBytes: Int64) -> Int32 {
        if fileSystem.isStopped { return DatabaseResult.cutting }
        return (try? file.truncate(to: sizeBytes)) == nil ? DatabaseResult.cutting : SQLITE_OK
    }

    /// Flushes the file, and the name of a new log; if that fails, nothing more is written or flushed.
    func sync(isBytesOnly: Bool) -> Int32 {
        if fileSystem.isStopped { return DatabaseResult.flushing }
        do {
            if isBytesOnly { try file.syncBytes() } else { try file.syncEverything() }
        } catch {
            fileSystem.stop()
            return DatabaseResult.flushing
        }
        guard isNewLog else { return SQLITE_OK }
        guard (try? fileSystem.disk.syncFolder("")) != nil else {
            fileSystem.stop()
            return DatabaseResult.flushingTheFolder
        }
        isNewLog = false
        return SQLITE_OK
    }

    /// Measures the file.
    func measure(_ sizeBytes: UnsafeMutablePointer<sqlite3_int64>?) -> Int32 {
        guard let size = try? file.sizeBytes() else { return DatabaseResult.measuring }
        sizeBytes?.pointee = size
        return SQLITE_OK
    }

    /// Gives back whatever this connection holds.
    func close() {
        sharing.unlock(.none, &held)
        sharing.unmap(&held)
    }
}

/// What SQLite keeps of an open file: the table of functions that it expects in front, and our object.
struct DatabaseFileSlot {
    private var base: sqlite3_file
    private var object: Unmanaged<DatabaseFile>?

    /// Puts an open file into the memory that SQLite has for it.
    static func fill(_ slot: UnsafeMutablePointer<sqlite3_file>, with file: DatabaseFile) {
        let memory = UnsafeMutableRawPointer(slot).assumingMemoryBound(to: DatabaseFileSlot.self)
        memory.initialize(
            to: DatabaseFileSlot(base: sqlite3_file(pMethods: functions), object: Unmanaged.passRetained(file)))
    }

    private static func file(_ slot: UnsafeMutablePointer<sqlite3_file>?) -> DatabaseFile? {
        slot.map { UnsafeMutableRawPointer($0).assumingMemoryBound(to: DatabaseFileSlot.self) }?
            .pointee.object?.takeUnretainedValue()
    }

    // Written once before anybody can see it, read by SQLite from then on, never freed.
    nonisolated(unsafe) private static let functions: UnsafePointer<sqlite3_io_methods> = {
        let functions = UnsafeMutablePointer<sqlite3_io_methods>.allocate(capacity: 1)
        functions.initialize(to: table())
        return UnsafePointer(functions)
    }()

    private static func table() -> sqlite3_io_methods {
        var table = sqlite3_io_methods()
        table.iVersion = 2
        table.xClose = { slot in
            guard let slot else { return SQLITE_OK }
            let memory = UnsafeMutableRawPointer(slot).assumingMemoryBound(to: DatabaseFileSlot.self)
            memory.pointee.object?.takeUnretainedValue().close()
            memory.pointee.object?.release()
            memory.pointee.object = nil
            return SQLITE_OK
        }
        table.xRead = { DatabaseFileSlot.file($0)?.read($1, $2, at: $3) ?? SQLITE_MISUSE }
        table.xWrite = { DatabaseFileSlot.file($0)?.write($1, $2, at: $3) ?? SQLITE_MISUSE }
        table.xTruncate = { DatabaseFileSlot.file($0)?.truncate(to: $1) ?? SQLITE_MISUSE }
        table.xSync = { slot, flags in
            DatabaseFileSlot.file(slot)?.sync(isBytesOnly: flags & SQLITE_SYNC_DATAONLY != 0) ?? SQLITE_MISUSE
        }
        table.xFileSize = { DatabaseFileSlot.file($0)?.measure($1) ?? SQLITE_MISUSE }
        table.xFileControl = { _, _, _ in SQLITE_NOTFOUND }
        table.xSectorSize = { _ in 4_096 }
        // As SQLite's own file system: what lies beside a written range is not harmed by a torn write.
        table.xDeviceCharacteristics = { _ in SQLITE_IOCAP_POWERSAFE_OVERWRITE }
        addLocks(to: &table)
        return table
    }

    private static func addLocks(to table: inout sqlite3_io_methods) {
        table.xLock = { slot, level in
            guard let file = DatabaseFileSlot.file(slot), let level = DatabaseSharing.Level(rawValue: level) else {
                return SQLITE_MISUSE
            }
            return file.sharing.lock(level, &file.held) ? SQLITE_OK : SQLITE_BUSY
        }
        table.xUnlock = { slot, level in
            guard let file = DatabaseFileSlot.file(slot), let level = DatabaseSharing.Level(rawValue: level) else {
                return SQLITE_MISUSE
            }
            file.sharing.unlock(level, &file.held)
            return SQLITE_OK
        }
        table.xCheckReservedLock = { slot, isReserved in
            guard let file = DatabaseFileSlot.file(slot) else { return SQLITE_MISUSE }
            isReserved?.pointee = file.sharing.isReserved ? 1 : 0
            return SQLITE_OK
        }
        table.xShmMap = { slot, number, sizeBytes, extends, address in
            guard let file = DatabaseFileSlot.file(slot) else { return SQLITE_MISUSE }
            let region = file.sharing.map(Int(number), sizeBytes: Int(sizeBytes), extends: extends != 0, &file.held)
            address?.pointee = UnsafeMutableRawPointer(bitPattern: region)
            return SQLITE_OK
        }
        table.xShmLock = { slot, first, count, flags in
            guard let file = DatabaseFileSlot.file(slot) else { return SQLITE_MISUSE }
            let slots = Int(first)..<Int(first + count)
            let isExclusive = flags & SQLITE_SHM_EXCLUSIVE != 0
            if flags & SQLITE_SHM_UNLOCK != 0 {
                file.sharing.unlock(slots, isExclusive: isExclusive, &file.held)
                return SQLITE_OK
            }
            return file.sharing.lock(slots, isExclusive: isExclusive, &file.held) ? SQLITE_OK : SQLITE_BUSY
        }
        table.xShmBarrier = { DatabaseFileSlot.file($0)?.sharing.fence() }
        table.xShmUnmap = { slot, _ in
            guard let file = DatabaseFileSlot.file(slot) else { return SQLITE_MISUSE }
            file.sharing.unmap(&file.held)
            return SQLITE_OK
        }
    }
}
