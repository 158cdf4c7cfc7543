import CommandKit
import Foundation
import OSSKit
import ObjectStore

/// Writes objects into the files of a folder, with their times and, where the file system keeps them, content types.
///
/// A file that is there with the length and the time of its object is passed over, so that the same command goes on where
/// an earlier one stopped.
struct ExportTask: Sendable {
    /// How many objects are written side by side.
    private static let width = 4

    /// Who does it.
    let runner: FolderTaskRunner
    /// From where, and to where.
    let plan: ObjectsAndFolder

    /// Writes all objects.
    func run() async throws -> FolderTaskRunner.End {
        let bucket = try await runner.open.store.bucket(try BucketName(plan.bucket))
        let folder = try await ExportFolder.open(plan.folder)
        let tally = FolderTally(runner: runner)
        var after: [UInt8]?
        while true {
            try Task.checkCancellation()
            let page = try await runner.open.store.list(
                in: bucket, ListQuery(prefix: plan.prefix, after: after, limit: 1_000))
            try await withThrowingTaskGroup(of: Void.self) { group in
                for (index, entry) in page.entries.enumerated() {
                    if index >= Self.width { try await group.next() }
                    group.addTask {
                        try await tally.counting(about: "oss://\(plan.bucket)/\(entry.key.text)") {
                            try await write(entry, of: bucket, into: folder)
                        }
                    }
                }
                try await group.waitForAll()
            }
            guard let next = page.next else { return tally.end(of: "export", verb: "exported") }
            after = next
        }
    }

    /// Writes an object.
    ///
    /// - Returns: its length; nil if its file is there already, or if the object is gone.
    private func write(_ entry: ListEntry, of bucket: BucketRecord, into folder: ExportFolder) async throws -> Int64? {
        guard entry.type != .symlink else { throw FailureReport(.refused, "it is a symbolic link") }
        let below = try await runner.open.store.list(
            in: bucket, ListQuery(prefix: entry.key.bytes + [UInt8(ascii: "/")], limit: 1))
        let names = ExportedName.components(
            of: entry.key.bytes.dropFirst(plan.prefix.count), hasKeysBelow: !below.entries.isEmpty)
        for _ in 0..<8 {
            let object: ObjectRecord
            do {
                object = try await runner.open.store.object(in: bucket, key: entry.key)
            } catch let error as OSSError where error.code == .noSuchKey {
                return nil
            }
            let time = object.lastModifiedMilliseconds
            if try await folder.has(names, sizeBytes: object.sizeBytes, writtenAtMilliseconds: time) { return nil }
            do {
                let reader = try await runner.open.store.read(object, range: 0..<object.sizeBytes)
                let file = try await folder.begin(names)
                for try await piece in reader { try await file.write(piece) }
                try await file.finish(writtenAtMilliseconds: time, contentType: object.attributes.contentType)
                return object.sizeBytes
            } catch StoreFailure.bodyIsGone {
                // It was overwritten meanwhile: the new one is written.
                continue
            }
        }
        throw FailureReport(.unavailable, "it is overwritten faster than it can be read")
    }
}
