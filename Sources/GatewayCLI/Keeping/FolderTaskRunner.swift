import CommandKit
import Foundation
import OSSKit
import ObjectStore
import Synchronization

/// Does the work of the commands on a whole data folder, for the command itself or for the server that has the folder.
struct FolderTaskRunner: Sendable {
    /// The folder.
    let open: OpenFolder
    /// Told what happens.
    let tell: @Sendable (FolderNews) async throws -> Void

    /// How a task has ended.
    struct End: Sendable {
        /// The exit status of the command.
        var status: Int32 = 0
        /// What was done, for a person.
        let text: String
        /// What was done, as an object.
        let json: JSONLine
    }

    /// Does a task, and tells its end.
    ///
    /// - Throws: `CancellationError`, or what `tell` threw.
    func run(_ task: FolderTask) async throws {
        let end: End
        do {
            end = try await perform(task)
        } catch let error as CancellationError {
            throw error
        } catch {
            let report = FailureReport.ofFolder(error)
            try await tell(.failure(FolderFailure(report)))
            try await tell(.end(status: ExitStatus.of(report.kind).rawValue, text: "", json: ""))
            return
        }
        try await tell(.end(status: end.status, text: end.text, json: end.json.text))
    }

    private func perform(_ task: FolderTask) async throws -> End {
        switch task {
        case .check: try await check()
        case .scrub(let bytesPerSecond): try await scrub(bytesPerSecond: bytesPerSecond)
        case .backup(let target, let usesHardLinks): try await BackupTask(runner: self).run(target, usesHardLinks)
        case .importFolder(let plan, let namesArePlain):
            try await ImportTask(runner: self, plan: plan, namesArePlain: namesArePlain).run()
        case .reconcile(let repairs): try await ReconcileTask(runner: self).run(repairs: repairs)
        case .exportFolder(let plan): try await ExportTask(runner: self, plan: plan).run()
        }
    }

    private func check() async throws -> End {
        let (stream, continuation) = AsyncStream<Int64>.makeStream(bufferingPolicy: .bufferingNewest(1))
        let store = try open.store
        async let inspected: InspectionOutcome = {
            defer { continuation.finish() }
            return try await store.inspect { continuation.yield($0) }
        }()
        for await count in stream {
            try await tell(.progress(name: "\(count) bodies", doneBytes: 0, totalBytes: nil))
        }
        let outcome = try await inspected
        for problem in outcome.problems {
            var json = JSONLine()
            json.add("problem", problem.text)
            json.add("subject", problem.subject)
            json.add("name", problem.name)
            try await tell(.line(text: "\(problem.subject) \(problem.name): \(problem.text)", json: json.text))
        }
        var json = JSONLine()
        json.add("operation", "check")
        json.add("objects", outcome.objectCount)
        json.add("files", outcome.bodyCount)
        json.add("orphans", outcome.orphanCount)
        json.add("problems", Int64(outcome.problems.count))
        return End(
            status: outcome.problems.isEmpty ? 0 : ExitStatus.integrity.rawValue,
            text: "checked  \(outcome.objectCount) objects, \(outcome.bodyCount) files,"
                + " \(outcome.orphanCount) files without an object, \(outcome.problems.count) problems",
            json: json)
    }

    private func scrub(bytesPerSecond: Int64?) async throws -> End {
        let problems = try await open.store.quickCheck()
        for problem in problems {
            var json = JSONLine()
            json.add("problem", problem)
            json.add("subject", "database")
            try await tell(.line(text: "database: \(problem)", json: json.text))
        }
        var request = ScrubRequest { try await Task.sleep(for: $0) }
        request.bytesPerSecond = bytesPerSecond
        let total = try await open.store.storedBytes()
        let beat = Beat()
        let outcome = try await open.store.scrub(request) { event in
            switch event {
            case .damage(let damage): try await tell(damage: damage)
            case .progress(let outcome):
                guard beat.isDue() else { return }
                try await tell(
                    .progress(
                        name: "\(outcome.objectCount) objects", doneBytes: outcome.readBytes,
                        totalBytes: max(total, outcome.readBytes)))
            }
        }
        var json = JSONLine()
        json.add("operation", "scrub")
        json.add("objects", outcome.objectCount)
        json.add("bytes", outcome.readBytes)
        json.add("damaged", outcome.damageCount)
        json.add("databaseProblems", Int64(problems.count))
        let isWell = outcome.damageCount == 0 && problems.isEmpty
        return End(
            status: isWell ? 0 : ExitStatus.integrity.rawValue,
            text: "scrubbed  \(outcome.objectCount) objects, \(ByteAmount.text(outcome.readBytes)),"
                + " \(outcome.damageCount) damaged",
            json: json)
    }

    /// Tells of damage.
    func tell(damage: Damage) async throws {
        var json = JSONLine()
        json.add("damage", damage.kind.rawValue)
        json.add("bucket", damage.place.bucket)
        json.add("key", String(decoding: damage.place.key, as: UTF8.self))
        if !damage.place.item.isEmpty { json.add("item", damage.place.item) }
        json.add("detail", damage.detail)
        let item = damage.place.item.isEmpty ? "" : " (\(damage.place.item))"
        let address = "oss://\(damage.place.bucket)/\(KeyEncoding.plain.shown(damage.place.key))\(item)"
        try await tell(.line(text: "\(address): \(damage.kind.rawValue): \(damage.detail)", json: json.text))
    }
}

/// Says when it is time to tell how far something is: not more often than four times a second.
final class Beat: Sendable {
    private let last = Mutex<ContinuousClock.Instant?>(nil)

    /// Whether it is time.
    func isDue() -> Bool {
        let now = ContinuousClock.now
        return last.withLock { last in
            if let last, now - last < .milliseconds(250) { return false }
            last = now
            return true
        }
    }
}
