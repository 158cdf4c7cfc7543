import OSSKit

extension DiskStore {
    /// Sets how many bytes the buckets of an owner may hold together; nil takes the limit away.
    ///
    /// Who has more already keeps it, and can add nothing before enough is deleted.
    package func setLimit(_ limitBytes: Int64?, ofAccount ownerID: String) async throws {
        precondition(limitBytes ?? 0 >= 0, "a limit is a number of bytes")
        try requireOpen()
        let current = try await database.read { try AccountTable.find(ownerID, in: $0) }
        guard current?.limitBytes != limitBytes else { return }
        try await commit { database in
            try AccountTable.setLimit(limitBytes, of: ownerID, in: database)
            return Change(value: ())
        }
        reservations.setLimit(limitBytes, of: ownerID)
    }

    /// How many bytes the buckets of an owner hold, and may hold; all uploads that ended before the call are counted.
    package func usage(ofAccount ownerID: String) async throws -> AccountUsage {
        try requireOpen()
        // Whatever waits is committed before, such as the return of what uploads had been promised.
        let account: AccountUsage
        do {
            account = try await committer.commit { try AccountTable.find(ownerID, in: $0) } ?? AccountUsage()
        } catch {
            throw fatality.translate((error as? CommitUncertain)?.cause ?? error)
        }
        return AccountUsage(
            limitBytes: account.limitBytes, usedBytes: account.usedBytes,
            reservedBytes: account.reservedBytes - reservations.owedBytes(of: ownerID))
    }
}
