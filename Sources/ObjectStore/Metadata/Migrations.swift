import GRDB

/// The schema of `meta.sqlite`, as a list of steps that is only ever appended to.
enum Migrations {
    /// All steps in order.
    static var all: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1 buckets and objects") { database in
            try database.execute(sql: bucketsAndObjects)
        }
        return migrator
    }

    /// Buckets, the bodies that objects point to, small bodies in a table of their own, and the objects.
    ///
    /// Keys are bytes, so that the order of the index is the order of a list. A body may be named by several objects;
    /// it has no foreign key from `objects`, since the index that this needs would be written with every object.
    private static let bucketsAndObjects = """
        CREATE TABLE buckets (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            name TEXT NOT NULL UNIQUE CHECK (length(name) BETWEEN 3 AND 63),
            owner_id TEXT NOT NULL,
            created_at_ms INTEGER NOT NULL,
            acl TEXT NOT NULL CHECK (acl IN ('private', 'public-read', 'public-read-write')),
            storage_class TEXT NOT NULL,
            data_redundancy_type TEXT NOT NULL,
            object_count INTEGER NOT NULL DEFAULT 0 CHECK (object_count >= 0),
            size_bytes INTEGER NOT NULL DEFAULT 0 CHECK (size_bytes >= 0)
        ) STRICT;
        CREATE INDEX buckets_by_owner ON buckets (owner_id, name);

        CREATE TABLE bodies (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            reference_count INTEGER NOT NULL CHECK (reference_count >= 0),
            size_bytes INTEGER NOT NULL CHECK (size_bytes >= 0),
            blob_id TEXT UNIQUE CHECK (length(blob_id) = 26)
        ) STRICT;

        CREATE TABLE inline (
            id INTEGER PRIMARY KEY REFERENCES bodies (id) ON DELETE CASCADE,
            crc64 INTEGER NOT NULL,
            body BLOB NOT NULL
        ) STRICT;

        CREATE TABLE objects (
            bucket_id INTEGER NOT NULL REFERENCES buckets (id),
            key BLOB NOT NULL CHECK (length(key) BETWEEN 1 AND 1023),
            size_bytes INTEGER NOT NULL CHECK (size_bytes >= 0),
            last_modified_ms INTEGER NOT NULL,
            md5 BLOB NOT NULL CHECK (length(md5) = 16),
            crc64 INTEGER NOT NULL,
            object_type TEXT NOT NULL,
            storage_class TEXT NOT NULL,
            acl TEXT NOT NULL,
            body_id INTEGER NOT NULL,
            blob_id TEXT,
            content_type TEXT,
            headers TEXT NOT NULL,
            user_metadata TEXT NOT NULL,
            PRIMARY KEY (bucket_id, key)
        ) STRICT, WITHOUT ROWID;
        """
}
