import GRDB

/// The schema of the session store, as steps that are only ever appended.
///
/// Written in SQLite's own words, and translated for PostgreSQL. Times are microseconds since 1970.
/// Source: session-api.md 6, upload-gateway.md 2.1.
enum SessionSchema {
    /// One step.
    struct Step: Sendable {
        /// What it is known by in a database that has it.
        let name: String
        /// Its statements.
        let statements: String
    }

    /// All steps, oldest first.
    static let steps = [
        Step(name: "1 accounts", statements: accounts), Step(name: "2 sessions", statements: sessions),
        Step(name: "3 files", statements: files), Step(name: "4 settlement", statements: settlement),
        Step(name: "5 protocol 2", statements: protocol2),
        Step(name: "7 deletions", statements: deletions),
    ]

    /// The steps as SQLite takes them.
    static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        for step in steps {
            migrator.registerMigration(step.name) { try $0.execute(sql: step.statements) }
        }
        return migrator
    }

    private static let accounts = """
        CREATE TABLE users (
            user_id TEXT NOT NULL PRIMARY KEY CHECK (length(user_id) = 36),
            email TEXT,
            email_ci TEXT UNIQUE,
            display_name TEXT NOT NULL DEFAULT '',
            password_hash TEXT,
            status TEXT NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'disabled', 'deleted')),
            seq INTEGER NOT NULL DEFAULT 0 CHECK (seq >= 0),
            session_count INTEGER NOT NULL DEFAULT 0 CHECK (session_count >= 0),
            created_at INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE devices (
            user_id TEXT NOT NULL REFERENCES users (user_id),
            device_id TEXT NOT NULL,
            created_at INTEGER NOT NULL,
            last_seen_at INTEGER NOT NULL,
            PRIMARY KEY (user_id, device_id)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE refresh_tokens (
            token_hash BLOB NOT NULL PRIMARY KEY CHECK (length(token_hash) = 32),
            user_id TEXT NOT NULL,
            device_id TEXT NOT NULL,
            family TEXT NOT NULL,
            generation INTEGER NOT NULL CHECK (generation >= 1),
            state TEXT NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'spent', 'revoked')),
            created_at INTEGER NOT NULL,
            expires_at INTEGER NOT NULL,
            FOREIGN KEY (user_id, device_id) REFERENCES devices (user_id, device_id)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX refresh_tokens_by_device ON refresh_tokens (user_id, device_id);
        CREATE INDEX refresh_tokens_by_family ON refresh_tokens (family);
        CREATE TABLE email_codes (
            email_ci TEXT NOT NULL,
            purpose TEXT NOT NULL,
            code_hash BLOB NOT NULL CHECK (length(code_hash) = 32),
            attempts INTEGER NOT NULL DEFAULT 0,
            expires_at INTEGER NOT NULL,
            PRIMARY KEY (email_ci, purpose)
        ) STRICT, WITHOUT ROWID;
        """

    private static let sessions = """
        CREATE TABLE sessions (
            user_id TEXT NOT NULL REFERENCES users (user_id),
            session_id TEXT NOT NULL UNIQUE,
            chapter_id TEXT NOT NULL,
            course_id TEXT,
            title TEXT,
            bundle_version TEXT,
            created_at INTEGER NOT NULL,
            last_active_at INTEGER NOT NULL,
            turn_count INTEGER NOT NULL DEFAULT 0 CHECK (turn_count >= 0),
            turn_bytes INTEGER NOT NULL DEFAULT 0 CHECK (turn_bytes >= 0),
            min_index INTEGER,
            max_index INTEGER,
            seq INTEGER NOT NULL,
            deleted_at INTEGER,
            PRIMARY KEY (user_id, session_id)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX sessions_by_chapter ON sessions (user_id, chapter_id, last_active_at);
        CREATE TABLE turns (
            user_id TEXT NOT NULL,
            session_id TEXT NOT NULL,
            turn_index INTEGER NOT NULL CHECK (turn_index BETWEEN 0 AND 2147483647),
            seq INTEGER NOT NULL,
            content_hash BLOB NOT NULL CHECK (length(content_hash) = 32),
            device TEXT,
            chapter_id TEXT NOT NULL,
            user_message TEXT NOT NULL,
            companion_response TEXT NOT NULL,
            turn_outcome TEXT NOT NULL,
            created_at INTEGER NOT NULL,
            PRIMARY KEY (user_id, session_id, turn_index),
            FOREIGN KEY (user_id, session_id) REFERENCES sessions (user_id, session_id)
        ) STRICT;
        CREATE TABLE turn_alternates (
            user_id TEXT NOT NULL,
            session_id TEXT NOT NULL,
            turn_index INTEGER NOT NULL,
            content_hash BLOB NOT NULL CHECK (length(content_hash) = 32),
            seq INTEGER NOT NULL,
            device TEXT,
            chapter_id TEXT NOT NULL,
            user_message TEXT NOT NULL,
            companion_response TEXT NOT NULL,
            turn_outcome TEXT NOT NULL,
            created_at INTEGER NOT NULL,
            PRIMARY KEY (user_id, session_id, turn_index, content_hash),
            FOREIGN KEY (user_id, session_id, turn_index) REFERENCES turns (user_id, session_id, turn_index)
        ) STRICT;
        CREATE TABLE documents (
            user_id TEXT NOT NULL,
            session_id TEXT NOT NULL,
            kind TEXT NOT NULL CHECK (kind IN ('memory', 'report', 'agent_state')),
            body TEXT NOT NULL,
            hash BLOB NOT NULL CHECK (length(hash) = 32),
            as_of_turn INTEGER,
            seq INTEGER NOT NULL,
            device TEXT,
            updated_at INTEGER NOT NULL,
            PRIMARY KEY (user_id, session_id, kind),
            FOREIGN KEY (user_id, session_id) REFERENCES sessions (user_id, session_id)
        ) STRICT;
        CREATE TABLE document_versions (
            user_id TEXT NOT NULL,
            session_id TEXT NOT NULL,
            kind TEXT NOT NULL,
            seq INTEGER NOT NULL,
            body TEXT NOT NULL,
            hash BLOB NOT NULL,
            as_of_turn INTEGER,
            device TEXT,
            updated_at INTEGER NOT NULL,
            PRIMARY KEY (user_id, session_id, kind, seq)
        ) STRICT;
        CREATE TABLE changes (
            user_id TEXT NOT NULL,
            seq INTEGER NOT NULL,
            session_id TEXT,
            kind TEXT NOT NULL CHECK (kind IN ('session', 'turns', 'memory', 'report', 'conflict', 'file')),
            ref TEXT,
            device TEXT,
            created_at INTEGER NOT NULL,
            PRIMARY KEY (user_id, seq)
        ) STRICT, WITHOUT ROWID;
        """

    private static let files = """
        CREATE TABLE upload_urls (
            id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
            user_id TEXT NOT NULL REFERENCES users (user_id),
            chapter_id TEXT NOT NULL,
            filename TEXT NOT NULL,
            oss_key TEXT NOT NULL,
            size_bytes INTEGER NOT NULL CHECK (size_bytes >= 0),
            content_md5 TEXT,
            created_at INTEGER NOT NULL,
            expires_at INTEGER NOT NULL,
            state TEXT NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'confirmed', 'rejected'))
        ) STRICT;
        CREATE INDEX upload_urls_by_key ON upload_urls (user_id, oss_key);
        CREATE INDEX upload_urls_by_expiry ON upload_urls (user_id, expires_at);
        CREATE TABLE files (
            id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
            user_id TEXT NOT NULL REFERENCES users (user_id),
            chapter_id TEXT NOT NULL,
            filename TEXT NOT NULL,
            oss_key TEXT NOT NULL,
            size_bytes INTEGER NOT NULL CHECK (size_bytes >= 0),
            etag TEXT,
            crc64 TEXT,
            modified_at INTEGER,
            upload_id INTEGER NOT NULL,
            seq INTEGER NOT NULL,
            submitted_at INTEGER NOT NULL,
            UNIQUE (user_id, chapter_id, filename)
        ) STRICT;
        CREATE INDEX files_by_time ON files (user_id, submitted_at);
        """

    private static let settlement = """
        ALTER TABLE upload_urls ADD COLUMN settled_at INTEGER;
        CREATE INDEX upload_urls_unsettled ON upload_urls (user_id, oss_key, expires_at) WHERE settled_at IS NULL;
        CREATE INDEX email_codes_by_expiry ON email_codes (expires_at);
        """

    private static let protocol2 = """
        ALTER TABLE sessions ADD COLUMN archived_at INTEGER;
        ALTER TABLE sessions ADD COLUMN purged_at INTEGER;
        ALTER TABLE sessions ADD COLUMN last_device TEXT;
        ALTER TABLE sessions ADD COLUMN forked_from TEXT;
        ALTER TABLE sessions ADD COLUMN fork_at INTEGER;
        ALTER TABLE sessions ADD COLUMN digest BLOB;
        CREATE INDEX sessions_by_time ON sessions (user_id, last_active_at, session_id);
        CREATE INDEX sessions_by_deletion ON sessions (deleted_at) WHERE deleted_at IS NOT NULL;
        ALTER TABLE turns ADD COLUMN occurred_at INTEGER;
        ALTER TABLE turns ADD COLUMN size_bytes INTEGER NOT NULL DEFAULT 0;
        UPDATE turns SET size_bytes = length(CAST(user_message AS BLOB))
            + length(CAST(companion_response AS BLOB)) + length(CAST(turn_outcome AS BLOB));
        ALTER TABLE turn_alternates ADD COLUMN occurred_at INTEGER;
        ALTER TABLE turn_alternates ADD COLUMN size_bytes INTEGER NOT NULL DEFAULT 0;
        UPDATE turn_alternates SET size_bytes = length(CAST(user_message AS BLOB))
            + length(CAST(companion_response AS BLOB)) + length(CAST(turn_outcome AS BLOB));
        ALTER TABLE turn_alternates ADD COLUMN decision TEXT;
        ALTER TABLE turn_alternates ADD COLUMN fork_session_id TEXT;
        ALTER TABLE turn_alternates ADD COLUMN decided_at INTEGER;
        ALTER TABLE documents ADD COLUMN reaches_turn INTEGER NOT NULL DEFAULT -1;
        UPDATE documents SET reaches_turn = coalesce((SELECT max_index FROM sessions
            WHERE sessions.user_id = documents.user_id AND sessions.session_id = documents.session_id), -1);
        ALTER TABLE document_versions ADD COLUMN reaches_turn INTEGER NOT NULL DEFAULT -1;
        UPDATE document_versions SET reaches_turn = coalesce((SELECT max_index FROM sessions
            WHERE sessions.user_id = document_versions.user_id
            AND sessions.session_id = document_versions.session_id), -1);
        ALTER TABLE changes RENAME TO earlier_changes;
        CREATE TABLE changes (
            user_id TEXT NOT NULL,
            seq INTEGER NOT NULL,
            session_id TEXT,
            kind TEXT NOT NULL
                CHECK (kind IN ('session', 'turns', 'memory', 'report', 'conflict', 'file', 'deleted')),
            ref TEXT,
            device TEXT,
            created_at INTEGER NOT NULL,
            CONSTRAINT changes_of_users PRIMARY KEY (user_id, seq)
        ) STRICT, WITHOUT ROWID;
        INSERT INTO changes (user_id, seq, session_id, kind, ref, device, created_at)
            SELECT user_id, seq, session_id, kind, ref, device, created_at FROM earlier_changes;
        DROP TABLE earlier_changes;
        """

    /// `ended_as` tells what became of a URL beyond its `state`; a key with a lease is having its object deleted.
    private static let deletions = """
        ALTER TABLE upload_urls ADD COLUMN ended_as TEXT CHECK (ended_as IN ('expired', 'deleted'));
        ALTER TABLE upload_urls ADD COLUMN rechecked_at INTEGER;
        CREATE INDEX upload_urls_unchecked ON upload_urls (settled_at) WHERE rechecked_at IS NULL;
        CREATE TABLE deletions (
            user_id TEXT NOT NULL REFERENCES users (user_id),
            oss_key TEXT NOT NULL,
            chapter_id TEXT NOT NULL,
            filename TEXT NOT NULL,
            size_bytes INTEGER NOT NULL CHECK (size_bytes >= 0),
            requested_at INTEGER NOT NULL,
            next_attempt_at INTEGER NOT NULL,
            attempts INTEGER NOT NULL DEFAULT 0,
            PRIMARY KEY (user_id, oss_key)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX deletions_by_attempt ON deletions (next_attempt_at);
        CREATE TABLE key_leases (
            oss_key TEXT NOT NULL PRIMARY KEY,
            holder TEXT NOT NULL,
            expires_at INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;
        """
}
