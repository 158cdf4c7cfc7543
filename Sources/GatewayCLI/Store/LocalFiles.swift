import CommandKit
import Foundation
import NIOPosix

/// Files and folders on this side; names are bytes, and what is not UTF-8 cannot be a key.
enum LocalFiles {
    /// What stands at a path.
    enum Kind: Sendable {
        /// A file with content.
        case file(sizeBytes: Int64)
        /// A folder.
        case folder
        /// A pipe, a device, a socket.
        case other
        /// Nothing.
        case missing
    }

    /// A file below a folder.
    struct Found: Sendable {
        /// The path with the folder's.
        let path: String
        /// The path below the folder, its names separated by `/`.
        let relativePath: String
        /// Why it cannot be uploaded; nil if it can.
        let problem: String?
    }

    /// What stands at a path; links are followed.
    static func kind(of path: String) async throws -> Kind {
        try await NIOThreadPool.singleton.runIfActive {
            var facts = stat()
            guard stat(path, &facts) == 0 else {
                if errno == ENOENT || errno == ENOTDIR { return .missing }
                throw FailureReport(.inputOutput, SystemError.text(errno), subject: path)
            }
            switch facts.st_mode & S_IFMT {
            case S_IFREG: return .file(sizeBytes: Int64(facts.st_size))
            case S_IFDIR: return .folder
            default: return .other
            }
        }
    }

    /// Refuses what cannot be uploaded, before a request is made.
    static func checkSource(_ path: String) async throws {
        switch try await kind(of: path) {
        case .file: break
        case .missing: throw FailureReport(.notFound, "there is no such file", subject: path)
        case .folder:
            throw FailureReport(.refused, "it is a folder", subject: path, hint: "--recursive uploads what is in it")
        case .other: throw FailureReport(.refused, "it is not a regular file", subject: path)
        }
        guard access(path, R_OK) == 0 else {
            throw FailureReport(.inputOutput, SystemError.text(errno), subject: path)
        }
    }

    /// Refuses a path in a folder that is not there, before a request is made.
    static func checkFolder(of path: String) async throws {
        let slash = path.utf8.lastIndex(of: UInt8(ascii: "/"))
        let folder = slash.map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
        guard case .folder = try await kind(of: folder) else {
            throw FailureReport(.cannotCreate, "there is no such folder", subject: folder)
        }
    }

    /// All files below a folder, in the order of their names' bytes; links to folders are not followed.
    static func files(below folder: String) async throws -> [Found] {
        try await NIOThreadPool.singleton.runIfActive {
            var found: [Found] = []
            try collect(folder, "", depth: 0, into: &found)
            return found
        }
    }

    /// The deepest folders that are looked into.
    private static let maximumDepth = 256

    private static func collect(_ folder: String, _ prefix: String, depth: Int, into found: inout [Found]) throws {
        guard depth <= maximumDepth else {
            found.append(Found(path: folder, relativePath: prefix, problem: "it lies too deep"))
            return
        }
        guard let stream = opendir(folder) else {
            let problem = SystemError.text(errno)
            guard depth > 0 else { throw FailureReport(.inputOutput, problem, subject: folder) }
            found.append(Found(path: folder, relativePath: prefix, problem: problem))
            return
        }
        var names: [[UInt8]] = []
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: UInt8.self, capacity: 256) { start in
                    Array(UnsafeBufferPointer(start: start, count: strnlen(start, 256)))
                }
            }
            if !name.elementsEqual(".".utf8), !name.elementsEqual("..".utf8) { names.append(name) }
        }
        closedir(stream)
        for bytes in names.sorted(by: { $0.lexicographicallyPrecedes($1) }) {
            guard let name = String(validating: bytes, as: UTF8.self) else {
                let shown = KeyEncoding.url.shown(bytes)
                found.append(
                    Found(
                        path: "\(folder)/\(shown)", relativePath: prefix + shown,
                        problem: "its name is not UTF-8, and keys are"))
                continue
            }
            try visit("\(folder)/\(name)", prefix + name, depth: depth, into: &found)
        }
    }

    private static func visit(_ path: String, _ relative: String, depth: Int, into found: inout [Found]) throws {
        var facts = stat()
        guard lstat(path, &facts) == 0 else {
            found.append(Found(path: path, relativePath: relative, problem: SystemError.text(errno)))
            return
        }
        if facts.st_mode & S_IFMT == S_IFDIR {
            return try collect(path, relative + "/", depth: depth + 1, into: &found)
        }
        let isFile = stat(path, &facts) == 0 && facts.st_mode & S_IFMT == S_IFREG
        found.append(
            Found(
                path: path, relativePath: relative,
                problem: isFile ? nil : "it is not a regular file, nor a link to one"))
    }

    /// Makes the folders on the way to a name below a folder.
    ///
    /// None of them may be a link: it could lead out of the folder.
    static func makeFolders(_ names: [String], below folder: String) async throws {
        try await NIOThreadPool.singleton.runIfActive {
            var current = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
            guard current >= 0 else { throw FailureReport(.cannotCreate, SystemError.text(errno), subject: folder) }
            defer { close(current) }
            var path = folder
            for name in names {
                path += "/" + name
                guard mkdirat(current, name, 0o777) == 0 || errno == EEXIST else {
                    throw FailureReport(.cannotCreate, SystemError.text(errno), subject: path)
                }
                let next = openat(current, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
                guard next >= 0 else {
                    let reason = errno == ELOOP || errno == ENOTDIR ? "it is a link or a file" : SystemError.text(errno)
                    throw FailureReport(
                        .cannotCreate, "the folder cannot be used: \(reason)", subject: path)
                }
                close(current)
                current = next
            }
        }
    }

    /// Makes a folder and those above it.
    static func makeFolder(_ path: String) async throws {
        try await NIOThreadPool.singleton.runIfActive {
            do {
                try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
            } catch {
                throw FailureReport(.cannotCreate, "the folder cannot be made", subject: path)
            }
        }
    }

    /// The mode that new files have.
    ///
    /// The mask cannot be read without being set, so it is read once, by `readMask`.
    private static let usualMode: mode_t = {
        let mask = umask(0)
        umask(mask)
        return 0o666 & ~mask
    }()

    /// Reads the mask of new files, while nobody makes any: for a moment there is none.
    static func readMask() {
        _ = usualMode
    }

    /// The mode of a file that takes a place: of the file that is there, else that of new files.
    static func modeToGive(_ path: String) async throws -> mode_t {
        try await NIOThreadPool.singleton.runIfActive {
            var facts = stat()
            guard stat(path, &facts) == 0, facts.st_mode & S_IFMT == S_IFREG else { return usualMode }
            return facts.st_mode & 0o777
        }
    }

    /// Gives a file that was made for its owner alone its own mode.
    static func setMode(_ mode: mode_t, of path: String) async throws {
        try await NIOThreadPool.singleton.runIfActive {
            guard chmod(path, mode) == 0 else {
                throw FailureReport(.inputOutput, SystemError.text(errno), subject: path)
            }
        }
    }
}
