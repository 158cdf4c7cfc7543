import FoundationEssentials
import NIOCore
import OSSKit

/// What a transfer remembers, so that another process can go on.
protocol Checkpoint: Codable, Sendable {
    /// The word that tells this kind and version of checkpoint from every other one.
    static var kind: String { get }
}

/// A file that holds a checkpoint: a line with its kind and its checksum, and then its JSON.
///
/// It is replaced as a whole, so that a reader finds the state before or the state after. Whatever is not a checkpoint
/// down to its last byte counts as none.
struct CheckpointFile: Sendable {
    /// Where it is.
    let path: String

    /// The longest file that is read: 10,000 parts fit twice.
    static let maximumBytes = 4 * 1_048_576

    init(_ path: String) {
        self.path = path
    }

    /// The checkpoint; nil if there is none of this kind.
    func read<State: Checkpoint>() async throws -> State? {
        guard case .regular(let identity)? = try await LocalFile.facts(at: path),
            identity.sizeBytes <= Self.maximumBytes
        else { return nil }
        let file = try await LocalFile.reading(path)
        let content = try await file.read(at: 0, maximumBytes: Self.maximumBytes)
        return Self.decode(Array(content.readableBytesView))
    }

    /// Replaces the checkpoint, and waits until it is on the disk.
    ///
    /// - Returns: its length in bytes.
    @discardableResult
    func write(_ state: some Checkpoint) async throws -> Int {
        let content = try Self.encode(state)
        let replacement = path + ".new"
        // A process that was killed may have left one.
        try await LocalFile.remove(replacement)
        do {
            let file = try await LocalFile.creating(replacement)
            try await file.write(ByteBuffer(bytes: content), at: 0)
            try await file.synchronize()
            try await LocalFile.rename(replacement, to: path)
        } catch {
            try await LocalFile.remove(replacement)
            throw error
        }
        try await LocalFile.synchronizeFolder(of: path)
        return content.count
    }

    /// Removes the checkpoint; one that is not there is removed too.
    func remove() async throws {
        try await LocalFile.remove(path)
    }

    static func encode<State: Checkpoint>(_ state: State) throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        let body = Array(try encoder.encode(state))
        return Array("\(State.kind) \(CRC64.of(body))\n".utf8) + body
    }

    static func decode<State: Checkpoint>(_ content: [UInt8]) -> State? {
        guard let lineEnd = content.firstIndex(of: UInt8(ascii: "\n")) else { return nil }
        let body = content[(lineEnd + 1)...]
        guard content[..<lineEnd].elementsEqual("\(State.kind) \(CRC64.of(body))".utf8) else { return nil }
        return try? JSONDecoder().decode(State.self, from: Data(body))
    }
}

/// Writes a checkpoint as parts get finished, seldom enough that it costs little beside them.
struct CheckpointLog<State: Checkpoint>: Sendable {
    /// What is to be remembered now.
    private(set) var state: State
    private let file: CheckpointFile?
    private var writtenBytes = 0
    private var newBytes: Int64 = 0

    /// A checkpoint may cost one byte for so many bytes of parts.
    private static var costDivisor: Int64 { 16 }

    /// Makes a log; without a file nothing is ever written.
    init(_ state: State, file: CheckpointFile?) {
        self.state = state
        self.file = file
    }

    /// Notes a change that is worth some bytes of transfer, and writes it if enough has come together.
    mutating func note(sizeBytes: Int64, _ change: (inout State) -> Void) async throws {
        change(&state)
        newBytes += sizeBytes
        if newBytes >= Int64(writtenBytes) * Self.costDivisor {
            try await write()
        }
    }

    /// Writes what is not written yet.
    mutating func write() async throws {
        guard let file else { return }
        writtenBytes = try await file.write(state)
        newBytes = 0
    }
}
