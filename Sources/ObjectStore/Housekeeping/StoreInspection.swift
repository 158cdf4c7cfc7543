import GRDB
import OSSKit

/// Something that does not agree with the rest of the store.
package struct InspectionProblem: Sendable, Equatable {
    /// What it is about: `database`, `account`, `bucket`, `object`, `part`, `body` or `file`.
    package let subject: String
    /// Which one, for a person.
    package let name: String
    /// What is wrong.
    package let text: String

    /// Describes a problem.
    package init(_ subject: String, _ name: String, _ text: String) {
        self.subject = subject
        self.name = name
        self.text = text
    }
}

/// What an inspection has looked at and found.
package struct InspectionOutcome: Sendable, Equatable {
    /// How many objects there are.
    package var objectCount: Int64 = 0
    /// How many bodies were compared with their files or rows.
    package var bodyCount: Int64 = 0
    /// How many files no row names; a sweep removes them when they are old enough.
    package var orphanCount: Int64 = 0
    /// What is wrong, as far as it was told.
    package var problems: [InspectionProblem] = []

    /// Begins with nothing.
    package init() {}
}

/// Looks whether the rows of one state of the database agree with each other and with the files; it blocks.
///
/// It reads no body: that is what a scrub does.
struct StoreInspection {
    /// The most problems of one kind that are told.
    private static let limit = 100

    /// One state of the database.
    let database: Database
    /// The files, all of which stay in their place meanwhile.
    let disk: any Disk
    /// Tells whether to stop.
    let isCancelled: @Sendable () -> Bool

    /// Does the whole inspection of rows, and of the files that they name.
    ///
    /// - Parameter progress: told how many bodies were looked at.
    /// - Throws: `CancellationError`.
    func run(isThorough: Bool, progress: (Int64) -> Void) throws -> InspectionOutcome {
        var outcome = InspectionOutcome()
        outcome.problems = DatabaseCheck.problems(of: database, isThorough: isThorough).map {
            InspectionProblem("database", "meta.sqlite", $0)
        }
        // A file whose pages are damaged answers anything to other questions.
        guard outcome.problems.isEmpty else { return outcome }
        outcome.objectCount = try Int64.fetchOne(database, sql: "SELECT count(*) FROM \(Self.objects)") ?? 0
        for question in Self.questions {
            try requireGoing()
            let rows = try Row.fetchAll(database, sql: question.sql + " LIMIT \(Self.limit)")
            outcome.problems += rows.map { row in
                InspectionProblem(question.subject, Self.name(row), question.text)
            }
        }
        try compareFiles(&outcome, progress: progress)
        return outcome
    }

    /// Looks whether each body that is a file has one, of the right length.
    private func compareFiles(_ outcome: inout InspectionOutcome, progress: (Int64) -> Void) throws {
        let rows = try Row.fetchCursor(
            database, sql: "SELECT id, size_bytes, blob_id FROM bodies WHERE blob_id IS NOT NULL")
        var problemCount = 0
        while let row = try rows.next() {
            if outcome.bodyCount % 1_024 == 0 {
                try requireGoing()
                progress(outcome.bodyCount)
            }
            outcome.bodyCount += 1
            guard let text = try fileProblem(row) else { continue }
            problemCount += 1
            guard problemCount <= Self.limit else { continue }
            let names = try BodyNames.places(ofBody: row.number(0) ?? 0, in: database)
            outcome.problems += names.map { InspectionProblem("object", $0.shown, text) }
            if names.isEmpty { outcome.problems.append(InspectionProblem("body", "\(row.number(0) ?? 0)", text)) }
        }
        progress(outcome.bodyCount)
    }

    private func fileProblem(_ row: Row) throws -> String? {
        guard let size = row.number(1), (0...MultipartCompletion.greatestObjectBytes).contains(size),
            let blob = row.text(2).flatMap(BlobID.init(text:))
        else { return "the row of its body makes no sense" }
        guard let status = try disk.status(of: blob.path), status.isFile else { return "its file is gone" }
        let wanted = size + BlobTrailer.lengthBytes(forBodyBytes: size)
        return status.sizeBytes == wanted ? nil : "its file has \(status.sizeBytes) bytes in the place of \(wanted)"
    }

    private func requireGoing() throws {
        if isCancelled() { throw CancellationError() }
    }

    private static func name(_ row: Row) -> String {
        let parts = (0..<row.count).compactMap { index in
            row.text(index) ?? row.number(index).map(String.init)
                ?? row.bytes(index).map { String(decoding: $0, as: UTF8.self) }
        }
        return parts.joined(separator: "/")
    }
}

extension StoreInspection {
    /// A question to the database, each answer of which is a problem.
    private struct Question {
        let subject: String
        let text: String
        let sql: String
    }

    /// What keys show, and older versions.
    private static let objects = """
        (SELECT bucket_id, key, size_bytes, body_id, blob_id, is_segmented FROM objects
        UNION ALL SELECT bucket_id, key, size_bytes, body_id, blob_id, is_segmented FROM versions
        WHERE is_delete_marker = 0) AS objects
        """

    /// All rows that name a body.
    private static let names = """
        SELECT body_id AS id FROM \(objects) UNION ALL SELECT body_id FROM parts
        UNION ALL SELECT segment_body_id FROM segments
        """

    private static let questions = [
        Question(
            subject: "body", text: "its count of names is not how many rows name it",
            sql: """
                SELECT bodies.id FROM bodies LEFT JOIN (\(names)) AS names ON names.id = bodies.id
                GROUP BY bodies.id HAVING bodies.reference_count <> count(names.id)
                """),
        Question(
            subject: "bucket", text: "its totals are not those of its objects",
            sql: """
                SELECT buckets.name FROM buckets LEFT JOIN \(objects) ON objects.bucket_id = buckets.id
                GROUP BY buckets.id HAVING buckets.object_count <> count(objects.key)
                OR buckets.size_bytes <> coalesce(sum(objects.size_bytes), 0)
                """),
        Question(
            subject: "bucket", text: "its count of delete markers is not how many there are",
            sql: """
                SELECT buckets.name FROM buckets
                LEFT JOIN versions ON versions.bucket_id = buckets.id AND versions.is_delete_marker = 1
                GROUP BY buckets.id HAVING buckets.marker_count <> count(versions.key)
                """),
        Question(
            subject: "account", text: "what it keeps is not what its buckets and uploads come to",
            sql: """
                SELECT accounts.owner_id FROM accounts WHERE used_bytes <>
                    (SELECT coalesce(sum(size_bytes), 0) FROM buckets WHERE buckets.owner_id = accounts.owner_id)
                    + (SELECT coalesce(sum(parts.size_bytes), 0) FROM parts
                        JOIN uploads ON uploads.id = parts.upload_number
                        JOIN buckets ON buckets.id = uploads.bucket_id WHERE buckets.owner_id = accounts.owner_id)
                """),
        Question(
            subject: "object", text: "it is shown, and is not the newest version",
            sql: """
                SELECT buckets.name, CAST(objects.key AS TEXT) FROM objects
                JOIN buckets ON buckets.id = objects.bucket_id
                JOIN versions ON versions.bucket_id = objects.bucket_id AND versions.key = objects.key
                WHERE versions.sequence >= objects.sequence
                """),
        Question(
            subject: "object", text: "its row and that of its body do not agree",
            sql: """
                SELECT buckets.name, CAST(objects.key AS TEXT) FROM \(objects)
                LEFT JOIN buckets ON buckets.id = objects.bucket_id LEFT JOIN bodies ON bodies.id = objects.body_id
                WHERE buckets.id IS NULL OR bodies.id IS NULL OR bodies.blob_id IS NOT objects.blob_id
                OR bodies.size_bytes <> objects.size_bytes
                """),
        Question(
            subject: "object", text: "its bytes are not in the database, nor anywhere else",
            sql: """
                SELECT buckets.name, CAST(objects.key AS TEXT) FROM \(objects)
                JOIN buckets ON buckets.id = objects.bucket_id LEFT JOIN inline ON inline.id = objects.body_id
                WHERE objects.blob_id IS NULL AND objects.is_segmented = 0 AND objects.size_bytes > 0
                AND length(inline.body) IS NOT objects.size_bytes
                """),
        Question(
            subject: "part", text: "its row and that of its body do not agree",
            sql: """
                SELECT parts.upload_number, parts.part_number FROM parts LEFT JOIN bodies ON bodies.id = parts.body_id
                WHERE bodies.id IS NULL OR bodies.blob_id IS NOT parts.blob_id OR bodies.size_bytes <> parts.size_bytes
                """),
        Question(
            subject: "part", text: "its upload has ended, and it is not about to go",
            sql: """
                SELECT upload_number, part_number FROM parts WHERE upload_number NOT IN (SELECT id FROM uploads)
                AND upload_number NOT IN (SELECT upload_number FROM releases WHERE upload_number IS NOT NULL)
                """),
        Question(
            subject: "body", text: "nothing names it, and it is not about to go",
            sql: """
                SELECT id FROM bodies WHERE reference_count = 0
                AND id NOT IN (SELECT body_id FROM releases WHERE body_id IS NOT NULL)
                """),
        Question(
            subject: "body", text: "the list of its parts has a gap, or names a body that is not there",
            sql: """
                SELECT DISTINCT body_id FROM (
                    SELECT segments.*, lag(end_bytes, 1, 0) OVER (PARTITION BY body_id ORDER BY end_bytes) AS former
                    FROM segments) AS segments
                LEFT JOIN bodies ON bodies.id = segments.segment_body_id
                WHERE bodies.id IS NULL OR bodies.blob_id IS NOT segments.blob_id
                OR (end_bytes - segments.size_bytes <> former
                    AND body_id NOT IN (SELECT body_id FROM releases WHERE body_id IS NOT NULL))
                """),
        Question(
            subject: "body", text: "its parts do not make its length",
            sql: """
                SELECT bodies.id FROM bodies JOIN segments ON segments.body_id = bodies.id
                WHERE bodies.id NOT IN (SELECT body_id FROM releases WHERE body_id IS NOT NULL)
                GROUP BY bodies.id HAVING max(segments.end_bytes) <> bodies.size_bytes
                """),
    ]
}

/// Who names a body.
enum BodyNames {
    /// The objects and parts that a body belongs to, a few of them; every row is looked at.
    static func places(ofBody id: Int64, in database: Database) throws -> [Damage.Place] {
        let rows = try Row.fetchAll(
            database,
            sql: """
                WITH wholes (id) AS (SELECT ?1 UNION SELECT body_id FROM segments WHERE segment_body_id = ?1)
                SELECT buckets.name, objects.key, '' FROM objects JOIN buckets ON buckets.id = objects.bucket_id
                WHERE objects.body_id IN (SELECT id FROM wholes)
                UNION ALL
                SELECT buckets.name, versions.key, 'version ' || coalesce(versions.version_id, 'null')
                FROM versions JOIN buckets ON buckets.id = versions.bucket_id
                WHERE versions.body_id IN (SELECT id FROM wholes)
                UNION ALL
                SELECT buckets.name, uploads.key, 'upload ' || uploads.upload_id || ' part ' || parts.part_number
                FROM parts JOIN uploads ON uploads.id = parts.upload_number
                JOIN buckets ON buckets.id = uploads.bucket_id WHERE parts.body_id = ?1
                LIMIT 100
                """, arguments: [id])
        return rows.map { row in
            Damage.Place(bucket: row.text(0) ?? "", key: row.bytes(1) ?? [], item: row.text(2) ?? "")
        }
    }
}

extension Damage.Place {
    /// The place as a person reads it: `bucket/key`, and which of its things.
    package var shown: String {
        let name = "\(bucket)/\(String(decoding: key, as: UTF8.self))"
        return item.isEmpty ? name : "\(name) (\(item))"
    }
}

/// SQLite's own look at its file.
enum DatabaseCheck {
    /// What SQLite finds wrong with the file; empty if it is well.
    ///
    /// - Parameter isThorough: whether indexes are compared with their tables too, and foreign keys looked up.
    static func problems(of database: Database, isThorough: Bool) -> [String] {
        do {
            let pragma = isThorough ? "integrity_check" : "quick_check"
            var found = try String.fetchAll(database, sql: "PRAGMA \(pragma)(100)").filter { $0 != "ok" }
            guard isThorough, found.isEmpty else { return found }
            found += try Row.fetchAll(database, sql: "PRAGMA foreign_key_check").prefix(100).map { row in
                "a row of \(row.text(0) ?? "?") names one of \(row.text(2) ?? "?") that is not there"
            }
            return found
        } catch {
            // Pages that SQLite cannot make sense of at all end the check.
            return ["the check ended with \((error as? DatabaseError)?.message ?? "an error")"]
        }
    }
}
