import OSSKit

/// What one walk over all blob files did.
package struct SweepOutcome: Sendable, Equatable {
    /// Files without a row that were found for the first time, and marked.
    package var markedCount: Int
    /// Files that had been marked for a day, and were removed.
    package var removedCount: Int
    /// Files that had been marked although a row names them, and got their name back: a defect if not 0.
    package var restoredCount: Int

    /// Collects the counts.
    package init(markedCount: Int = 0, removedCount: Int = 0, restoredCount: Int = 0) {
        self.markedCount = markedCount
        self.removedCount = removedCount
        self.restoredCount = restoredCount
    }
}

extension DiskStore {
    /// Returns when everything that nobody names any more is cleared away, but for what somebody is still reading.
    package func waitUntilCleared() async {
        await reaper.waitUntilIdle()
    }

    /// Marks files that no row has named for a day, and removes those that were marked a day ago.
    ///
    /// The configuration may say another age than a day. Uploads of this process are left alone, however long they take.
    package func sweepOrphans() async throws -> SweepOutcome {
        var outcome = SweepOutcome()
        for folderNumber in 0..<BlobID.folderCount {
            try Task.checkCancellation()
            try requireOpen()
            let files = try await blobs.threads.run { [blobs] in try blobs.files(inFolder: folderNumber) }
            try await sweep(files.filter(isOfInterest), &outcome)
        }
        return outcome
    }

    private func isOfInterest(_ file: BlobFolder.FoundFile) -> Bool {
        let age = environment.now().subtractingReportingOverflow(file.changedAtMilliseconds)
        return !age.overflow && age.partialValue > configuration.orphanAgeMilliseconds && !blobs.isPending(file.id)
    }

    /// Acts on files of which it is known that no upload of this process has them.
    ///
    /// An upload is pending until its row is committed, so whoever is not pending has its row now or will never get one.
    private func sweep(_ files: [BlobFolder.FoundFile], _ outcome: inout SweepOutcome) async throws {
        guard !files.isEmpty else { return }
        let named = try await database.read { database in
            try files.map { try BodyTable.names($0.id, in: database) }
        }
        try requireOpen()
        try fatality.requireNone()
        let (blobs, now) = (blobs, environment.now())
        let changes = try await blobs.threads.run {
            try zip(files, named).map { try blobs.sweep($0, isNamed: $1, atMilliseconds: now) }
        }
        outcome.markedCount += changes.count { $0 == .marked }
        outcome.removedCount += changes.count { $0 == .removed }
        outcome.restoredCount += changes.count { $0 == .restored }
    }
}
