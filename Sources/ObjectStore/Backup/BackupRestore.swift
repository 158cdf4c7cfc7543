import Glibc
import OSSKit

/// What a restore has done.
package struct RestoreOutcome: Sendable, Equatable {
    /// How many files were restored.
    package var fileCount: Int64 = 0
    /// How many bytes were restored.
    package var doneBytes: Int64 = 0
    /// How many there are.
    package var totalBytes: Int64 = 0
    /// The paths of files that are not those that were saved.
    package var damagedPaths: [String] = []
}

/// Makes a data folder of a backup.
///
/// Every byte is compared with the list of the backup. The file by which a store is known as one is written last, so that
/// a folder that was not finished is taken for none.
package struct BackupRestore: Sendable {
    /// What the backup holds.
    package let manifest: BackupManifest
    private let threads = WorkerThreads(count: 2)
    private let source: any Disk

    /// Opens a backup and reads its list.
    ///
    /// - Throws: `BackupProblem`.
    package static func open(_ path: String) async throws -> BackupRestore {
        let threads = WorkerThreads(count: 1)
        return try await threads.run {
            var status = stat()
            guard stat(path, &status) == 0 else { throw BackupProblem(.incomplete, "there is no such folder") }
            do {
                let disk = try RealDisk(path, threads: threads)
                let file = try disk.open(BackupManifest.fileName, .reading)
                var bytes: [UInt8] = []
                _ = try BackupWriter.read(file) { piece, _ in bytes += piece }
                return BackupRestore(source: disk, manifest: try BackupManifest(bytes))
            } catch StoreFailure.system(_, errorNumber: ENOENT) {
                throw BackupProblem(.incomplete, "it has no \(BackupManifest.fileName), so that it is no whole backup")
            } catch let failure as StoreFailure {
                throw BackupProblem(.inputOutput, failure.words)
            }
        }
    }

    private init(source: any Disk, manifest: BackupManifest) {
        self.source = source
        self.manifest = manifest
    }

    /// Copies all files into a folder that was found empty.
    ///
    /// - Parameters:
    ///   - stores: the paths of the stores' folders in the backup.
    ///   - takesDamaged: whether files that are damaged are restored as they are; otherwise the folder stays unfinished.
    ///   - report: told how far it is.
    /// - Throws: `BackupProblem`.
    package func run(
        into path: String, stores: [String], takesDamaged: Bool,
        report: @Sendable (RestoreOutcome) async throws -> Void
    ) async throws -> RestoreOutcome {
        var outcome = RestoreOutcome()
        outcome.totalBytes = manifest.totalBytes
        let target = try await threads.run { [threads] in try BackupTarget(path, stores: stores, threads: threads) }
        let marks = Set(stores.map { $0 + "/" + StoreFolder.versionName })
        for isMark in [false, true] {
            for entry in manifest.entries where marks.contains(entry.path) == isMark {
                try Task.checkCancellation()
                let isWhole = try await threads.run { [source] in try target.restore(entry, from: source) }
                if !isWhole { outcome.damagedPaths.append(entry.path) }
                outcome.fileCount += 1
                outcome.doneBytes += entry.sizeBytes
                try await report(outcome)
            }
            guard outcome.damagedPaths.isEmpty || takesDamaged else { return outcome }
            try await threads.run { try target.sync() }
        }
        return outcome
    }
}

/// The folder that a backup is restored into; its methods block.
private struct BackupTarget: Sendable {
    private let disk: any Disk
    /// The folders whose entries are flushed together.
    private let folders: Set<String>

    init(_ path: String, stores: [String], threads: WorkerThreads) throws {
        disk = try RealDisk(path, threads: threads)
        var made: [String] = []
        for store in stores {
            let blobs = store + "/" + StoreFolder.blobsName
            made += [store, blobs]
            made += (0..<BlobID.folderCount).map { blobs + "/" + BlobID.folderName($0) }
        }
        for folder in made { try disk.makeFolder(folder) }
        folders = Set(made + [""])
    }

    /// Copies a file.
    ///
    /// - Returns: whether it is the one that was saved.
    func restore(_ entry: BackupManifest.Entry, from source: any Disk) throws -> Bool {
        let names = entry.path.split(separator: "/")
        for count in 1..<max(1, names.count) {
            try disk.makeFolder(names.prefix(count).joined(separator: "/"))
        }
        let target = try disk.open(entry.path, .creating)
        var checksum = CRC64()
        let size: Int64
        do {
            let file = try source.open(entry.path, .reading)
            size = try BackupWriter.read(file) { bytes, offset in
                checksum.update(bytes)
                try target.write(bytes, at: offset)
            }
        } catch StoreFailure.system("openat", errorNumber: ENOENT) {
            return false
        } catch StoreFailure.system("pread", errorNumber: EIO) {
            return false
        }
        try target.syncBytes()
        let parent = names.dropLast().joined(separator: "/")
        if !folders.contains(parent) { try disk.syncFolder(parent) }
        return size == entry.sizeBytes && String(checksum.value, radix: 16) == entry.crc64
    }

    /// Flushes all folders.
    func sync() throws {
        for folder in folders { try disk.syncFolder(folder) }
        try disk.syncFolder("..")
    }
}
