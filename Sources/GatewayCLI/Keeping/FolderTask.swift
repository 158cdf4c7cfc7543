import CommandKit
import Foundation
import OSSKit
import ObjectStore
import SessionAPI

/// Work on a whole data folder, which whoever has the folder does: the command itself, or the server that runs on it.
enum FolderTask: Codable, Sendable, Equatable {
    /// Look whether database and files agree.
    case check
    /// Read every byte; nil reads as fast as the disk can.
    case scrub(bytesPerSecond: Int64?)
    /// Compare the files on record with the objects in the bucket.
    case reconcile(repairs: Bool)
    /// Save everything in a folder, whose path is absolute.
    case backup(target: String, usesHardLinks: Bool)
    /// Store the files of a folder as objects.
    case importFolder(ObjectsAndFolder, namesArePlain: Bool)
    /// Write objects into the files of a folder.
    case exportFolder(ObjectsAndFolder)
}

/// Objects with a prefix, and the folder that they come from or go to.
struct ObjectsAndFolder: Codable, Sendable, Equatable {
    /// The absolute path of the folder.
    let folder: String
    /// The bucket's name.
    let bucket: String
    /// What the keys begin with; nothing of it becomes part of names.
    let prefix: [UInt8]
}

/// What happens while a task is done, as it goes through the control socket: one JSON object a line.
enum FolderNews: Codable, Sendable, Equatable {
    /// How far it is.
    case progress(name: String, doneBytes: Int64, totalBytes: Int64?)
    /// Something to print: for a person, and as an object.
    case line(text: String, json: String)
    /// Something failed.
    case failure(FolderFailure)
    /// The task has ended with an exit status; nothing follows.
    case end(status: Int32, text: String, json: String)
}

/// A failure as it goes through the control socket.
struct FolderFailure: Codable, Sendable, Equatable {
    /// What kind it is, as `FailureReport.Kind` writes it.
    let kind: String
    /// What went wrong.
    let message: String
    /// What it is about.
    let subject: String?
    /// What to look at next.
    let hint: String?

    /// Takes a report apart.
    init(_ report: FailureReport) {
        kind = report.kind.rawValue
        message = report.message
        subject = report.subject
        hint = report.hint
    }

    /// The report.
    var report: FailureReport {
        FailureReport(
            FailureReport.Kind(rawValue: kind) ?? .unavailable, message, subject: subject, hint: hint)
    }
}

extension FailureReport {
    /// Makes a report of what a store or a backup said.
    static func ofFolder(_ error: any Error) -> FailureReport {
        switch error {
        case let failure as StoreFailure: ofStore(failure)
        case let problem as BackupProblem:
            FailureReport(kind(of: problem.kind), problem.reason)
        case let error as OSSError where error.code == .noSuchBucket:
            FailureReport(.notFound, error.message, hint: "`storage-gateway mb` makes a bucket")
        case let problem as WorkspaceStorageProblem:
            FailureReport(
                kind(of: problem.kind), "the object store cannot be used: \(problem.kind.rawValue), \(problem.detail)",
                hint: problem.advice)
        default: FailureReport.of(error, settings: nil)
        }
    }

    private static func kind(of problem: WorkspaceStorageProblem.Kind) -> Kind {
        switch problem {
        case .unreachable: .unreachable
        case .bucketMissing: .notFound
        case .credentials, .denied: .denied
        case .clockSkew, .region: .configuration
        case .busy, .refused: .unavailable
        }
    }

    private static func kind(of problem: BackupProblem.Kind) -> Kind {
        switch problem {
        case .notEmpty: .cannotCreate
        case .incomplete, .unknownFormat, .damaged: .integrity
        case .inputOutput: .inputOutput
        }
    }

    private static func ofStore(_ failure: StoreFailure) -> FailureReport {
        switch failure {
        case .closed: FailureReport(.cancelled, "the server was stopped")
        case .bodyIsDamaged, .bodyIsGone: FailureReport(.integrity, "its bytes are damaged")
        // SQLITE_CORRUPT and SQLITE_NOTADB, whatever stands in the upper bits.
        case .database(let code) where [11, 26].contains(code & 0xff):
            FailureReport(.integrity, "the database is damaged: SQLite result code \(code)")
        case .system: FailureReport(.inputOutput, failure.words)
        default: FailureReport(.unavailable, failure.words)
        }
    }
}
