import ObjectStore
import Testing

/// The locks by which SQLite's connections keep out of each other's way, where no file holds them.
@Suite struct DatabaseSharingTests {
    @Test func manyReadButOneWrites() {
        let sharing = DatabaseSharing()
        var (one, two, three) = (DatabaseSharing.Held(), DatabaseSharing.Held(), DatabaseSharing.Held())
        #expect(sharing.lock(.shared, &one))
        #expect(sharing.lock(.shared, &two))
        #expect(sharing.lock(.reserved, &one))
        #expect(sharing.isReserved)
        #expect(!sharing.lock(.reserved, &two))
        #expect(!sharing.lock(.exclusive, &two))
        // A reader is there, so the writer waits, and nobody new comes in.
        #expect(!sharing.lock(.exclusive, &one))
        #expect(!sharing.lock(.shared, &three))
        sharing.unlock(.none, &two)
        #expect(sharing.lock(.exclusive, &one))
        #expect(!sharing.lock(.shared, &three))
        sharing.unlock(.shared, &one)
        #expect(!sharing.isReserved)
        #expect(sharing.lock(.shared, &three))
        sharing.unlock(.none, &one)
        sharing.unlock(.none, &three)
        #expect(sharing.lock(.shared, &two))
        #expect(sharing.lock(.exclusive, &two))
    }

    @Test func aSlotIsSharedOrBelongsToOne() {
        let sharing = DatabaseSharing()
        var (one, two) = (DatabaseSharing.Held(), DatabaseSharing.Held())
        #expect(sharing.lock(3..<4, isExclusive: false, &one))
        #expect(sharing.lock(3..<4, isExclusive: false, &two))
        #expect(!sharing.lock(3..<4, isExclusive: true, &two))
        #expect(!sharing.lock(0..<8, isExclusive: true, &one))
        sharing.unlock(3..<4, isExclusive: false, &one)
        sharing.unlock(3..<4, isExclusive: false, &two)
        #expect(sharing.lock(0..<8, isExclusive: true, &one))
        #expect(!sharing.lock(3..<4, isExclusive: false, &two))
        sharing.unmap(&one)
        #expect(sharing.lock(3..<4, isExclusive: false, &two))
    }

    @Test func theIndexIsTheSameForAllAndGoneAfterTheLast() {
        let sharing = DatabaseSharing()
        var (one, two) = (DatabaseSharing.Held(), DatabaseSharing.Held())
        let missing = sharing.map(0, sizeBytes: 32_768, extends: false, &one)
        #expect(missing == 0)
        let made = sharing.map(1, sizeBytes: 32_768, extends: true, &one)
        let found = sharing.map(1, sizeBytes: 32_768, extends: false, &two)
        #expect(made != 0 && made == found)
        sharing.unmap(&one)
        let still = sharing.map(0, sizeBytes: 32_768, extends: false, &two)
        #expect(still != 0)
        sharing.unmap(&two)
        let gone = sharing.map(0, sizeBytes: 32_768, extends: false, &one)
        #expect(gone == 0)
    }
}
