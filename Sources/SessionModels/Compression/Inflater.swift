/// Reads the blocks of a deflated stream.
///
/// Source: RFC 1951.
struct Inflater {
    /// What was opened so far.
    private(set) var opened: [UInt8] = []
    /// The index of the first byte that no block needed.
    private(set) var position: Int

    private let bytes: [UInt8]
    private let limit: Int
    private var bits: UInt32 = 0
    private var bitCount: UInt32 = 0

    init(_ bytes: [UInt8], from position: Int, limit: Int) {
        self.bytes = bytes
        self.position = position
        self.limit = limit
    }

    /// Opens all blocks.
    mutating func run() throws(GzipText.Failure) {
        var isLast = false
        while !isLast {
            isLast = try take(1) == 1
            switch try take(2) {
            case 0: try copyStored()
            case 1: try copyCoded(Self.fixedLengths, Self.fixedDistances)
            case 2:
                let (lengths, distances) = try readCodes()
                try copyCoded(lengths, distances)
            default: throw .malformed
            }
        }
    }

    /// The next bits, lowest first; at most 16.
    private mutating func take(_ count: UInt32) throws(GzipText.Failure) -> Int {
        while bitCount < count {
            guard position < bytes.count else { throw .malformed }
            bits |= UInt32(bytes[position]) << bitCount
            position += 1
            bitCount += 8
        }
        defer {
            bits >>= count
            bitCount -= count
        }
        return Int(bits & (1 << count - 1))
    }

    private mutating func copyStored() throws(GzipText.Failure) {
        (bits, bitCount) = (0, 0)
        guard position + 4 <= bytes.count else { throw .malformed }
        let length = Int(bytes[position]) | Int(bytes[position + 1]) << 8
        let complement = Int(bytes[position + 2]) | Int(bytes[position + 3]) << 8
        guard length ^ complement == 0xFFFF, position + 4 + length <= bytes.count else { throw .malformed }
        guard opened.count + length <= limit else { throw .tooLarge }
        opened.append(contentsOf: bytes[position + 4..<position + 4 + length])
        position += 4 + length
    }

    private mutating func copyCoded(_ lengths: Code, _ distances: Code) throws(GzipText.Failure) {
        while true {
            let symbol = try next(lengths)
            if symbol < 256 {
                guard opened.count < limit else { throw .tooLarge }
                opened.append(UInt8(symbol))
                continue
            }
            guard symbol != 256 else { return }
            guard symbol - 257 < Self.lengthBases.count else { throw .malformed }
            let length = Self.lengthBases[symbol - 257] + (try take(Self.lengthBits[symbol - 257]))
            let code = try next(distances)
            guard code < Self.distanceBases.count else { throw .malformed }
            let distance = Self.distanceBases[code] + (try take(Self.distanceBits[code]))
            guard distance <= opened.count else { throw .malformed }
            guard opened.count + length <= limit else { throw .tooLarge }
            for _ in 0..<length { opened.append(opened[opened.count - distance]) }
        }
    }

    /// The next symbol of a code, whose words are read from their highest bit on.
    private mutating func next(_ code: Code) throws(GzipText.Failure) -> Int {
        var (word, first, index) = (0, 0, 0)
        for length in 1...15 {
            word |= try take(1)
            let count = code.counts[length]
            if word - count < first { return code.symbols[index + word - first] }
            index += count
            first = (first + count) << 1
            word <<= 1
        }
        throw .malformed
    }

    private mutating func readCodes() throws(GzipText.Failure) -> (lengths: Code, distances: Code) {
        let lengthCount = try take(5) + 257
        let distanceCount = try take(5) + 1
        let codeCount = try take(4) + 4
        guard lengthCount <= 286, distanceCount <= 30 else { throw .malformed }
        var lengths = [Int](repeating: 0, count: 19)
        for place in Self.codeOrder.prefix(codeCount) { lengths[place] = try take(3) }
        guard let code = Code(lengths) else { throw .malformed }
        var found: [Int] = []
        while found.count < lengthCount + distanceCount {
            switch try next(code) {
            case let length where length < 16: found.append(length)
            case 16:
                guard let last = found.last else { throw .malformed }
                found.append(contentsOf: [Int](repeating: last, count: 3 + (try take(2))))
            case 17: found.append(contentsOf: [Int](repeating: 0, count: 3 + (try take(3))))
            default: found.append(contentsOf: [Int](repeating: 0, count: 11 + (try take(7))))
            }
        }
        guard found.count == lengthCount + distanceCount, found[256] > 0,
            let lengthCode = Code(found.prefix(lengthCount)), let distanceCode = Code(found.dropFirst(lengthCount))
        else { throw .malformed }
        return (lengthCode, distanceCode)
    }
}

// MARK: - Codes

extension Inflater {
    /// A prefix code, as the lengths of its words define it.
    struct Code: Sendable {
        /// How many words have each length.
        let counts: [Int]
        /// The symbols in the order of their words.
        let symbols: [Int]

        /// Makes a code; nil if it has more words than fit.
        init?(_ lengths: some Collection<Int>) {
            var counts = [Int](repeating: 0, count: 16)
            for length in lengths { counts[length] += 1 }
            var left = 1
            for length in 1...15 {
                left = left << 1 - counts[length]
                guard left >= 0 else { return nil }
            }
            var offsets = [Int](repeating: 0, count: 16)
            for length in 1..<15 { offsets[length + 1] = offsets[length] + counts[length] }
            var symbols = [Int](repeating: 0, count: lengths.count)
            for (symbol, length) in lengths.enumerated() where length > 0 {
                symbols[offsets[length]] = symbol
                offsets[length] += 1
            }
            counts[0] = 0
            self.counts = counts
            self.symbols = symbols
        }

        /// A code of the standard, which fits.
        fileprivate init(fixed lengths: [Int]) {
            guard let code = Code(lengths) else { preconditionFailure("not a prefix code") }
            self = code
        }
    }

    private static let fixedLengths = Code(
        fixed: (0..<288).map { $0 < 144 ? 8 : $0 < 256 ? 9 : $0 < 280 ? 7 : 8 })
    private static let fixedDistances = Code(fixed: [Int](repeating: 5, count: 30))
    private static let codeOrder = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15]
    private static let lengthBases = [
        3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227,
        258,
    ]
    private static let lengthBits: [UInt32] = [
        0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0,
    ]
    private static let distanceBases = [
        1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1_025, 1_537, 2_049, 3_073,
        4_097, 6_145, 8_193, 12_289, 16_385, 24_577,
    ]
    private static let distanceBits: [UInt32] = [
        0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13,
    ]
}
