import Foundation
import OSSKit

/// The list of what a backup holds, with a checksum of each file and one of the list.
///
/// It is written last: a folder without it, or with one that is cut off, is no backup. It is lines of JSON: the header,
/// one line for each file, and the footer with the CRC-64 of all lines before it.
package struct BackupManifest: Sendable, Equatable {
    /// The name of its file.
    package static let fileName = "MANIFEST"
    /// The format that this version writes and reads.
    package static let format = "storage-gateway backup 1"

    /// What the list says about the backup as a whole.
    package struct Header: Sendable, Equatable, Codable {
        /// The format.
        package var format = BackupManifest.format
        /// The version of the program that made it.
        package let version: String
        /// When it was begun, in milliseconds since 1970, UTC.
        package let startedAtMilliseconds: Int64
        /// When the state was taken that it holds, in milliseconds since 1970, UTC.
        package let takenAtMilliseconds: Int64

        /// Describes a backup.
        package init(version: String, startedAtMilliseconds: Int64, takenAtMilliseconds: Int64) {
            self.version = version
            self.startedAtMilliseconds = startedAtMilliseconds
            self.takenAtMilliseconds = takenAtMilliseconds
        }
    }

    /// A file of a backup.
    package struct Entry: Sendable, Equatable, Codable {
        /// The path below the backup's folder.
        package let path: String
        /// Its length in bytes.
        package let sizeBytes: Int64
        /// The CRC-64 of its bytes, in hexadecimal digits.
        package let crc64: String

        /// Describes a file.
        package init(path: String, sizeBytes: Int64, crc64: UInt64) {
            self.path = path
            self.sizeBytes = sizeBytes
            self.crc64 = String(crc64, radix: 16)
        }
    }

    private struct Footer: Codable {
        let fileCount: Int
        let crc64: String
    }

    /// What it says about the backup as a whole.
    package let header: Header
    /// The files.
    package let entries: [Entry]

    /// Collects a list.
    package init(header: Header, entries: [Entry]) {
        self.header = header
        self.entries = entries
    }

    /// How many bytes all files have together.
    package var totalBytes: Int64 { entries.reduce(0) { $0 &+ $1.sizeBytes } }

    /// The bytes of the file.
    package func encoded() throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        var bytes = Array(try encoder.encode(header)) + [UInt8(ascii: "\n")]
        for entry in entries { bytes += Array(try encoder.encode(entry)) + [UInt8(ascii: "\n")] }
        let footer = Footer(fileCount: entries.count, crc64: String(CRC64.of(bytes), radix: 16))
        return bytes + Array(try encoder.encode(footer)) + [UInt8(ascii: "\n")]
    }

    /// Reads a list back.
    ///
    /// - Throws: `BackupProblem` unless it is whole and of a format that is known.
    package init(_ bytes: [UInt8]) throws(BackupProblem) {
        guard bytes.last == UInt8(ascii: "\n"),
            let cut = bytes.dropLast().lastIndex(of: UInt8(ascii: "\n")),
            let footer = try? JSONDecoder().decode(Footer.self, from: Data(bytes[(cut + 1)...])),
            footer.crc64 == String(CRC64.of(bytes[...cut]), radix: 16)
        else { throw BackupProblem(.incomplete, "its \(Self.fileName) is cut off or damaged") }
        let lines = bytes[...cut].split(separator: UInt8(ascii: "\n"))
        guard let first = lines.first, let header = try? JSONDecoder().decode(Header.self, from: Data(first)),
            header.format == Self.format
        else { throw BackupProblem(.unknownFormat, "its format is not one that this version reads") }
        var entries: [Entry] = []
        for line in lines.dropFirst() {
            guard let entry = try? JSONDecoder().decode(Entry.self, from: Data(line)), entry.sizeBytes >= 0,
                Self.isSafe(entry.path)
            else { throw BackupProblem(.unknownFormat, "its \(Self.fileName) has a line that makes no sense") }
            entries.append(entry)
        }
        guard entries.count == footer.fileCount else {
            throw BackupProblem(.incomplete, "its \(Self.fileName) lacks lines")
        }
        self.init(header: header, entries: entries)
    }

    /// Whether a path stays below the folder.
    private static func isSafe(_ path: String) -> Bool {
        let names = path.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        return !path.utf8.contains(0)
            && names.allSatisfy { !$0.isEmpty && !$0.elementsEqual(".".utf8) && !$0.elementsEqual("..".utf8) }
    }
}

/// Why a backup cannot be made or used.
package struct BackupProblem: Error, Sendable, Equatable {
    /// What kind of problem it is.
    package enum Kind: Sendable {
        /// The target has something in it already.
        case notEmpty
        /// There is no backup, or only the beginning of one.
        case incomplete
        /// The list of files cannot be read by this version.
        case unknownFormat
        /// A file is not the one that was saved.
        case damaged
        /// A folder or file cannot be made, read or written.
        case inputOutput
    }

    /// What kind of problem it is.
    package let kind: Kind
    /// What is wrong, as a sentence goes on after the folder's name.
    package let reason: String

    /// Describes a problem.
    package init(_ kind: Kind, _ reason: String) {
        self.kind = kind
        self.reason = reason
    }
}
