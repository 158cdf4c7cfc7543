import GRDB

/// The settings of the connection that commits, as SQLite itself reports them.
package struct DatabaseSettings: Sendable, Equatable {
    /// `PRAGMA synchronous`: 2 is FULL, with which a commit is on disk when it returns.
    package let synchronous: Int
    /// `PRAGMA journal_mode`, in lower case.
    package let journalMode: String
    /// `PRAGMA page_size` in bytes.
    package let pageSizeBytes: Int

    /// Collects the settings.
    package init(synchronous: Int, journalMode: String, pageSizeBytes: Int) {
        self.synchronous = synchronous
        self.journalMode = journalMode
        self.pageSizeBytes = pageSizeBytes
    }

    /// Asks the connection.
    init(readFrom database: Database) throws {
        self.init(
            synchronous: try Int.fetchOne(database, sql: "PRAGMA synchronous") ?? -1,
            journalMode: try String.fetchOne(database, sql: "PRAGMA journal_mode") ?? "",
            pageSizeBytes: try Int.fetchOne(database, sql: "PRAGMA page_size") ?? -1)
    }

    /// Refuses a connection whose commits could be lost.
    ///
    /// - Throws: `StoreFailure.settingsNotKept` with the name of the setting and what it is.
    package func requireDurable() throws(StoreFailure) {
        guard synchronous == 2 else { throw StoreFailure.settingsNotKept("synchronous=\(synchronous)") }
        guard journalMode == "wal" else { throw StoreFailure.settingsNotKept("journal_mode=\(journalMode)") }
    }
}
