import CommandKit
import Foundation
import NIOCore
import NIOPosix
import OSSKit
import ObjectStore
import Synchronization

/// Stores the files of a folder as objects, each with the time at which it was written and a content type.
///
/// A file whose object is there with the same length and time is passed over, so that the same command goes on where an
/// earlier one stopped.
struct ImportTask: Sendable {
    /// How many files are read side by side.
    private static let width = 8
    /// How many bytes of a file are read at once.
    private static let pieceBytes = 256 * 1_024

    /// Who does it.
    let runner: FolderTaskRunner
    /// From where, and to where.
    let plan: ObjectsAndFolder
    /// Whether names stand for themselves, and not for what an export has escaped.
    let namesArePlain: Bool

    /// Stores all files.
    func run() async throws -> FolderTaskRunner.End {
        let bucket = try await runner.open.store.bucket(try BucketName(plan.bucket))
        let files = try await LocalFiles.files(below: plan.folder).filter {
            !LocalPath.lastName($0.relativePath).hasPrefix(ExportFolder.draftPrefix)
        }
        let tally = FolderTally(runner: runner)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (index, file) in files.enumerated() {
                if index >= Self.width { try await group.next() }
                group.addTask { try await store(file, in: bucket, tally) }
            }
            try await group.waitForAll()
        }
        return tally.end(of: "import", verb: "imported")
    }

    private func store(_ file: LocalFiles.Found, in bucket: BucketRecord, _ tally: FolderTally) async throws {
        try await tally.counting(about: file.path) {
            if let problem = file.problem { throw FailureReport(.refused, problem) }
            let names = file.relativePath.utf8.split(separator: UInt8(ascii: "/")).map {
                String(decoding: $0, as: UTF8.self)
            }
            let name = namesArePlain ? Array(file.relativePath.utf8) : ExportedName.key(of: names)
            let place = ObjectPlace(bucket: bucket, key: try ObjectKey(bytes: plan.prefix + name))
            return try await store(file, at: place, in: bucket)
        }
    }

    /// Stores a file.
    ///
    /// - Returns: its length; nil if its object is there already.
    private func store(_ file: LocalFiles.Found, at place: ObjectPlace, in bucket: BucketRecord) async throws -> Int64?
    {
        let source = try await ImportedFile.open(file.path)
        if let object = try await existing(place.key, in: bucket), object.sizeBytes == source.sizeBytes,
            object.lastModifiedMilliseconds == source.writtenAtMilliseconds
        {
            return nil
        }
        let upload = try await runner.open.store.beginUpload(expectedBytes: source.sizeBytes, in: bucket)
        do {
            var offset: Int64 = 0
            while offset < source.sizeBytes {
                try Task.checkCancellation()
                let piece = try await source.read(at: offset, count: Self.pieceBytes)
                guard piece.readableBytes > 0 else { throw FailureReport(.inputOutput, "it became shorter") }
                try await upload.append(piece)
                offset += Int64(piece.readableBytes)
            }
            _ = try await upload.finish()
            guard try await source.isUnchanged() else {
                throw FailureReport(.inputOutput, "it was changed while it was read")
            }
            let type = source.contentType ?? ContentTypes.guess(fileName: LocalPath.lastName(place.key.text))
            _ = try await runner.open.store.importObject(
                upload, at: place, attributes: ObjectAttributes(contentType: type),
                writtenAtMilliseconds: source.writtenAtMilliseconds)
        } catch {
            await upload.discard()
            throw error
        }
        return source.sizeBytes
    }

    private func existing(_ key: ObjectKey, in bucket: BucketRecord) async throws -> ObjectRecord? {
        do {
            return try await runner.open.store.object(in: bucket, key: key)
        } catch let error as OSSError where error.code == .noSuchKey {
            return nil
        }
    }
}

/// Counts what became of files, and tells how far a task is.
final class FolderTally: Sendable {
    private struct Counts {
        var doneCount: Int64 = 0
        var skippedCount: Int64 = 0
        var failedCount: Int64 = 0
        var bytes: Int64 = 0
        var firstFailure: FailureReport.Kind?
    }

    private let runner: FolderTaskRunner
    private let beat = Beat()
    private let counts = Mutex(Counts())

    /// Begins to count.
    init(runner: FolderTaskRunner) {
        self.runner = runner
    }

    /// Does one file, whose failure is told and does not keep the others.
    ///
    /// - Parameter work: returns how many bytes were moved; nil if there was nothing to do.
    func counting(about subject: String, _ work: () async throws -> Int64?) async throws {
        do {
            let bytes = try await work()
            counts.withLock { counts in
                counts.doneCount += bytes == nil ? 0 : 1
                counts.skippedCount += bytes == nil ? 1 : 0
                counts.bytes += bytes ?? 0
            }
        } catch let error as CancellationError {
            throw error
        } catch StoreFailure.closed {
            throw StoreFailure.closed
        } catch {
            let report = FailureReport.ofFolder(error).about(subject)
            counts.withLock { counts in
                counts.failedCount += 1
                counts.firstFailure = counts.firstFailure ?? report.kind
            }
            try await runner.tell(.failure(FolderFailure(report)))
        }
        guard beat.isDue() else { return }
        let (count, bytes) = counts.withLock { ($0.doneCount + $0.skippedCount, $0.bytes) }
        try await runner.tell(.progress(name: "\(count) files", doneBytes: bytes, totalBytes: nil))
    }

    /// How the task has ended.
    func end(of operation: String, verb: String) -> FolderTaskRunner.End {
        let counts = counts.withLock { $0 }
        var json = JSONLine()
        json.add("operation", operation)
        json.add("done", counts.doneCount)
        json.add("skipped", counts.skippedCount)
        json.add("failed", counts.failedCount)
        json.add("bytes", counts.bytes)
        var status: Int32 = 0
        if let kind = counts.firstFailure {
            let isAlone = counts.failedCount == 1 && counts.doneCount + counts.skippedCount == 0
            status = (isAlone ? ExitStatus.of(kind) : ExitStatus.someFailed).rawValue
        }
        return FolderTaskRunner.End(
            status: status,
            text: "\(verb)  \(counts.doneCount) files, \(ByteAmount.text(counts.bytes)),"
                + " \(counts.skippedCount) there already, \(counts.failedCount) failed",
            json: json)
    }
}
