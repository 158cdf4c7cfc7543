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
                state.withLock { _ = $0.noted.configurations.insert(place) }
                return nil
            })
        // The triggers lie in a schema of this connection alone, which needs no file.
        try database.execute(sql: "PRAGMA temp_store = MEMORY")
        let columns = try database.columns(in: "buckets").map(\.name).filter { !Self.uncachedColumns.contains($0) }
        for trigger in Self.triggers(bucketColumns: columns) { try database.execute(sql: trigger) }
        database.add(transactionObserver: self, extent: .databaseLifetime)
    }

    /// How much a bucket holds is not part of what is cached, and changes with every write.
    private static let uncachedColumns: Set<String> = ["object_count", "size_bytes"]

    /// A trigger for each way in which a row that is cached can change.
    private static func triggers(bucketColumns: [String]) -> [String] {
        [
            "CREATE TEMP TRIGGER bucket_added AFTER INSERT ON main.buckets BEGIN SELECT note_bucket(new.name); END",
            "CREATE TEMP TRIGGER bucket_removed AFTER DELETE ON main.buckets BEGIN SELECT note_bucket(old.name); END",
            """
            CREATE TEMP TRIGGER bucket_changed
            AFTER UPDATE OF \(bucketColumns.joined(separator: ", ")) ON main.buckets
            BEGIN SELECT note_bucket(old.name), note_bucket(new.name); END
            """,
            """
            CREATE TEMP TRIGGER object_added AFTER INSERT ON main.objects
            BEGIN SELECT note_object(new.bucket_id, new.key); END
            """,
            """
            CREATE TEMP TRIGGER object_removed AFTER DELETE ON main.objects
            BEGIN SELECT note_object(old.bucket_id, old.key); END
            """,
            """
            CREATE TEMP TRIGGER object_changed AFTER UPDATE ON main.objects
            BEGIN SELECT note_object(old.bucket_id, old.key), note_object(new.bucket_id, new.key); END
            """,
            """
            CREATE TEMP TRIGGER configuration_added AFTER INSERT ON main.bucket_configurations
            BEGIN SELECT note_configuration(new.bucket_id, new.kind); END
            """,
            """
            CREATE TEMP TRIGGER configuration_removed AFTER DELETE ON main.bucket_configurations
            BEGIN SELECT note_configuration(old.bucket_id, old.kind); END
            """,
            """
            CREATE TEMP TRIGGER configuration_changed AFTER UPDATE ON main.bucket_configurations
            BEGIN
                SELECT note_configuration(old.bucket_id, old.kind), note_configuration(new.bucket_id, new.kind);
            END
            """,
        ]
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

    func databaseDidCommit(_ database: Database) { end() }

    func databaseDidRollback(_ database: Database) { end() }

    private func end() {
        let changes = state.withLock { state in
            defer { state = State() }
            return state.announced
        }
        caches.buckets.endChange(of: changes.buckets)
        caches.objects.endChange(of: changes.objects)
        caches.configurations.endChange(of: changes.configurations)
    }
}
