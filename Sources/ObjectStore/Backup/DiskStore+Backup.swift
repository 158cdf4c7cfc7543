import Foundation
import GRDB
import OSSKit

/// How far a backup is.
package struct BackupProgress: Sendable, Equatable {
    /// How many files are saved.
    package var fileCount: Int64 = 0
    /// How many bytes are saved.
    package var doneBytes: Int64 = 0
    /// About how many there are; 0 while that is not known.
    package var totalBytes: Int64 = 0
}

/// What a backup of a store has saved.
package struct BackupOutcome: Sendable, Equatable {
    /// When the state was taken that it holds, in milliseconds since 1970, UTC.
    package let takenAtMilliseconds: Int64
    /// The bodies that are damaged, and saved as they are.
    package let damage: [Damage]
}

extension DiskStore {
    /// Saves the store below a folder of a backup, while it goes on.
    ///
    /// The backup holds the state of one moment between beginning and end: that in which the copy of the database is
    /// whole. Files that are removed meanwhile stay until all are saved.
    /// - Parameters:
    ///   - folder: the path of the store's folder in the backup.
    ///   - usesHardLinks: whether files are not copied where a second name will do: less room, and no second copy.
    ///   - report: told how far it is.
    package func backUp(
        into writer: BackupWriter, as folder: String, usesHardLinks: Bool = false,
        report: @Sendable (BackupProgress) async throws -> Void
    ) async throws -> BackupOutcome {
        try requireOpen()
        let hold = blobs.holdRemovals()
        defer { withExtendedLifetime(hold) {} }
        let databasePath = folder + "/" + StoreFolder.databaseName
        try await copyDatabase(to: databasePath, of: writer)
        let takenAt = environment.now()
        let blobCopy = BlobsCopy(
            blobs: blobs, writer: writer, folder: folder, usesHardLinks: usesHardLinks,
            database: try await writer.threads.run { try CopiedDatabase(path: writer.path + "/" + databasePath) })
        let faults = try await blobCopy.run(isOpen: { try self.requireOpen() }, report: report)
        var damage: [Damage] = []
        for (bodyID, fault) in faults {
            damage += try await blobCopy.places(ofBody: bodyID).map {
                Damage($0, fault.kind, detail: fault.detail, foundAtMilliseconds: takenAt)
            }
        }
        try await writer.threads.run {
            try writer.write(Array((StoreFolder.version + "\n").utf8), as: folder + "/" + StoreFolder.versionName)
        }
        return BackupOutcome(takenAtMilliseconds: takenAt, damage: damage)
    }

    private func copyDatabase(to path: String, of writer: BackupWriter) async throws {
        try await writer.threads.run { try writer.makeFile(path) }
        let copy = DatabaseCopy(path: writer.path + "/" + path)
        do {
            try await committer.betweenGroups { try copy.begin($0) }
            while true {
                try Task.checkCancellation()
                let step = try await committer.betweenGroups { _ in try copy.step() }
                if step.isDone { break }
            }
            try await committer.betweenGroups { _ in try copy.finish() }
        } catch {
            try? await committer.betweenGroups { _ in copy.end() }
            throw error
        }
        try await writer.threads.run { try writer.takeOver(path) }
    }
}

/// The copy of a database in a backup, which is only read.
struct CopiedDatabase: Sendable {
    /// How many rows are read at once.
    static let pageSize = 256

    private let queue: DatabaseQueue

    /// Opens the file; it blocks, as everything here.
    init(path: String) throws {
        var configuration = Configuration()
        configuration.readonly = true
        queue = try DatabaseQueue(path: path, configuration: configuration)
    }

    /// A body that is a file.
    struct Blob: Sendable {
        let bodyID: Int64
        let id: BlobID
        let sizeBytes: Int64
    }

    /// The next bodies that are files, by their numbers.
    func blobs(behind id: Int64) throws -> [Blob] {
        try queue.read { database in
            let rows = try Row.fetchAll(
                database,
                sql: """
                    SELECT id, blob_id, size_bytes FROM bodies WHERE blob_id IS NOT NULL AND id > ?
                    ORDER BY id LIMIT \(Self.pageSize)
                    """, arguments: [id])
            return try rows.map { row in
                guard let bodyID = row.number(0), let blob = row.text(1).flatMap(BlobID.init(text:)),
                    let size = row.number(2), (0...MultipartCompletion.greatestObjectBytes).contains(size)
                else { throw StoreFailure.bodyIsDamaged }
                return Blob(bodyID: bodyID, id: blob, sizeBytes: size)
            }
        }
    }

    /// How many bytes all files have together, about.
    func totalBytes() throws -> Int64 {
        try queue.read { database in
            Int64(
                min(
                    try Double.fetchOne(
                        database, sql: "SELECT total(size_bytes) FROM bodies WHERE blob_id IS NOT NULL") ?? 0, 1e18))
        }
    }

    /// Who names a body.
    func places(ofBody id: Int64) throws -> [Damage.Place] {
        try queue.read { try BodyNames.places(ofBody: id, in: $0) }
    }
}

/// The copying of all files that a copied database names.
struct BlobsCopy: Sendable {
    /// Where the files are.
    let blobs: BlobFolder
    /// Where they go.
    let writer: BackupWriter
    /// The path of the store's folder in the backup.
    let folder: String
    /// Whether a second name will do.
    let usesHardLinks: Bool
    /// What names them.
    let database: CopiedDatabase

    /// Copies all files.
    ///
    /// - Returns: the bodies whose files are damaged or gone.
    func run(
        isOpen: @Sendable () throws -> Void, report: @Sendable (BackupProgress) async throws -> Void
    ) async throws -> [(bodyID: Int64, fault: BodyFault)] {
        var faults: [(bodyID: Int64, fault: BodyFault)] = []
        var progress = BackupProgress()
        progress.totalBytes = try await writer.threads.run { [database] in try database.totalBytes() }
        var last: Int64 = 0
        while true {
            let from = last
            let page = try await writer.threads.run { [database] in try database.blobs(behind: from) }
            guard let end = page.last else { return faults }
            for start in stride(from: 0, to: page.count, by: BackupWriter.width) {
                try Task.checkCancellation()
                try isOpen()
                let some = page[start..<min(start + BackupWriter.width, page.count)]
                faults += try await copy(Array(some))
                progress.fileCount += Int64(some.count)
                progress.doneBytes += some.reduce(0) { $0 + $1.sizeBytes }
                try await report(progress)
            }
            last = end.bodyID
        }
    }

    /// Who names a body.
    func places(ofBody id: Int64) async throws -> [Damage.Place] {
        try await writer.threads.run { [database] in try database.places(ofBody: id) }
    }

    private func copy(_ some: [CopiedDatabase.Blob]) async throws -> [(bodyID: Int64, fault: BodyFault)] {
        try await withThrowingTaskGroup(of: (bodyID: Int64, fault: BodyFault)?.self) { group in
            for blob in some {
                group.addTask {
                    let fault = try await writer.threads.run { [self] in try copy(blob) }
                    return fault.map { (blob.bodyID, $0) }
                }
            }
            var faults: [(bodyID: Int64, fault: BodyFault)] = []
            for try await fault in group {
                if let fault { faults.append(fault) }
            }
            return faults
        }
    }

    private func copy(_ blob: CopiedDatabase.Blob) throws -> BodyFault? {
        let source: any DiskFile
        do {
            source = try blobs.open(blob.id)
        } catch .bodyIsGone {
            return BodyFault(.missing, "its file is gone")
        }
        let path = folder + "/" + blob.id.path
        guard usesHardLinks, let store = blobs.disk.path else {
            return try writer.copy(source, as: path, bodyBytes: blob.sizeBytes)
        }
        try writer.makeFolders(for: path)
        guard link(store + "/" + blob.id.path, writer.path + "/" + path) == 0 else {
            // The backup is on another disk.
            return try writer.copy(source, as: path, bodyBytes: blob.sizeBytes)
        }
        return try writer.note(linked: source, as: path, bodyBytes: blob.sizeBytes)
    }
}
