import CommandKit
import Foundation
import NIOPosix
import OSSKit
import ObjectStore

/// Saves a whole data folder: sessions, objects, secrets, and the list of all files last.
struct BackupTask: Sendable {
    /// The store's folder in a backup, as in a data folder.
    static let storeFolder = "objects"

    /// Who does it.
    let runner: FolderTaskRunner

    /// Saves everything in a folder that is empty or not there yet.
    func run(_ target: String, _ usesHardLinks: Bool) async throws -> FolderTaskRunner.End {
        let started = SystemEnvironment.nowMilliseconds()
        let writer = try await begin(target)
        // Sessions name objects, so they are saved first: no object is missing that they name then.
        try await saveSessions(writer)
        let beat = Beat()
        let outcome = try await runner.open.store.backUp(
            into: writer, as: Self.storeFolder, usesHardLinks: usesHardLinks
        ) { progress in
            guard beat.isDue() else { return }
            try await runner.tell(
                .progress(
                    name: "\(progress.fileCount) files", doneBytes: progress.doneBytes,
                    totalBytes: progress.totalBytes))
        }
        try await saveSecrets(writer)
        let manifest = try await writer.finish(
            version: Version.text, startedAtMilliseconds: started, takenAtMilliseconds: outcome.takenAtMilliseconds)
        for damage in outcome.damage { try await runner.tell(damage: damage) }
        var json = JSONLine()
        json.add("operation", "backup")
        json.add("target", writer.path)
        json.add("files", Int64(manifest.entries.count))
        json.add("bytes", manifest.totalBytes)
        json.add("damaged", Int64(outcome.damage.count))
        json.add("takenAt", ISO8601.format(unixMilliseconds: outcome.takenAtMilliseconds))
        return FolderTaskRunner.End(
            status: outcome.damage.isEmpty ? 0 : ExitStatus.integrity.rawValue,
            text: "saved  \(writer.path), \(manifest.entries.count) files, \(ByteAmount.text(manifest.totalBytes)),"
                + " \(outcome.damage.count) damaged", json: json)
    }

    private func begin(_ target: String) async throws -> BackupWriter {
        do {
            return try await BackupWriter.begin(target)
        } catch let problem as BackupProblem {
            throw FailureReport.ofFolder(problem).about(target)
        }
    }

    private func saveSessions(_ writer: BackupWriter) async throws {
        let folder = runner.open.folder
        guard access(folder.sessionsDatabase, F_OK) == 0 else { return }
        guard let copy = runner.open.copySessions() else {
            throw FailureReport(.unavailable, "the server is still starting or about to stop", hint: "try again")
        }
        let name = LocalPath.lastName(folder.sessionsDatabase)
        try await NIOThreadPool.singleton.runIfActive { try writer.makeFile(name) }
        try await copy(writer.path + "/" + name)
        try await NIOThreadPool.singleton.runIfActive { try writer.takeOver(name) }
    }

    private func saveSecrets(_ writer: BackupWriter) async throws {
        let folder = runner.open.folder.path
        for parent in ["secrets", "secrets/access-keys"] {
            let names = try await NIOThreadPool.singleton.runIfActive {
                try FileManager.default.contentsOfDirectory(atPath: folder + "/" + parent)
            }
            // What begins with a dot is not finished; a key that is deleted meanwhile is none any more.
            for name in names.sorted() where !name.hasPrefix(".") {
                var status = stat()
                let path = "\(folder)/\(parent)/\(name)"
                guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { continue }
                try await writer.add(fileAt: path, as: "\(parent)/\(name)")
            }
        }
    }
}
