import Logging
import OSSKit
import ServiceLifecycle
import Synchronization

/// Something that record and bucket do not agree about.
package struct ReconciliationFinding: Sendable, Equatable {
    /// What it is.
    package enum Kind: String, Sendable, CaseIterable {
        /// An object that no file names.
        case unknownObject = "unknown-object"
        /// A file whose object is not there.
        case missingObject = "missing-object"
        /// A file whose object is another one than was confirmed.
        case changedObject = "changed-object"
    }

    /// What it is.
    package let kind: Kind
    /// The object's key.
    package let key: ObjectKey
    /// The bytes on record, and those in the bucket.
    package let recordedBytes: Int64
    /// The bytes in the bucket.
    package let storedBytes: Int64
    /// Whether it was put right.
    package var isRepaired = false
}

/// What a comparison of record and bucket came to.
package struct ReconciliationReport: Sendable, Equatable {
    /// The objects of known users that were compared.
    package internal(set) var objectCount: Int64 = 0
    /// The files that were compared.
    package internal(set) var fileCount: Int64 = 0
    /// The keys that were left alone, since an upload or a delete of them is under way.
    package internal(set) var openCount: Int64 = 0
    /// The objects that belong to nobody known here; they are never touched.
    package internal(set) var foreignCount: Int64 = 0
    /// What did not agree.
    package internal(set) var findingCount: Int64 = 0
    /// What of it was put right.
    package internal(set) var repairedCount: Int64 = 0
    /// By how many bytes the record is off, in whichever direction, before anything was put right.
    package internal(set) var driftBytes: Int64 = 0
}

/// What the last comparison came to, for whoever counts it.
package final class ReconciliationFigures: Sendable {
    private let state = Mutex<(last: ReconciliationReport?, runCount: Int64)>((nil, 0))

    /// Nothing was compared yet.
    package init() {}

    /// The last comparison; nil before the first.
    package var last: ReconciliationReport? { state.withLock { $0.last } }
    /// How many comparisons there were.
    package var runCount: Int64 { state.withLock { $0.runCount } }

    /// Notes a comparison.
    func note(_ report: ReconciliationReport) {
        state.withLock { $0 = (report, $0.runCount + 1) }
    }
}

/// Compares the files on record with the objects in the bucket, both ways.
///
/// What looks wrong in a list is looked at once more by itself, so that what happens meanwhile is not told as drift.
/// Source: upload-gateway.md 2.4.
package struct UploadReconciliation: Service {
    /// The time from one comparison to the next.
    private static let interval = Duration.seconds(86_400)
    /// How long after the start the first comparison begins.
    private static let firstPause = Duration.seconds(600)
    /// What all keys of files begin with.
    private static let prefix = "user/"
    /// The users that are read at once.
    private static let batchSize = 100

    /// What the last comparison came to.
    package let figures = ReconciliationFigures()

    private let store: SessionStore
    private let storage: any WorkspaceStorage
    private let environment: SessionEnvironment
    private let logger: Logger

    /// Takes the store that the API uses, and its bucket.
    package init(
        store: SessionStore, storage: any WorkspaceStorage, environment: SessionEnvironment, logger: Logger
    ) {
        self.store = store
        self.storage = storage
        self.environment = environment
        self.logger = logger
    }

    /// Compares every day, and tells the log; nothing is put right without being asked.
    package func run() async throws {
        await cancelWhenGracefulShutdown {
            do {
                try await Task.sleep(for: Self.firstPause)
                while !Task.isCancelled {
                    await compareAndLog()
                    try await Task.sleep(for: Self.interval)
                }
            } catch {
                return
            }
        }
    }

    private func compareAndLog() async {
        do {
            let report = try await compare(repairs: false) { finding in
                logger.warning(
                    "file and object disagree",
                    metadata: ["kind": "\(finding.kind.rawValue)", "key": "\(finding.key.text)"])
            }
            logger.log(
                level: report.findingCount == 0 ? .info : .error, "files and objects compared",
                metadata: [
                    "objects": "\(report.objectCount)", "files": "\(report.fileCount)",
                    "findings": "\(report.findingCount)", "drift.bytes": "\(report.driftBytes)",
                ])
        } catch {
            logger.warning("files and objects not compared", metadata: WorkspaceStorageProblem(error).metadata)
        }
    }

    /// Compares all files and objects.
    ///
    /// - Parameters:
    ///   - repairs: whether what is wrong is put right: an unknown object is deleted, a changed one charged as it is, and
    ///     a file without an object is taken off the record.
    ///   - tell: told of each disagreement.
    /// - Throws: `WorkspaceStorageProblem` if the bucket cannot be read to its end.
    package func compare(
        repairs: Bool, tell: @Sendable (ReconciliationFinding) async throws -> Void
    ) async throws -> ReconciliationReport {
        var pass = Pass(repairs: repairs)
        var token: String?
        var group: (user: UserID, objects: [StoredObject])?
        repeat {
            try Task.checkCancellation()
            let page: StoredObjectPage
            do {
                page = try await storage.list(prefix: Self.prefix, after: token)
            } catch let error where !(error is CancellationError) {
                throw WorkspaceStorageProblem(error)
            }
            for object in page.objects {
                guard let user = Self.user(of: object.key) else {
                    pass.report.foreignCount += 1
                    continue
                }
                if let full = group, full.user != user {
                    try await compare(full.user, full.objects, &pass, tell)
                    group = nil
                }
                group = (user, (group?.objects ?? []) + [object])
            }
            token = page.next
        } while token != nil
        if let group { try await compare(group.user, group.objects, &pass, tell) }
        var last = ""
        while case let users = try await store.usersWithFiles(after: last, limit: Self.batchSize), let end = users.last
        {
            for user in users where !pass.users.contains(user) { try await compare(user, [], &pass, tell) }
            last = end.text
        }
        figures.note(pass.report)
        return pass.report
    }

    /// What one comparison has come to so far.
    private struct Pass {
        let repairs: Bool
        var report = ReconciliationReport()
        var users: Set<UserID> = []
    }

    /// Compares the objects of one user with the files on record.
    private func compare(
        _ user: UserID, _ objects: [StoredObject], _ pass: inout Pass,
        _ tell: @Sendable (ReconciliationFinding) async throws -> Void
    ) async throws {
        guard let recorded = try await store.recordedObjects(of: user) else {
            pass.report.foreignCount += Int64(objects.count)
            return
        }
        pass.users.insert(user)
        pass.report.objectCount += Int64(objects.count)
        pass.report.fileCount += Int64(recorded.files.count)
        var suspects: [WorkspaceFile] = []
        var seen: Set<[UInt8]> = []
        for object in objects {
            seen.insert(object.key.bytes)
            if recorded.open.contains(object.key.bytes) {
                pass.report.openCount += 1
            } else if let (file, confirmed) = recorded.files[object.key.bytes] {
                if confirmed.sizeBytes != object.sizeBytes || confirmed.etag != object.etag { suspects.append(file) }
            } else if let file = WorkspaceFile(key: object.key, user: user) {
                suspects.append(file)
            } else {
                pass.report.foreignCount += 1
            }
        }
        for (key, entry) in recorded.files where !seen.contains(key) && !recorded.open.contains(key) {
            suspects.append(entry.file)
        }
        for file in suspects {
            guard let finding = try await judge(file, repairs: pass.repairs) else { continue }
            pass.report.findingCount += 1
            pass.report.driftBytes += abs(finding.storedBytes - finding.recordedBytes)
            if finding.isRepaired { pass.report.repairedCount += 1 }
            try await tell(finding)
        }
    }

    /// Looks at one file and its object by themselves; nil if they agree after all.
    private func judge(_ file: WorkspaceFile, repairs: Bool) async throws -> ReconciliationFinding? {
        do {
            return try await store.keyTurns.withTurn(of: file.key.bytes) {
                let facts = try await storage.head(file.key)
                guard let recorded = try await store.recordedObjects(of: file.user),
                    !recorded.open.contains(file.key.bytes)
                else { return nil }
                guard let confirmed = recorded.files[file.key.bytes]?.confirmed else {
                    return try await judgeUnknown(file, facts, repairs: repairs)
                }
                if let facts, confirmed.isSame(as: facts) { return nil }
                var finding = ReconciliationFinding(
                    kind: facts == nil ? .missingObject : .changedObject, key: file.key,
                    recordedBytes: confirmed.sizeBytes, storedBytes: facts?.lengthBytes ?? 0)
                if repairs {
                    finding.isRepaired = try await store.repair(
                        file, seen: confirmed, facts, nowMicroseconds: environment.nowMicroseconds())
                }
                return finding
            }
        } catch let error where !(error is CancellationError) {
            throw WorkspaceStorageProblem(error)
        }
    }

    private func judgeUnknown(
        _ file: WorkspaceFile, _ facts: StoredObjectFacts?, repairs: Bool
    ) async throws -> ReconciliationFinding? {
        guard let facts else { return nil }
        var finding = ReconciliationFinding(
            kind: .unknownObject, key: file.key, recordedBytes: 0, storedBytes: facts.lengthBytes)
        if repairs,
            let lease = try await store.beginRepair(
                of: file, holder: environment.leaseHolder(), nowMicroseconds: environment.nowMicroseconds())
        {
            try await storage.delete(file.key)
            try await store.finishDeletion(of: file, lease)
            finding.isRepaired = true
        }
        return finding
    }

    /// The user that a key names, or nil if it is none of ours.
    private static func user(of key: ObjectKey) -> UserID? {
        let parts = key.bytes.split(separator: UInt8(ascii: "/"), maxSplits: 3, omittingEmptySubsequences: false)
        guard parts.count == 4, parts[2].elementsEqual("workspace".utf8) else { return nil }
        return UserID(String(decoding: parts[1], as: UTF8.self))
    }
}

extension WorkspaceFile {
    /// The file of a key that `init(user:chapter:filename:)` makes, or nil if none has it.
    fileprivate init?(key: ObjectKey, user: UserID) {
        let parts = key.bytes.split(separator: UInt8(ascii: "/"), maxSplits: 3, omittingEmptySubsequences: false)
        guard parts.count == 4, let slash = parts[3].lastIndex(of: UInt8(ascii: "/")),
            let chapter = String(validating: parts[3][..<slash], as: UTF8.self),
            let filename = String(validating: parts[3][(slash + 1)...], as: UTF8.self),
            let file = try? WorkspaceFile(user: user, chapter: chapter, filename: filename), file.key == key
        else { return nil }
        self = file
    }
}
