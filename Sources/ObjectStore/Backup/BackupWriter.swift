import Glibc
import OSSKit
import Synchronization

/// A backup while it is written: a folder with the files of a data folder, and the list of them at the end.
package final class BackupWriter: Sendable {
    /// How many files are copied side by side.
    static let width = 4

    /// The absolute path of the folder.
    package let path: String
    /// The threads that read and write; those of the store are left to its clients.
    let threads: WorkerThreads
    /// The folder.
    let disk: any Disk
    private let state = Mutex(State())

    private struct State {
        var entries: [BackupManifest.Entry] = []
        /// The folders whose entries are to be flushed.
        var folders: Set<String> = [""]
    }

    /// Makes the folder, which must be empty if it is there.
    ///
    /// - Throws: `BackupProblem`.
    package static func begin(_ path: String) async throws -> BackupWriter {
        let threads = WorkerThreads(count: width)
        return try await threads.run {
            do {
                try requireEmpty(path)
                let disk = try RealDisk(path, threads: threads)
                return BackupWriter(disk: disk, path: disk.path ?? path, threads: threads)
            } catch let failure as StoreFailure {
                throw BackupProblem(.inputOutput, failure.words)
            }
        }
    }

    private init(disk: any Disk, path: String, threads: WorkerThreads) {
        self.disk = disk
        self.path = path
        self.threads = threads
    }

    /// Refuses a folder that has something in it; one that is not there is fine.
    ///
    /// - Throws: `BackupProblem`.
    package static func requireEmpty(_ path: String) throws(BackupProblem) {
        guard let folder = opendir(path) else {
            guard errno == ENOENT else { throw BackupProblem(.inputOutput, "it is not a folder that can be read") }
            return
        }
        defer { closedir(folder) }
        while let entry = readdir(folder) {
            let isDot = withUnsafeBytes(of: &entry.pointee.d_name) { name in
                name[0] == UInt8(ascii: ".") && (name[1] == 0 || name[1] == UInt8(ascii: ".") && name[2] == 0)
            }
            if !isDot { throw BackupProblem(.notEmpty, "there is something in it already") }
        }
    }

    /// Saves a file of the machine, which nobody else writes meanwhile.
    ///
    /// - Throws: `BackupProblem`, or a failure of the disk.
    package func add(fileAt source: String, as path: String) async throws {
        try await threads.run { [self] in
            let file = try OpenFile.open(source, flags: O_RDONLY, threads: threads)
            _ = try copy(file, as: path, bodyBytes: nil)
        }
    }

    /// Makes an empty file for somebody else to fill, who then calls `takeOver`; blocks.
    package func makeFile(_ path: String) throws {
        try makeFolders(for: path)
        _ = try disk.open(path, .creating)
    }

    /// Takes a file over that was written into the folder by somebody else: flushes it and notes its checksum; blocks.
    package func takeOver(_ path: String) throws {
        let file = try disk.open(path, .writing)
        try file.syncEverything()
        var checksum = CRC64()
        let size = try Self.read(file) { bytes, _ in checksum.update(bytes) }
        note(BackupManifest.Entry(path: path, sizeBytes: size, crc64: checksum.value))
    }

    /// Writes a small file; blocks.
    func write(_ bytes: [UInt8], as path: String) throws {
        try makeFolders(for: path)
        let file = try disk.open(path, .creating)
        try bytes.withUnsafeBytes { try file.write($0, at: 0) }
        try file.syncEverything()
        note(BackupManifest.Entry(path: path, sizeBytes: Int64(bytes.count), crc64: CRC64.of(bytes)))
    }

    /// Copies a file; blocks.
    ///
    /// - Parameter bodyBytes: the length of the body, if the file is that of a blob: then its own checksums are compared.
    /// - Returns: what is wrong with the blob; the copy is made all the same.
    func copy(_ source: any DiskFile, as path: String, bodyBytes: Int64?) throws -> BodyFault? {
        try makeFolders(for: path)
        let target = try disk.open(path, .creating)
        let fault = try digest(source, as: path, bodyBytes: bodyBytes) { bytes, offset in
            try target.write(bytes, at: offset)
        }
        try target.syncBytes()
        return fault
    }

    /// Notes a file that is in its place already, such as a hard link; blocks.
    func note(linked source: any DiskFile, as path: String, bodyBytes: Int64?) throws -> BodyFault? {
        try digest(source, as: path, bodyBytes: bodyBytes) { _, _ in }
    }

    private func digest(
        _ source: any DiskFile, as path: String, bodyBytes: Int64?,
        write: (UnsafeRawBufferPointer, Int64) throws -> Void
    ) throws -> BodyFault? {
        var (checksum, body) = (CRC64(), BlobDigest(bodyBytes: bodyBytes ?? 0))
        let size = try Self.read(source) { bytes, offset in
            checksum.update(bytes)
            if bodyBytes != nil { body.update(bytes) }
            try write(bytes, offset)
        }
        note(BackupManifest.Entry(path: path, sizeBytes: size, crc64: checksum.value))
        return bodyBytes == nil ? nil : body.fault
    }

    /// Makes the folders on the way to a file; blocks.
    func makeFolders(for path: String) throws {
        var folder = ""
        for name in path.split(separator: "/").dropLast() {
            folder += folder.isEmpty ? String(name) : "/" + name
            let made = folder
            guard state.withLock({ !$0.folders.contains(made) }) else { continue }
            try disk.makeFolder(made)
            _ = state.withLock { $0.folders.insert(made) }
        }
    }

    /// Ends the backup: flushes all folders, and writes the list, with which it is one.
    package func finish(version: String, startedAtMilliseconds: Int64, takenAtMilliseconds: Int64) async throws
        -> BackupManifest
    {
        try await threads.run { [self] in
            let (entries, folders) = state.withLock { ($0.entries, $0.folders) }
            for folder in folders { try disk.syncFolder(folder) }
            let manifest = BackupManifest(
                header: BackupManifest.Header(
                    version: version, startedAtMilliseconds: startedAtMilliseconds,
                    takenAtMilliseconds: takenAtMilliseconds),
                entries: entries)
            let draft = BackupManifest.fileName + ".new"
            let file = try disk.open(draft, .creating)
            try manifest.encoded().withUnsafeBytes { try file.write($0, at: 0) }
            try file.syncEverything()
            try disk.rename(draft, to: BackupManifest.fileName)
            try disk.syncFolder("")
            try disk.syncFolder("..")
            return manifest
        }
    }

    private func note(_ entry: BackupManifest.Entry) {
        state.withLock { $0.entries.append(entry) }
    }

    /// Hands out the bytes of a file, block by block; blocks.
    ///
    /// - Returns: how many there are.
    static func read(_ file: any DiskFile, _ take: (UnsafeRawBufferPointer, Int64) throws -> Void) throws -> Int64 {
        var offset: Int64 = 0
        var buffer = [UInt8](repeating: 0, count: BodyDigest.blockBytes)
        while true {
            let count = try buffer.withUnsafeMutableBytes { try file.read(into: $0, at: offset) }
            if count == 0 { return offset }
            try buffer.withUnsafeBytes { try take(UnsafeRawBufferPointer(rebasing: $0[..<count]), offset) }
            offset += Int64(count)
        }
    }
}

/// Compares the bytes of a blob's file with the checksums that stand behind them, as they pass.
private struct BlobDigest {
    private let bodyBytes: Int64
    private var checksums = BlockChecksums()
    private var trailer: [UInt8] = []

    init(bodyBytes: Int64) {
        self.bodyBytes = bodyBytes
    }

    mutating func update(_ bytes: UnsafeRawBufferPointer) {
        let inBody = Int(min(Int64(bytes.count), bodyBytes - checksums.sizeBytes))
        checksums.update(UnsafeRawBufferPointer(rebasing: bytes[..<inBody]))
        // A file that is much too long must not be held in memory.
        let room = max(0, Int(BlobTrailer.lengthBytes(forBodyBytes: bodyBytes)) + 1 - trailer.count)
        trailer += bytes[inBody...].prefix(room)
    }

    var fault: BodyFault? {
        let wanted = BlobTrailer(
            blockChecksums: checksums.blocks, sizeBytes: bodyBytes, crc64: checksums.crc64
        ).encoded()
        if checksums.sizeBytes != bodyBytes || trailer.count != wanted.count {
            return BodyFault(.wrongLength, "the file is longer or shorter than it was written")
        }
        return trailer == wanted ? nil : BodyFault(.wrongBlock, "the file is not the one that was written")
    }
}

extension StoreFailure {
    /// The failure in words for an operator.
    package var words: String {
        switch self {
        case .system(let call, let errorNumber): "\(call): \(String(cString: strerror(errorNumber)))"
        case .database(let resultCode): "the database failed with SQLite result code \(resultCode)"
        case .unknownFormat(let text): "the format of the store is not known: \(text)"
        case .folderIsInUse: "another process has the object store"
        default: "\(self)"
        }
    }
}
