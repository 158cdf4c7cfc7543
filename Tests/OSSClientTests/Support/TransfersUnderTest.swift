import Foundation
import OSSClient
import OSSKit
import Synchronization
import Testing

/// Transfers to and from a stand-in store, with a folder for files.
struct TransfersUnderTest: Sendable {
    /// The shortest part that there is.
    static let partSize: Int64 = 102_400

    let client: OSSClient
    let store: StandInStore
    let folder: TestFolder
    let pauses: ClientUnderTest.Pauses

    /// Runs a test with an empty store and an empty folder.
    static func run(
        configure: (inout OSSClient.Configuration) -> Void = { _ in },
        _ test: (TransfersUnderTest) async throws -> Void
    ) async throws {
        let store = StandInStore()
        let folder = try TestFolder()
        try await ClientUnderTest.run(store.script, configure: configure) { under, _ in
            try await test(
                TransfersUnderTest(client: under.client, store: store, folder: folder, pauses: under.pauses))
        }
        try folder.remove()
    }

    /// Transfers with parts as short as can be.
    func transfers(
        _ change: (inout OSSTransfers.Settings) -> Void = { _ in },
        now: @escaping @Sendable () -> Duration = { .zero }
    ) -> OSSTransfers {
        var settings = OSSTransfers.Settings()
        settings.partSizeBytes = Self.partSize
        settings.copyPartSizeBytes = Self.partSize
        settings.singleUploadBytes = Self.partSize
        settings.singleCopyBytes = Self.partSize
        settings.parallelParts = 2
        change(&settings)
        return OSSTransfers(client: client, settings: settings, now: now)
    }

    /// A text of letters that is the same for the same length and seed.
    static func text(_ count: Int, seed: UInt64 = 1) -> String {
        var state = seed &* 0x9E37_79B9_7F4A_7C15 | 1
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count)
        for _ in 0..<count {
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            bytes.append(UInt8(ascii: "a") + UInt8(state % 26))
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

/// A folder that is there for one test.
struct TestFolder: Sendable {
    let path: String
    private let writes = Count()

    init() throws {
        let name = "storage-gateway-test-\(UInt64.random(in: 0...UInt64.max))"
        path = FileManager.default.temporaryDirectory.appendingPathComponent(name).path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    /// The path of a file in the folder.
    func file(_ name: String) -> String { path + "/" + name }

    /// Writes a file and gives its path; each one is a second younger than the one before.
    ///
    /// The clock of a file system can stand still between two writes of a test.
    @discardableResult
    func write(_ name: String, _ text: String) throws -> String {
        try Data(text.utf8).write(to: URL(filePath: file(name)))
        let date = Date(timeIntervalSince1970: 1_600_000_000 + Double(writes.next()))
        try FileManager.default.setAttributes([.modificationDate: date], ofItemAtPath: file(name))
        return file(name)
    }

    /// Writes over some bytes of a file in place.
    func overwrite(_ name: String, at offset: UInt64, with text: String) throws {
        let handle = try FileHandle(forUpdating: URL(filePath: file(name)))
        try handle.seek(toOffset: offset)
        try handle.write(contentsOf: Data(text.utf8))
        try handle.close()
    }

    /// Adds to the end of a file in place.
    func append(_ name: String, _ text: String) throws {
        let handle = try FileHandle(forUpdating: URL(filePath: file(name)))
        try handle.seekToEnd()
        try handle.write(contentsOf: Data(text.utf8))
        try handle.close()
    }

    /// Cuts a file in place.
    func truncate(_ name: String, to length: UInt64) throws {
        let handle = try FileHandle(forUpdating: URL(filePath: file(name)))
        try handle.truncate(atOffset: length)
        try handle.close()
    }

    /// The text of a file; nil if there is none.
    func read(_ name: String) -> String? {
        (try? Data(contentsOf: URL(filePath: file(name)))).map { String(decoding: $0, as: UTF8.self) }
    }

    /// The names of all files, in order.
    func names() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: path).sorted()
    }

    func remove() throws {
        try FileManager.default.removeItem(atPath: path)
    }
}

/// Something that happens once, and that can be waited for.
final class Signal: Sendable {
    private let stream: AsyncStream<Void>
    private let continuation: AsyncStream<Void>.Continuation

    init() {
        (stream, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    }

    func send() {
        continuation.yield()
    }

    func wait() async {
        for await _ in stream {
            return
        }
    }
}

/// A count that may be touched from everywhere.
final class Count: Sendable {
    private let value = Mutex(0)

    /// Adds one and gives the count.
    func next() -> Int {
        value.withLock { value in
            value += 1
            return value
        }
    }
}
