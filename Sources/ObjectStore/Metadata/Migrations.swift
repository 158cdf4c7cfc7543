import GRDB

/// The schema of `meta.sqlite`, as a list of steps that is only ever appended to.
enum Migrations {
    /// All steps in order.
    static var all: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1 buckets and objects") { database in
            try database.execute(sql: bucketsAndObjects)
        }
        migrator.registerMigration("2 multipart uploads") { database in
            try database.execute(sql: multipartUploads)
        }
        migrator.registerMigration("3 tags") { database in
            try database.execute(sql: tags)
        }
        migrator.registerMigration("4 symbolic links") { database in
            try database.execute(sql: symbolicLinks)
        }
        migrator.registerMigration("5 versions") { database in
            try database.execute(sql: versions)
        }
        migrator.registerMigration("6 bucket configurations") { database in
            try database.execute(sql: bucketConfigurations)
        }
        migrator.registerMigration("7 housekeeping") { database in
            try database.execute(sql: housekeeping)
        }
        migrator.registerMigration("8 quotas") { database in
            try database.execute(sql: quotas)
        }
        migrator.registerMigration("9 account configurations") { database in
            try database.execute(sql: accountConfigurations)
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

    /// Uploads in parts, bodies that are made of others, and what is left to be cleared away.
    ///
    /// An object's ETag need not be the MD5 of its bytes any more: `etag_part_count` tells, see `EntityTag`.
    /// The end of a segment is its place in the body, so that one look at the index finds the segment of an offset.
    /// What a release names is named by nothing else: it is taken apart in small commits, when nobody reads it.
    private static let multipartUploads = """
        ALTER TABLE objects RENAME COLUMN md5 TO etag_digest;
        ALTER TABLE objects ADD COLUMN etag_part_count INTEGER CHECK (etag_part_count >= 0);
        ALTER TABLE objects ADD COLUMN is_segmented INTEGER NOT NULL DEFAULT 0 CHECK (is_segmented IN (0, 1));

        CREATE TABLE segments (
            body_id INTEGER NOT NULL REFERENCES bodies (id),
            end_bytes INTEGER NOT NULL CHECK (end_bytes >= size_bytes),
            size_bytes INTEGER NOT NULL CHECK (size_bytes > 0),
            crc64 INTEGER NOT NULL,
            segment_body_id INTEGER NOT NULL,
            blob_id TEXT,
            PRIMARY KEY (body_id, end_bytes)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE uploads (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            bucket_id INTEGER NOT NULL REFERENCES buckets (id),
            key BLOB NOT NULL CHECK (length(key) BETWEEN 1 AND 1023),
            upload_id TEXT NOT NULL CHECK (length(upload_id) = 32),
            initiated_at_ms INTEGER NOT NULL,
            storage_class TEXT NOT NULL,
            acl TEXT NOT NULL,
            content_type TEXT,
            headers TEXT NOT NULL,
            user_metadata TEXT NOT NULL
        ) STRICT;
        CREATE UNIQUE INDEX uploads_by_key ON uploads (bucket_id, key, upload_id);

        CREATE TABLE parts (
            upload_number INTEGER NOT NULL,
            part_number INTEGER NOT NULL CHECK (part_number BETWEEN 1 AND 10000),
            size_bytes INTEGER NOT NULL CHECK (size_bytes >= 0),
            md5 BLOB NOT NULL CHECK (length(md5) = 16),
            crc64 INTEGER NOT NULL,
            last_modified_ms INTEGER NOT NULL,
            body_id INTEGER NOT NULL,
            blob_id TEXT,
            PRIMARY KEY (upload_number, part_number)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE releases (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            body_id INTEGER,
            upload_number INTEGER,
            CHECK ((body_id IS NULL) <> (upload_number IS NULL))
        ) STRICT;
        """

    /// The tags of objects, and of objects to be: a JSON array of keys and values in turn, as the other attributes.
    private static let tags = """
        ALTER TABLE objects ADD COLUMN tags TEXT NOT NULL DEFAULT '[]';
        ALTER TABLE uploads ADD COLUMN tags TEXT NOT NULL DEFAULT '[]';
        """

    /// The key that a symbolic link leads to.
    private static let symbolicLinks = """
        ALTER TABLE objects ADD COLUMN symlink_target BLOB CHECK (length(symlink_target) BETWEEN 1 AND 1023);
        """

    /// What is not current any more, and delete markers.
    ///
    /// `objects` stays the table of what keys show. `versions` has every column of it under the same name, so that
    /// a row moves from one to the other as it is; a delete marker has only the first few. Of a key the newest row comes
    /// first. The index finds the one version `null` of a key.
    private static let versions = """
        ALTER TABLE buckets ADD COLUMN versioning TEXT CHECK (versioning IN ('Enabled', 'Suspended'));
        ALTER TABLE buckets ADD COLUMN last_sequence INTEGER NOT NULL DEFAULT 0 CHECK (last_sequence >= 0);
        ALTER TABLE buckets ADD COLUMN marker_count INTEGER NOT NULL DEFAULT 0 CHECK (marker_count >= 0);
        ALTER TABLE objects ADD COLUMN sequence INTEGER NOT NULL DEFAULT 0 CHECK (sequence >= 0);
        ALTER TABLE objects ADD COLUMN version_id TEXT CHECK (length(version_id) BETWEEN 5 AND 128);

        CREATE TABLE versions (
            bucket_id INTEGER NOT NULL REFERENCES buckets (id),
            key BLOB NOT NULL CHECK (length(key) BETWEEN 1 AND 1023),
            sequence INTEGER NOT NULL CHECK (sequence >= 0),
            version_id TEXT CHECK (length(version_id) BETWEEN 5 AND 128),
            is_delete_marker INTEGER NOT NULL DEFAULT 0 CHECK (is_delete_marker IN (0, 1)),
            last_modified_ms INTEGER NOT NULL,
            size_bytes INTEGER NOT NULL DEFAULT 0 CHECK (size_bytes >= 0),
            etag_digest BLOB CHECK (length(etag_digest) = 16),
            etag_part_count INTEGER CHECK (etag_part_count >= 0),
            crc64 INTEGER,
            object_type TEXT,
            storage_class TEXT,
            acl TEXT,
            body_id INTEGER,
            blob_id TEXT,
            is_segmented INTEGER NOT NULL DEFAULT 0 CHECK (is_segmented IN (0, 1)),
            content_type TEXT,
            headers TEXT,
            user_metadata TEXT,
            tags TEXT,
            symlink_target BLOB CHECK (length(symlink_target) BETWEEN 1 AND 1023),
            CHECK (is_delete_marker = (body_id IS NULL)),
            PRIMARY KEY (bucket_id, key, sequence DESC)
        ) STRICT, WITHOUT ROWID;
        CREATE UNIQUE INDEX versions_without_id ON versions (bucket_id, key) WHERE version_id IS NULL;
        """

    /// What is said about buckets, as bytes that the store does not look into.
    ///
    /// A bucket has one configuration of most kinds, with an empty name, and several of some. The index beside it finds
    /// the few objects that are not of the usual storage class, whose number and length are asked for together.
    private static let bucketConfigurations = """
        CREATE TABLE bucket_configurations (
            bucket_id INTEGER NOT NULL REFERENCES buckets (id),
            kind TEXT NOT NULL,
            name TEXT NOT NULL,
            value BLOB NOT NULL,
            changed_at_ms INTEGER NOT NULL,
            PRIMARY KEY (bucket_id, kind, name)
        ) STRICT;
        CREATE INDEX objects_of_other_classes ON objects (bucket_id, storage_class, size_bytes)
        WHERE storage_class <> 'Standard';
        """

    /// Where housekeeping stands, and the bodies whose bytes are not those that were written.
    ///
    /// `item` tells which of the things of a key it is: empty for the object, else as `Damage.Place` writes it.
    private static let housekeeping = """
        CREATE TABLE housekeeping (
            name TEXT PRIMARY KEY,
            value TEXT NOT NULL
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE damage (
            bucket TEXT NOT NULL,
            key BLOB NOT NULL,
            item TEXT NOT NULL,
            kind TEXT NOT NULL,
            detail TEXT NOT NULL,
            found_at_ms INTEGER NOT NULL,
            PRIMARY KEY (bucket, key, item)
        ) STRICT, WITHOUT ROWID;
        """

    /// What each owner of buckets may keep, keeps, and has been promised; parts count until their upload ends.
    private static let quotas = """
        CREATE TABLE accounts (
            owner_id TEXT PRIMARY KEY,
            limit_bytes INTEGER CHECK (limit_bytes >= 0),
            used_bytes INTEGER NOT NULL DEFAULT 0 CHECK (used_bytes >= 0),
            reserved_bytes INTEGER NOT NULL DEFAULT 0 CHECK (reserved_bytes >= 0)
        ) STRICT, WITHOUT ROWID;
        INSERT INTO accounts (owner_id, used_bytes)
        SELECT owner_id, sum(size_bytes + (
            SELECT coalesce(sum(parts.size_bytes), 0) FROM parts
            JOIN uploads ON uploads.id = parts.upload_number WHERE uploads.bucket_id = buckets.id))
        FROM buckets GROUP BY owner_id;
        """

    /// What an account says about all of its buckets; an account need have none.
    private static let accountConfigurations = """
        CREATE TABLE account_configurations (
            owner_id TEXT NOT NULL,
            kind TEXT NOT NULL,
            value BLOB NOT NULL,
            PRIMARY KEY (owner_id, kind)
        ) STRICT, WITHOUT ROWID;
        """
}
