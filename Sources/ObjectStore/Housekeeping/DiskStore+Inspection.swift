import OSSKit
import Synchronization

extension DiskStore {
    /// Has SQLite look at its file, on a connection that only reads.
    ///
    /// - Returns: what it finds wrong; empty if the file is well.
    package func quickCheck() async throws -> [String] {
        try requireOpen()
        return try await database.read { DatabaseCheck.problems(of: $0, isThorough: false) }
    }

    /// Looks whether the rows agree with each other and with the files, in one state of the store.
    ///
    /// Files that are to be removed stay until it has ended; nobody waits for it.
    /// - Parameter progress: told how many bodies were looked at, on a thread of the database.
    package func inspect(progress: @escaping @Sendable (Int64) -> Void) async throws -> InspectionOutcome {
        try requireOpen()
        let hold = blobs.holdRemovals()
        defer { withExtendedLifetime(hold) {} }
        let wasCancelled = Flag()
        let disk = disk
        var outcome = try await withTaskCancellationHandler {
            try await database.read { database in
                try StoreInspection(database: database, disk: disk, isCancelled: { wasCancelled.isUp })
                    .run(isThorough: true, progress: progress)
            }
        } onCancel: {
            wasCancelled.raise()
        }
        // Rows that cannot be trusted say nothing about files.
        if !outcome.problems.contains(where: { $0.subject == "database" }) {
            outcome.orphanCount = try await countOrphans()
        }
        return outcome
    }

    /// How many files no row names now, and no upload of this process has.
    private func countOrphans() async throws -> Int64 {
        var count: Int64 = 0
        for folderNumber in 0..<BlobID.folderCount {
            try Task.checkCancellation()
            try requireOpen()
            let files = try await blobs.threads.run { [blobs] in
                try blobs.files(inFolder: folderNumber).filter { !blobs.isPending($0.id) && !blobs.isHeld($0.id) }
            }
            guard !files.isEmpty else { continue }
            let names = try await database.read { database in
                try files.map { try BodyTable.names($0.id, in: database) }
            }
            count += Int64(names.count { !$0 })
        }
        return count
    }
}

/// Something that is raised once.
private final class Flag: Sendable {
    private let raised = Atomic<Bool>(false)

    /// Whether it was raised.
    var isUp: Bool { raised.load(ordering: .relaxed) }

    /// Raises it.
    func raise() {
        raised.store(true, ordering: .relaxed)
    }
}
