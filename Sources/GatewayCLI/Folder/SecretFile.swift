import CommandKit
import Foundation
import OSSKit

/// Small files that nobody but their owner reads: written whole, synced, mode 0600.
enum SecretFile {
    /// The largest secret file that is read, in bytes.
    static let maximumBytes = 4_096

    /// The first line of a file; nil if there is no such file.
    ///
    /// - Throws: `FolderProblem` for a file that others may read, that is too large, or that holds nothing.
    static func read(_ path: String) throws -> Secret? {
        guard let bytes = try contents(of: path, maximumBytes: maximumBytes) else { return nil }
        let line = bytes.prefix { $0 != UInt8(ascii: "\n") && $0 != UInt8(ascii: "\r") }
        guard !line.isEmpty, let text = String(validating: line, as: UTF8.self) else {
            throw FolderProblem(path: path, reason: "its first line is not a secret")
        }
        return Secret(text)
    }

    /// The bytes of a file; nil if there is no such file.
    ///
    /// - Throws: `FolderProblem` for a file that others may read, that is too large, or that holds nothing.
    static func contents(of path: String, maximumBytes: Int) throws -> [UInt8]? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else {
            if errno == ENOENT { return nil }
            throw FolderProblem(path: path, reason: "it cannot be opened")
        }
        defer { close(descriptor) }
        var facts = stat()
        guard fstat(descriptor, &facts) == 0, facts.st_mode & 0o077 == 0 else {
            throw FolderProblem(path: path, reason: "others may read it; its mode must be 0600")
        }
        var bytes = [UInt8](repeating: 0, count: maximumBytes + 1)
        let count = Foundation.read(descriptor, &bytes, bytes.count)
        guard count > 0, count <= maximumBytes else {
            throw FolderProblem(path: path, reason: "it is empty, too large or cannot be read")
        }
        return Array(bytes[..<count])
    }

    /// Writes a new file, whole or not at all, and makes it durable.
    ///
    /// - Throws: `FolderProblem` if the file is there already or the disk refuses.
    static func create(_ path: String, secret: Secret) throws {
        try write(path, secret: secret) { draft in
            guard link(draft, path) == 0 else {
                let reason = errno == EEXIST ? "it is there already" : "it cannot be created"
                throw FolderProblem(path: path, reason: reason)
            }
        }
    }

    /// Writes a file in the place of the one that is there, whole or not at all, and makes it durable.
    ///
    /// - Throws: `FolderProblem` if the disk refuses.
    static func replace(_ path: String, secret: Secret) throws {
        try write(path, secret: secret) { draft in
            guard rename(draft, path) == 0 else { throw FolderProblem(path: path, reason: "it cannot be replaced") }
        }
    }

    /// Writes a draft beside a file, syncs it, and has it put into its place.
    private static func write(_ path: String, secret: Secret, putInPlace: (String) throws -> Void) throws {
        let folder = (path as NSString).deletingLastPathComponent
        let draft = "\(folder)/.\((path as NSString).lastPathComponent).new"
        let descriptor = open(draft, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw FolderProblem(path: path, reason: "it cannot be created") }
        defer {
            close(descriptor)
            unlink(draft)
        }
        let bytes = Array((secret.reveal() + "\n").utf8)
        guard Foundation.write(descriptor, bytes, bytes.count) == bytes.count, fsync(descriptor) == 0 else {
            throw FolderProblem(path: path, reason: "it cannot be written")
        }
        try putInPlace(draft)
        try syncFolder(folder)
    }

    /// Makes the entries of a folder durable.
    ///
    /// - Throws: `FolderProblem` if the folder cannot be synced.
    static func syncFolder(_ path: String) throws {
        let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw FolderProblem(path: path, reason: "it cannot be opened") }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw FolderProblem(path: path, reason: "it cannot be synced") }
    }
}

/// Something in the data folder that stops the process from using it.
struct FolderProblem: LocalProblem, CustomStringConvertible {
    /// The file or folder.
    let path: String
    /// What is wrong with it.
    let reason: String

    var description: String { "\(path): \(reason)" }
}
