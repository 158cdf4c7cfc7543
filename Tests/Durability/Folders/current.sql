-- objects/meta.sqlite
CREATE TABLE account_configurations (
    owner_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    value BLOB NOT NULL,
    PRIMARY KEY (owner_id, kind)
) STRICT, WITHOUT ROWID;
CREATE TABLE accounts (
    owner_id TEXT PRIMARY KEY,
    limit_bytes INTEGER CHECK (limit_bytes >= 0),
    used_bytes INTEGER NOT NULL DEFAULT 0 CHECK (used_bytes >= 0),
    reserved_bytes INTEGER NOT NULL DEFAULT 0 CHECK (reserved_bytes >= 0)
) STRICT, WITHOUT ROWID;
CREATE TABLE bodies (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    reference_count INTEGER NOT NULL CHECK (reference_count >= 0),
    size_bytes INTEGER NOT NULL CHECK (size_bytes >= 0),
    blob_id TEXT UNIQUE CHECK (length(blob_id) = 26)
) STRICT;
CREATE TABLE bucket_configurations (
    bucket_id INTEGER NOT NULL REFERENCES buckets (id),
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    value BLOB NOT NULL,
    changed_at_ms INTEGER NOT NULL,
    PRIMARY KEY (bucket_id, kind, name)
) STRICT;
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
, versioning TEXT CHECK (versioning IN ('Enabled', 'Suspended')), last_sequence INTEGER NOT NULL DEFAULT 0 CHECK (last_sequence >= 0), marker_count INTEGER NOT NULL DEFAULT 0 CHECK (marker_count >= 0)) STRICT;
CREATE TABLE damage (
    bucket TEXT NOT NULL,
    key BLOB NOT NULL,
    item TEXT NOT NULL,
    kind TEXT NOT NULL,
    detail TEXT NOT NULL,
    found_at_ms INTEGER NOT NULL,
    PRIMARY KEY (bucket, key, item)
) STRICT, WITHOUT ROWID;
CREATE TABLE grdb_migrations (identifier TEXT NOT NULL PRIMARY KEY);
CREATE TABLE housekeeping (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
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
    etag_digest BLOB NOT NULL CHECK (length(etag_digest) = 16),
    crc64 INTEGER NOT NULL,
    object_type TEXT NOT NULL,
    storage_class TEXT NOT NULL,
    acl TEXT NOT NULL,
    body_id INTEGER NOT NULL,
    blob_id TEXT,
    content_type TEXT,
    headers TEXT NOT NULL,
    user_metadata TEXT NOT NULL, etag_part_count INTEGER CHECK (etag_part_count >= 0), is_segmented INTEGER NOT NULL DEFAULT 0 CHECK (is_segmented IN (0, 1)), tags TEXT NOT NULL DEFAULT '[]', symlink_target BLOB CHECK (length(symlink_target) BETWEEN 1 AND 1023), sequence INTEGER NOT NULL DEFAULT 0 CHECK (sequence >= 0), version_id TEXT CHECK (length(version_id) BETWEEN 5 AND 128),
    PRIMARY KEY (bucket_id, key)
) STRICT, WITHOUT ROWID;
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
CREATE TABLE segments (
    body_id INTEGER NOT NULL REFERENCES bodies (id),
    end_bytes INTEGER NOT NULL CHECK (end_bytes >= size_bytes),
    size_bytes INTEGER NOT NULL CHECK (size_bytes > 0),
    crc64 INTEGER NOT NULL,
    segment_body_id INTEGER NOT NULL,
    blob_id TEXT,
    PRIMARY KEY (body_id, end_bytes)
) STRICT, WITHOUT ROWID;
CREATE TABLE sqlite_sequence(name,seq);
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
, tags TEXT NOT NULL DEFAULT '[]') STRICT;
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
CREATE INDEX buckets_by_owner ON buckets (owner_id, name);
CREATE INDEX objects_of_other_classes ON objects (bucket_id, storage_class, size_bytes)
WHERE storage_class <> 'Standard';
CREATE UNIQUE INDEX uploads_by_key ON uploads (bucket_id, key, upload_id);
CREATE UNIQUE INDEX versions_without_id ON versions (bucket_id, key) WHERE version_id IS NULL;

-- sessions.sqlite
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
CREATE TABLE devices (
    user_id TEXT NOT NULL REFERENCES users (user_id),
    device_id TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    last_seen_at INTEGER NOT NULL,
    PRIMARY KEY (user_id, device_id)
) STRICT, WITHOUT ROWID;
CREATE TABLE document_versions (
    user_id TEXT NOT NULL,
    session_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    seq INTEGER NOT NULL,
    body TEXT NOT NULL,
    hash BLOB NOT NULL,
    as_of_turn INTEGER,
    device TEXT,
    updated_at INTEGER NOT NULL, reaches_turn INTEGER NOT NULL DEFAULT -1,
    PRIMARY KEY (user_id, session_id, kind, seq)
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
    updated_at INTEGER NOT NULL, reaches_turn INTEGER NOT NULL DEFAULT -1,
    PRIMARY KEY (user_id, session_id, kind),
    FOREIGN KEY (user_id, session_id) REFERENCES sessions (user_id, session_id)
) STRICT;
CREATE TABLE email_codes (
    email_ci TEXT NOT NULL,
    purpose TEXT NOT NULL,
    code_hash BLOB NOT NULL CHECK (length(code_hash) = 32),
    attempts INTEGER NOT NULL DEFAULT 0,
    expires_at INTEGER NOT NULL,
    PRIMARY KEY (email_ci, purpose)
) STRICT, WITHOUT ROWID;
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
CREATE TABLE grdb_migrations (identifier TEXT NOT NULL PRIMARY KEY);
CREATE TABLE key_leases (
    oss_key TEXT NOT NULL PRIMARY KEY,
    holder TEXT NOT NULL,
    expires_at INTEGER NOT NULL
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
    deleted_at INTEGER, archived_at INTEGER, purged_at INTEGER, last_device TEXT, forked_from TEXT, fork_at INTEGER, digest BLOB,
    PRIMARY KEY (user_id, session_id)
) STRICT, WITHOUT ROWID;
CREATE TABLE sqlite_sequence(name,seq);
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
    created_at INTEGER NOT NULL, occurred_at INTEGER, size_bytes INTEGER NOT NULL DEFAULT 0, decision TEXT, fork_session_id TEXT, decided_at INTEGER,
    PRIMARY KEY (user_id, session_id, turn_index, content_hash),
    FOREIGN KEY (user_id, session_id, turn_index) REFERENCES turns (user_id, session_id, turn_index)
) STRICT;
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
    created_at INTEGER NOT NULL, occurred_at INTEGER, size_bytes INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (user_id, session_id, turn_index),
    FOREIGN KEY (user_id, session_id) REFERENCES sessions (user_id, session_id)
) STRICT;
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
, settled_at INTEGER, ended_as TEXT CHECK (ended_as IN ('expired', 'deleted')), rechecked_at INTEGER) STRICT;
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
CREATE INDEX deletions_by_attempt ON deletions (next_attempt_at);
CREATE INDEX email_codes_by_expiry ON email_codes (expires_at);
CREATE INDEX files_by_time ON files (user_id, submitted_at);
CREATE INDEX refresh_tokens_by_device ON refresh_tokens (user_id, device_id);
CREATE INDEX refresh_tokens_by_family ON refresh_tokens (family);
CREATE INDEX sessions_by_chapter ON sessions (user_id, chapter_id, last_active_at);
CREATE INDEX sessions_by_deletion ON sessions (deleted_at) WHERE deleted_at IS NOT NULL;
CREATE INDEX sessions_by_time ON sessions (user_id, last_active_at, session_id);
CREATE INDEX upload_urls_by_expiry ON upload_urls (user_id, expires_at);
CREATE INDEX upload_urls_by_key ON upload_urls (user_id, oss_key);
CREATE INDEX upload_urls_unchecked ON upload_urls (settled_at) WHERE rechecked_at IS NULL;
CREATE INDEX upload_urls_unsettled ON upload_urls (user_id, oss_key, expires_at) WHERE settled_at IS NULL;
