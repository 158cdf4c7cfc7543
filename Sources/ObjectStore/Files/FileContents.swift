import Glibc

/// The bytes of a file that is held in memory; holes take no room.
package struct FileContents: Sendable {
    /// How many bytes a part has; copies of the contents share the parts that nobody wrote to since.
    private static let partBytes = 65_536
    /// The least room that a part takes.
    private static let leastPartBytes = 4_096

    /// The length of the file.
    package private(set) var sizeBytes: Int64 = 0
    /// How much memory the bytes take.
    package private(set) var heldBytes: Int64 = 0
    private var parts: [[UInt8]] = []

    /// Makes an empty file.
    package init() {}

    /// How much more memory the bytes will take once so many are written at an offset.
    package func growthBytes(writing count: Int, at offset: Int64) -> Int64 {
        var growth = 0
        Self.forEachPart(count, at: offset) { number, range in
            let have = number < parts.count ? parts[number].count : 0
            if range.upperBound > have { growth += Self.room(for: range.upperBound) - Self.room(for: have) }
        }
        return Int64(growth)
    }

    /// Writes bytes; what lies between the end and the offset becomes a hole.
    package mutating func write(_ bytes: UnsafeRawBufferPointer, at offset: Int64) {
        guard !bytes.isEmpty else { return }
        heldBytes += growthBytes(writing: bytes.count, at: offset)
        var rest = bytes
        Self.forEachPart(bytes.count, at: offset) { number, range in
            while parts.count <= number { parts.append([]) }
            if parts[number].count < range.upperBound {
                parts[number] = Self.lengthened(parts[number], to: Self.room(for: range.upperBound))
            }
            parts[number].withUnsafeMutableBytes { part in
                UnsafeMutableRawBufferPointer(rebasing: part[range])
                    .copyMemory(from: UnsafeRawBufferPointer(rebasing: rest[..<range.count]))
            }
            rest = UnsafeRawBufferPointer(rebasing: rest[range.count...])
        }
        sizeBytes = max(sizeBytes, offset + Int64(bytes.count))
    }

    /// Reads bytes up to the end of the file.
    ///
    /// - Returns: how many were read.
    package func read(into bytes: UnsafeMutableRawBufferPointer, at offset: Int64) -> Int {
        let count = Int(max(0, min(Int64(bytes.count), sizeBytes - offset)))
        var done = 0
        Self.forEachPart(count, at: offset) { number, range in
            let target = UnsafeMutableRawBufferPointer(rebasing: bytes[done..<done + range.count])
            let have = number < parts.count ? parts[number].count : 0
            let end = max(range.lowerBound, min(range.upperBound, have))
            if end > range.lowerBound {
                parts[number].withUnsafeBytes { part in
                    target.copyMemory(from: UnsafeRawBufferPointer(rebasing: part[range.lowerBound..<end]))
                }
            }
            let hole = UnsafeMutableRawBufferPointer(rebasing: target[(end - range.lowerBound)...])
            _ = hole.initializeMemory(as: UInt8.self, repeating: 0)
            done += range.count
        }
        return count
    }

    /// Cuts the file off, or lengthens it by a hole.
    package mutating func truncate(to newSizeBytes: Int64) {
        sizeBytes = max(0, newSizeBytes)
        let partCount = Int((sizeBytes + Int64(Self.partBytes) - 1) / Int64(Self.partBytes))
        if parts.count > partCount { parts.removeLast(parts.count - partCount) }
        let endInLast = Int(sizeBytes - Int64(partCount - 1) * Int64(Self.partBytes))
        if partCount > 0, parts.count == partCount, parts[partCount - 1].count > endInLast {
            parts[partCount - 1] = Array(parts[partCount - 1][..<endInLast])
        }
        heldBytes = parts.reduce(0) { $0 + Int64(Self.room(for: $1.count)) }
    }

    /// Runs over the parts that a range of the file touches, with the range within each.
    private static func forEachPart(_ count: Int, at offset: Int64, _ body: (Int, Range<Int>) -> Void) {
        var position = offset
        let end = offset + Int64(count)
        while position < end {
            let number = Int(position / Int64(partBytes))
            let start = Int(position % Int64(partBytes))
            let partEnd = min(partBytes, start + Int(end - position))
            body(number, start..<partEnd)
            position += Int64(partEnd - start)
        }
    }

    /// A part with zeros behind its bytes.
    private static func lengthened(_ part: [UInt8], to count: Int) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: count) { buffer, initializedCount in
            let bytes = UnsafeMutableRawBufferPointer(buffer)
            part.withUnsafeBytes { bytes.copyMemory(from: $0) }
            if let start = bytes.baseAddress { memset(start + part.count, 0, count - part.count) }
            initializedCount = count
        }
    }

    private static func room(for count: Int) -> Int {
        guard count > 0 else { return 0 }
        var room = leastPartBytes
        while room < count { room *= 2 }
        return room
    }
}
