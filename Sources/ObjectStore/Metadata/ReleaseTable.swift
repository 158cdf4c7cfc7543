import GRDB

/// What nobody names any more, and what is still to be taken apart.
struct Release: Sendable, Equatable {
    /// What is to be taken apart.
    enum Object: Sendable, Equatable {
        /// A body of segments, by its number.
        case body(Int64)
        /// The parts of an upload that has ended, by its number.
        case parts(Int64)
    }

    /// The number of its row.
    let id: Int64
    /// What it is about.
    let object: Object
}

/// The rows of `releases`.
enum ReleaseTable {
    /// Notes what is to be taken apart later, in the transaction that takes its name away.
    static func insert(_ object: Release.Object, in database: Database) throws -> Release {
        let statement = try database.cachedStatement(
            sql: "INSERT INTO releases (body_id, upload_number) VALUES (?, ?)")
        switch object {
        case .body(let id): try statement.execute(arguments: [id, nil])
        case .parts(let number): try statement.execute(arguments: [nil, number])
        }
        return Release(id: database.lastInsertedRowID, object: object)
    }

    /// Everything that is to be taken apart.
    static func all(in database: Database) throws -> [Release] {
        let statement = try database.cachedStatement(
            sql: "SELECT id, body_id, upload_number FROM releases ORDER BY id")
        return try Row.fetchAll(statement).map { row in
            let bodyID: Int64? = row[1]
            return Release(id: row[0], object: bodyID.map(Release.Object.body) ?? .parts(row[2]))
        }
    }

    /// Releases the next bodies of a release, at most so many, and removes its row after the last.
    ///
    /// - Returns: whether nothing of it is left.
    static func takeApart(
        _ release: Release, limit: Int, _ leftovers: inout Leftovers, in database: Database
    ) throws -> Bool {
        let isDone: Bool
        switch release.object {
        case .body(let id):
            isDone = try SegmentTable.release(ofBody: id, limit: limit, &leftovers, in: database)
            if isDone { try BodyTable.delete(id, in: database) }
        case .parts(let number):
            isDone = try PartTable.release(ofUpload: number, limit: limit, &leftovers, in: database)
        }
        if isDone {
            let delete = try database.cachedStatement(sql: "DELETE FROM releases WHERE id = ?")
            try delete.execute(arguments: [release.id])
        }
        return isDone
    }
}

/// What a change leaves to be cleared away once it is committed.
struct Leftovers: Sendable {
    /// Files that no row names any more.
    var blobs: [BlobID] = []
    /// What is to be taken apart.
    var releases: [Release] = []
}
