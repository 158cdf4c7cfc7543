import ObjectStore
import Testing

@Suite struct FileContentsTests {
    @Test(arguments: [UInt64(1), 2, .random(in: 3...(.max))])
    func contentsAreWhatWasWrittenAndTakeTheRoomTheySaid(seed: UInt64) {
        print("seed of contentsAreWhatWasWritten: \(seed)")
        var dice = SeededGenerator(seed: seed)
        var (contents, wanted) = (FileContents(), [UInt8]())
        for step in 0..<60 {
            let offset = [0, 1, 511, 65_535, 65_536, 65_537, 200_000].randomElement(using: &dice) ?? 0
            if Int.random(in: 0..<4, using: &dice) == 0 {
                contents.truncate(to: Int64(offset))
                wanted = Array(wanted.prefix(offset)) + Array(repeating: 0, count: max(0, offset - wanted.count))
            } else {
                let bytes = someBytes(Int.random(in: 0...70_000, using: &dice), seed: UInt64(step))
                let held = contents.heldBytes
                let growth = contents.growthBytes(writing: bytes.count, at: Int64(offset))
                bytes.withUnsafeBytes { contents.write($0, at: Int64(offset)) }
                #expect(contents.heldBytes == held + growth, "seed \(seed)")
                guard !bytes.isEmpty else { continue }
                wanted += Array(repeating: 0, count: max(0, offset + bytes.count - wanted.count))
                wanted.replaceSubrange(offset..<offset + bytes.count, with: bytes)
            }
            var found = [UInt8](repeating: 0xee, count: wanted.count + 10)
            let count = found.withUnsafeMutableBytes { contents.read(into: $0, at: 0) }
            #expect(count == wanted.count && contents.sizeBytes == Int64(wanted.count), "seed \(seed)")
            #expect(Array(found[..<count]) == wanted, "seed \(seed), step \(step)")
        }
    }

    @Test func aHoleTakesNoRoom() {
        var contents = FileContents()
        [UInt8(1)].withUnsafeBytes { contents.write($0, at: 10_000_000) }
        #expect(contents.heldBytes <= 65_536)
        #expect(contents.sizeBytes == 10_000_001)
    }
}
