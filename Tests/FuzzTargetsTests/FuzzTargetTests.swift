import Foundation
import FuzzTargets
import Testing

/// The inputs that are kept, each of which a parser once got wrong or has to get right.
@Suite struct FuzzTargetTests {
    @Test(arguments: FuzzTarget.allCases) func everyKeptInputIsReadOrRefused(target: FuzzTarget) throws {
        let inputs = try Self.inputs(of: target)
        #expect(inputs.count >= 5, "\(target)")
        for (name, bytes) in inputs {
            #expect(throws: Never.self, "\(target) \(name)") { try target.run(bytes) }
        }
    }

    /// What the fuzzer does first with each input, so that a promise that never holds is seen without it.
    @Test(arguments: FuzzTarget.allCases) func everyKeptInputCutShortIsReadOrRefused(target: FuzzTarget) throws {
        for (name, bytes) in try Self.inputs(of: target) {
            for end in Swift.stride(from: 0, to: bytes.count, by: max(1, bytes.count / 64)) {
                #expect(throws: Never.self, "\(target) \(name) cut at \(end)") { try target.run(Array(bytes[..<end])) }
            }
        }
    }

    private static func inputs(of target: FuzzTarget) throws -> [(name: String, bytes: [UInt8])] {
        let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "Fuzz/corpus/\(target.rawValue)")
        return try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
            .sorted { $0.lastPathComponent < $1.lastPathComponent }
            .map { ($0.lastPathComponent, Array(try Data(contentsOf: $0))) }
    }
}
