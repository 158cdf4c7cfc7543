import Foundation
import Glibc
import NIOCore
import OSSKit
import ObjectStore

/// One figure, as a line of JSON on standard output.
struct Measurement: Encodable {
    /// What was measured.
    let what: String
    /// The figure.
    let figure: Double
    /// Its unit.
    let unit: String
    /// What else there is to say.
    var note = ""

    /// Prints the line.
    func write() throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        print(String(decoding: try encoder.encode(self), as: UTF8.self))
    }
}

extension Duration {
    /// The length in seconds.
    var seconds: Double { self / .seconds(1) }
}

extension [Duration] {
    /// Median, 99th percentile and greatest, in milliseconds.
    var percentiles: String {
        guard !isEmpty else { return "nothing measured" }
        let ordered = sorted()
        func milliseconds(_ part: Double) -> String {
            let index = Swift.min(ordered.count - 1, Int(Double(ordered.count) * part))
            return String(format: "%.3f", ordered[index] / .milliseconds(1))
        }
        return "p50 \(milliseconds(0.5)) ms, p99 \(milliseconds(0.99)) ms, max \(milliseconds(1)) ms"
    }

    /// The 99th percentile in milliseconds; 0 without values.
    var percentile99Milliseconds: Double {
        let ordered = sorted()
        guard !ordered.isEmpty else { return 0 }
        return ordered[Swift.min(ordered.count - 1, Int(Double(ordered.count) * 0.99))] / .milliseconds(1)
    }
}

/// A store of the machine's disk, opened for a measurement.
enum MeasuredStore {
    /// Opens the store in a folder.
    static func open(_ folder: String, _ change: (inout StoreConfiguration) -> Void = { _ in }) async throws
        -> DiskStore
    {
        var configuration = StoreConfiguration(folder: folder)
        configuration.freeSpaceFloorBytes = 0
        change(&configuration)
        let environment = StoreEnvironment(
            now: { Int64(Date().timeIntervalSince1970 * 1_000) },
            randomBytes: { count in
                var generator = SystemRandomNumberGenerator()
                return (0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) }
            },
            onFatal: { FileHandle.standardError.write(Data("fatal: \($0)\n".utf8)) })
        return try await DiskStore.open(configuration, environment: environment)
    }

    /// A body of so many bytes, which do not compress to nothing.
    static func body(_ bytes: Int) -> ByteBuffer {
        ByteBuffer(bytes: (0..<bytes).map { UInt8(truncatingIfNeeded: $0 &* 131 &+ $0 >> 8) })
    }

    /// The owner of every bucket that the server makes, so that it serves what was measured.
    private static let ownerID = "1000000000000001"

    /// The bucket of all measurements, made if it is missing.
    static func bucket(of store: DiskStore) async throws -> BucketRecord {
        try await store.createBucket(NewBucket(name: BucketName("measured"), ownerID: ownerID))
    }
}

/// How long the processors worked for this process: what is left of a figure when others use them too.
struct ProcessorTime {
    private let seconds: Double

    /// The time so far, in the program and in the kernel.
    static func now() throws -> ProcessorTime {
        var time = timespec()
        guard clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time) == 0 else {
            throw StoreFailure.system(call: "clock_gettime", errorNumber: errno)
        }
        return ProcessorTime(seconds: Double(time.tv_sec) + Double(time.tv_nsec) / 1e9)
    }

    static func - (later: ProcessorTime, earlier: ProcessorTime) -> ProcessorTime {
        ProcessorTime(seconds: later.seconds - earlier.seconds)
    }

    /// The share of each of so many, as a text.
    func each(_ count: Int, _ name: String) -> String {
        String(format: "processor time %.3f ms a ", seconds / Double(max(1, count)) * 1e3) + name
    }
}
