import GRDB
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
        let find: @Sendable (Database) throws -> AccountUsage? = { try AccountTable.find(ownerID, in: $0) }
        let account: AccountUsage?
        do {
            // Whatever waits is committed before, such as the return of what uploads had been promised.
            account = try await committer.commit(find)
        } catch {
            // What waited can't be committed, such as after a failed flush; what was committed can still be read.
            account = try await readBetweenGroups(find)
        }
        return AccountUsage(
            limitBytes: account?.limitBytes, usedBytes: account?.usedBytes ?? 0,
            reservedBytes: (account?.reservedBytes ?? 0) - reservations.owedBytes(of: ownerID))
    }

    private func readBetweenGroups<Value: Sendable>(
        _ body: @escaping @Sendable (Database) throws -> Value
    ) async throws -> Value {
        do {
            return try await committer.betweenGroups(body)
        } catch {
            throw fatality.translate(error)
        }
    }
}
