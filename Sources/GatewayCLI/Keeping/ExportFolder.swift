import CFileAttributes
import CommandKit
import Foundation
import NIOCore
import NIOPosix

/// A folder that objects are written into; nothing outside it is ever touched.
///
/// Each folder on the way to a file is opened by its name below the one before, and none of them may be a link.
final class ExportFolder: Sendable {
    /// What the names of files begin with that are not whole yet; no key has such a name.
    static let draftPrefix = ".%part-"

    private let root: Int32

    /// Opens the folder, which is made if it is missing.
    ///
    /// - Throws: `FailureReport`.
    static func open(_ path: String) async throws -> ExportFolder {
        try await LocalFiles.makeFolder(path)
        return try await NIOThreadPool.singleton.runIfActive { try ExportFolder(path) }
    }

    private init(_ path: String) throws {
        root = Foundation.open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard root >= 0 else { throw FailureReport(.cannotCreate, SystemError.text(errno), subject: path) }
    }

    deinit {
        close(root)
    }

    /// Whether a file is there with this length and time.
    func has(_ names: [String], sizeBytes: Int64, writtenAtMilliseconds time: Int64) async throws -> Bool {
        try await NIOThreadPool.singleton.runIfActive { [self] in
            guard let last = names.last, let parent = try? openParent(of: names, makes: false) else { return false }
            defer { close(parent) }
            var status = stat()
            guard fstatat(parent, last, &status, AT_SYMLINK_NOFOLLOW) == 0, status.st_mode & S_IFMT == S_IFREG else {
                return false
            }
            let found = Int64(status.st_mtim.tv_sec) * 1_000 + Int64(status.st_mtim.tv_nsec) / 1_000_000
            return Int64(status.st_size) == sizeBytes && found == time
        }
    }

    /// Begins a file, which is not there under its name before `ExportedFile.finish`.
    func begin(_ names: [String]) async throws -> ExportedFile {
        try await NIOThreadPool.singleton.runIfActive { [self] in
            guard let name = names.last else { throw FailureReport(.refused, "its key has no name") }
            let parent = try openParent(of: names, makes: true)
            var generator = SystemRandomNumberGenerator()
            let draft = Self.draftPrefix + RandomText.lettersAndDigits(16, using: &generator)
            let file = openat(parent, draft, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o666)
            guard file >= 0 else {
                let reason = SystemError.text(errno)
                close(parent)
                throw FailureReport(.cannotCreate, reason)
            }
            return ExportedFile(parent: parent, file: file, draft: draft, name: name)
        }
    }

    private func openParent(of names: [String], makes: Bool) throws -> Int32 {
        var current = fcntl(root, F_DUPFD_CLOEXEC, 0)
        guard current >= 0 else { throw FailureReport(.inputOutput, SystemError.text(errno)) }
        for name in names.dropLast() {
            if makes { mkdirat(current, name, 0o777) }
            let next = openat(current, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
            let reason = errno == ELOOP || errno == ENOTDIR ? "it is a link or a file" : SystemError.text(errno)
            close(current)
            guard next >= 0 else { throw FailureReport(.cannotCreate, "the folder \(name) cannot be used: \(reason)") }
            current = next
        }
        return current
    }
}

/// A file that is being written.
final class ExportedFile: Sendable {
    private let parent: Int32
    private let file: Int32
    private let draft: String
    private let name: String

    fileprivate init(parent: Int32, file: Int32, draft: String, name: String) {
        self.parent = parent
        self.file = file
        self.draft = draft
        self.name = name
    }

    deinit {
        // After `finish` there is no file of this name.
        unlinkat(parent, draft, 0)
        close(file)
        close(parent)
    }

    /// Appends bytes.
    func write(_ piece: ByteBuffer) async throws {
        try await NIOThreadPool.singleton.runIfActive { [file] in
            var rest = piece.readableBytesView[...]
            while !rest.isEmpty {
                let count = rest.withUnsafeBytes { Foundation.write(file, $0.baseAddress, $0.count) }
                guard count >= 0 else { throw FailureReport(.inputOutput, SystemError.text(errno)) }
                rest = rest.dropFirst(count)
            }
        }
    }

    /// Gives the file its time, its content type where the file system keeps one, and its name.
    func finish(writtenAtMilliseconds time: Int64, contentType: String?) async throws {
        try await NIOThreadPool.singleton.runIfActive { [self] in
            if let type = contentType.map({ Array($0.utf8) }) {
                // Not every file system keeps such attributes.
                _ = fsetxattr(file, ImportedFile.typeAttribute, type, type.count, 0)
            }
            let moment = timespec(tv_sec: Int(time / 1_000), tv_nsec: Int(time % 1_000) * 1_000_000)
            guard futimens(file, [moment, moment]) == 0, renameat(parent, draft, parent, name) == 0 else {
                throw FailureReport(.cannotCreate, SystemError.text(errno))
            }
        }
    }
}
