import ArgumentParser
import Foundation
import NIOCore
import OSSKit
import ObjectStore

/// One large object in and out, in pieces as a socket delivers them.
struct PutLarge: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Puts and gets one large object.")

    @Option(help: "A folder on the disk to measure.") var folder: String
    @Option(help: "The size of the object in MiB.") var mebibytes = 1_024
    @Option(help: "The size of a piece in bytes.") var pieceBytes = 65_536
    @Option(help: "How often it is put.") var rounds = 1

    func run() async throws {
        let store = try await MeasuredStore.open(folder)
        let bucket = try await MeasuredStore.bucket(of: store)
        let key = try ObjectKey("large")
        let piece = MeasuredStore.body(pieceBytes)
        let pieces = mebibytes * 1_048_576 / pieceBytes
        for _ in 0..<rounds {
            let (start, processor) = (ContinuousClock.now, try ProcessorTime.now())
            let upload = try await store.beginUpload(expectedBytes: Int64(pieces) * Int64(pieceBytes))
            for _ in 0..<pieces { try await upload.append(piece) }
            let streamed = (ContinuousClock.now - start).seconds
            _ = try await upload.finish()
            let record = try await store.put(upload, in: bucket, key: key, attributes: ObjectAttributes())
            let spent = (ContinuousClock.now - start).seconds
            try Measurement(
                what: "engine: put \(mebibytes) MiB", figure: Double(mebibytes) / spent, unit: "MiB/s",
                note: String(format: "the last byte was in after %.3f s of %.3f s, ", streamed, spent)
                    + (try ProcessorTime.now() - processor).each(mebibytes, "MiB")
            ).write()
            let began = ContinuousClock.now
            for try await _ in try await store.read(record, range: 0..<record.sizeBytes) {}
            try Measurement(
                what: "engine: get \(mebibytes) MiB", figure: Double(mebibytes) / (ContinuousClock.now - began).seconds,
                unit: "MiB/s"
            ).write()
        }
        try await store.close()
    }
}
