import GRDB
import Synchronization

/// The room in accounts that uploads under way have been promised.
///
/// A promise stands in the row of its account, so that one conditional statement judges all of them. It ends in the
/// transaction that charges the bytes, or is given back; what could not be given back, since the disk was full, is tried
/// again. After a restart nobody has a promise.
final class Reservations: Sendable {
    private struct State {
        /// The limits of the accounts that have one.
        var limits: [String: Int64]
        /// What stands in rows although its upload has ended.
        var owed: [String: Int64]
    }

    private let committer: Committer
    private let state: Mutex<State>

    /// Takes the accounts as the last process left them, and gives back what its uploads had been promised.
    init(committer: Committer, accounts: [String: AccountUsage]) {
        self.committer = committer
        let owed = accounts.mapValues(\.reservedBytes).filter { $0.value > 0 }
        state = Mutex(State(limits: accounts.compactMapValues(\.limitBytes), owed: owed))
        for ownerID in owed.keys { giveBackOwed(of: ownerID) }
    }

    /// Promises an upload room in an account.
    ///
    /// - Parameter bytes: how much; nothing is promised at first if it is not known.
    /// - Returns: nil if the account has no limit.
    /// - Throws: `QuotaExceeded`.
    func reserve(_ bytes: Int64, for ownerID: String) async throws -> Reservation? {
        guard state.withLock({ $0.limits[ownerID] != nil }) else { return nil }
        giveBackOwed(of: ownerID)
        let reservation = Reservation(for: ownerID, of: self)
        try await reservation.grow(by: bytes)
        return reservation
    }

    /// Notes what an account may keep from now on.
    func setLimit(_ limitBytes: Int64?, of ownerID: String) {
        state.withLock { $0.limits[ownerID] = limitBytes }
    }

    /// What stands in the row of an account although its upload has ended.
    func owedBytes(of ownerID: String) -> Int64 {
        state.withLock { $0.owed[ownerID] ?? 0 }
    }

    fileprivate func commit(_ bytes: Int64, for ownerID: String) async throws {
        do {
            try await committer.commit { try AccountTable.reserve(bytes, for: ownerID, in: $0) }
        } catch let error as CommitUncertain {
            throw error.cause
        }
    }

    /// Gives back what was promised; later changes are committed after it.
    fileprivate func giveBack(_ bytes: Int64, of ownerID: String) {
        guard bytes > 0 else { return }
        committer.submit(freesRoom: true, { try AccountTable.giveBack(bytes, of: ownerID, in: $0) }) { [self] result in
            guard case .failure = result else { return }
            state.withLock { $0.owed[ownerID, default: 0] += bytes }
        }
    }

    private func giveBackOwed(of ownerID: String) {
        giveBack(state.withLock { $0.owed.removeValue(forKey: ownerID) ?? 0 }, of: ownerID)
    }
}

/// The room that one upload has been promised; unless it is settled, it is given back with the last reference.
final class Reservation: Sendable {
    /// How many more bytes than were promised may come of a body whose length nobody knows, before room is asked for.
    private static let aheadBytes: Int64 = 8 * 1_024 * 1_024

    private let ownerID: String
    private let reservations: Reservations
    private let bytes = Mutex<Int64>(0)

    fileprivate init(for ownerID: String, of reservations: Reservations) {
        self.ownerID = ownerID
        self.reservations = reservations
    }

    deinit {
        giveBack()
    }

    /// Asks for more room.
    ///
    /// - Throws: `QuotaExceeded`.
    fileprivate func grow(by more: Int64) async throws {
        guard more > 0 else { return }
        try await reservations.commit(more, for: ownerID)
        bytes.withLock { $0 += more }
    }

    /// Asks for room for bytes that have come, once they are many.
    ///
    /// - Throws: `QuotaExceeded`.
    func cover(_ receivedBytes: Int64) async throws {
        let more = receivedBytes - bytes.withLock { $0 }
        if more > Self.aheadBytes { try await grow(by: more) }
    }

    /// Ends the promise in the transaction that charges the bytes; if that is undone, so is this.
    func settle(in database: Database) throws {
        let bytes = bytes.withLock { $0 }
        if bytes > 0 { try AccountTable.giveBack(bytes, of: ownerID, in: database) }
    }

    /// Notes that the transaction is on disk, or may be; in the latter case the room is free after the next start.
    func keep() {
        bytes.withLock { $0 = 0 }
    }

    /// Gives the room back; does nothing after `keep()` or a second time.
    func giveBack() {
        let bytes = bytes.withLock { bytes in
            defer { bytes = 0 }
            return bytes
        }
        reservations.giveBack(bytes, of: ownerID)
    }
}
