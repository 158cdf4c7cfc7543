import Synchronization

/// Room that is put aside while there is plenty, so that a store on a full disk can be opened and objects deleted.
///
/// A delete writes to the database's log before it frees anything. When there is no room for that, the reserve is given
/// up for it; once there is plenty again it is put aside anew.
final class RoomReserve: Sendable {
    /// The least room that is put aside, in bytes.
    private static let leastBytes = 1_024 * 1_024
    /// How many times as much must be free to put room aside.
    private static let plenty: Int64 = 4
    private static let fileName = "RESERVE"
    private static let pieceBytes = 64 * 1_024

    private let disk: any Disk
    private let bytes: Int
    private let isAside = Atomic<Bool>(false)

    /// Takes how much is written to the log between two checkpoints: with as much the log can be moved into its file.
    init(on disk: any Disk, checkpointBytes: Int) {
        self.disk = disk
        self.bytes = max(Self.leastBytes, checkpointBytes)
    }

    /// Puts the room aside if it is not, and if there is plenty; without it deletes may be refused, and no harm is done.
    func keep() {
        guard !isAside.load(ordering: .acquiring) else { return }
        let isFilled = (try? fill()) ?? false
        isAside.store(isFilled, ordering: .releasing)
    }

    /// Frees the room.
    ///
    /// - Returns: whether any was put aside.
    func give() -> Bool {
        isAside.store(false, ordering: .releasing)
        return (try? disk.remove(Self.fileName)) != nil
    }

    private func fill() throws -> Bool {
        let heldBytes = try disk.status(of: Self.fileName)?.sizeBytes ?? 0
        guard heldBytes < bytes else { return true }
        guard try disk.space().freeBytes > Self.plenty * Int64(bytes) else { return false }
        let file = try disk.open(Self.fileName, .writing)
        let piece = [UInt8](repeating: 0, count: Self.pieceBytes)
        for start in stride(from: 0, to: bytes, by: Self.pieceBytes) {
            try piece.withUnsafeBytes { try file.write($0, at: Int64(start)) }
        }
        return true
    }
}
