import GRDB
import Synchronization

/// Tells the caches which rows each transaction of the writing connection changes, whatever statement changes them.
///
/// Triggers of this connection alone note the rows; SQLite's hooks say when the transaction is about to be committed and
/// when it is over. Nobody who writes a row has to think of the caches, so nobody can forget to.
final class ChangeObserver: TransactionObserver, Sendable {
    private struct Changes {
        var buckets: Set<String> = []
        var objects: Set<ObjectRowKey> = []
        var configurations: Set<ConfigurationPlace> = []
    }

    private struct State {
        /// What statements of the open transaction changed.
        var noted = Changes()
        /// What is being committed.
        var announced = Changes()
    }

    private let caches: RowCaches
    private let state = Mutex(State())

    /// Takes the caches to tell.
    init(_ caches: RowCaches) {
        self.caches = caches
    }

    /// Begins to watch the writing connection.
    func install(in database: Database) throws {
        database.add(
            function: DatabaseFunction("note_bucket", argumentCount: 1) { [self] values in
                guard let name = String.fromDatabaseValue(values[0]) else { return nil }
                state.withLock { _ = $0.noted.buckets.insert(name) }
                return nil
            })
        database.add(
            function: DatabaseFunction("note_object", argumentCount: 2) { [self] values in
                guard case .int64(let bucketID) = values[0].storage, case .blob(let key) = values[1].storage else {
                    return nil
                }
                let row = ObjectRowKey(bucketID: bucketID, key: Array(key))
                state.withLock { _ = $0.noted.objects.insert(row) }
                return nil
            })
        database.add(
            function: DatabaseFunction("note_configuration", argumentCount: 2) { [self] values in
                guard case .int64(let bucketID) = values[0].storage,
                    let kind = String.fromDatabaseValue(values[1]).flatMap({ ConfigurationKind(rawValue: $0) })
                else { return nil }
                let place = ConfigurationPlace(bucketID: bucketID, kind: kind)
                state.withLock { state in
                    state.noted.configurations.insert(place)
                    // What was gathered from several rows of the kind has changed as well.
                    state.noted.configurations.insert(.everywhere(kind))
                }
                return nil
            })
        // The triggers lie in a schema of this connection alone, which needs no file.
        try database.execute(sql: "PRAGMA temp_store = MEMORY")
        for table in WatchedTable.all {
            let columns = try database.columns(in: table.name).map(\.name)
            for trigger in table.triggers(columns: columns) { try database.execute(sql: trigger) }
        }
        database.add(transactionObserver: self, extent: .databaseLifetime)
    }

    // MARK: TransactionObserver

    func observes(eventsOfKind eventKind: DatabaseEventKind) -> Bool { false }

    func databaseDidChange(with event: DatabaseEvent) {}

    func databaseWillCommit() {
        let changes = state.withLock { state in
            // A commit that failed may be tried again: what was announced already is not announced twice.
            let changes = Changes(
                buckets: state.noted.buckets.subtracting(state.announced.buckets),
                objects: state.noted.objects.subtracting(state.announced.objects),
                configurations: state.noted.configurations.subtracting(state.announced.configurations))
            state.announced.buckets.formUnion(changes.buckets)
            state.announced.objects.formUnion(changes.objects)
            state.announced.configurations.formUnion(changes.configurations)
            state.noted = Changes()
            return changes
        }
        caches.buckets.beginChange(of: changes.buckets)
        caches.objects.beginChange(of: changes.objects)
        caches.configurations.beginChange(of: changes.configurations)
    }

    func databaseDidCommit(_ database: Database) { transactionIsOver() }

    func databaseDidRollback(_ database: Database) { transactionIsOver() }

    /// Lets everything that was announced into the caches again; does nothing the second time.
    ///
    /// SQLite undoes a transaction of which the commit failed without telling anybody, so whoever uses the connection says
    /// so too. Readers see the rows as they were before it then.
    func transactionIsOver() {
        let changes = state.withLock { state in
            defer { state = State() }
            return state.announced
        }
        caches.buckets.endChange(of: changes.buckets)
        caches.objects.endChange(of: changes.objects)
        caches.configurations.endChange(of: changes.configurations)
    }
}

/// A table that something in memory was read from, and how to tell of which entry a row of it is part.
///
/// Who keeps more in memory than before extends `all`. A new column of a table that is here is watched already. A table
/// whose rows belong to an object, such as older versions of it, names the entry by the columns of its own that hold the
/// bucket's number and the key. A table whose rows belong to a bucket and have but its number, such as settings of it,
/// names the entry by `note_bucket((SELECT name FROM main.buckets WHERE id = \(row).bucket_id))`. An entry of a third
/// kind needs a cache in `RowCaches`, a set in `ChangeObserver.Changes` and a function that fills it. Each write that is
/// new gets a line in `ChangeObserverTests`.
private struct WatchedTable {
    let name: String
    /// Columns that nothing in memory comes from, and that change often.
    var unwatchedColumns: Set<String> = []
    /// The expression that notes the entry of a row, which is called `new` or `old`.
    let note: @Sendable (_ row: String) -> String

    /// How much a bucket holds, which changes with every write.
    private static let bucketCounts: Set<String> = ["object_count", "size_bytes", "marker_count", "last_sequence"]

    static let all = [
        WatchedTable(name: "buckets", unwatchedColumns: bucketCounts) { "note_bucket(\($0).name)" },
        WatchedTable(name: "objects") { "note_object(\($0).bucket_id, \($0).key)" },
        WatchedTable(name: "bucket_configurations") { "note_configuration(\($0).bucket_id, \($0).kind)" },
        // No bucket has the number 0.
        WatchedTable(name: "account_configurations") { "note_configuration(0, \($0).kind)" },
    ]

    /// A trigger for each way in which a row can change.
    func triggers(columns: [String]) -> [String] {
        let watched = columns.filter { !unwatchedColumns.contains($0) }.map { "\"\($0)\"" }.joined(separator: ", ")
        return [
            "CREATE TEMP TRIGGER \(name)_added AFTER INSERT ON main.\(name) BEGIN SELECT \(note("new")); END",
            "CREATE TEMP TRIGGER \(name)_removed AFTER DELETE ON main.\(name) BEGIN SELECT \(note("old")); END",
            """
            CREATE TEMP TRIGGER \(name)_changed AFTER UPDATE OF \(watched) ON main.\(name)
            BEGIN SELECT \(note("old")), \(note("new")); END
            """,
        ]
    }
}
