/// The line that shows on a terminal how far a transfer is.
package struct ProgressLine: Sendable {
    /// What is on its way, such as the name of a file.
    package var name: String
    /// The bytes that are through.
    package var doneBytes: Int64
    /// All bytes; nil if that is not known.
    package var totalBytes: Int64?
    /// How many bytes a second come through; nil as long as that cannot be told.
    package var bytesPerSecond: Int64?

    /// Describes a transfer.
    package init(name: String, doneBytes: Int64, totalBytes: Int64?, bytesPerSecond: Int64? = nil) {
        self.name = name
        self.doneBytes = doneBytes
        self.totalBytes = totalBytes
        self.bytesPerSecond = bytesPerSecond
    }

    /// The line, no wider than so many columns, without a line feed.
    ///
    /// The name gives way first, then the bar; numbers stay, and each stays in its place.
    package func text(columns: Int) -> String {
        let amount = totalBytes.map { ByteAmount.text(doneBytes, of: $0) } ?? ByteAmount.text(doneBytes)
        let fields = [
            (share.map { "\($0)%" } ?? "", 4), (amount, 14),
            (bytesPerSecond.map { "\(ByteAmount.text($0))/s" } ?? "", 10), (left ?? "", 8),
        ]
        let numbers = fields.map { Self.padded($0.0, $0.1) }.joined(separator: "  ")
        let room = columns - numbers.count - 2
        guard room >= Self.leastName else { return String(numbers.prefix(max(columns, 0))) }
        let barRoom = share != nil && room >= Self.leastName + Self.barColumns + 2 ? Self.barColumns + 2 : 0
        let shownName = Self.fitted(Printable.text(name), columns: min(room - barRoom, Self.mostName))
        return shownName + "  " + (barRoom > 0 ? bar + "  " : "") + numbers
    }

    private static let leastName = 8
    private static let mostName = 32
    private static let barColumns = 18

    private var share: Int64? {
        guard let totalBytes, totalBytes > 0 else { return totalBytes == 0 ? 100 : nil }
        // In floating point: a hundred times the bytes of a large object need not fit.
        return min(max(Int64(Double(doneBytes) / Double(totalBytes) * 100), 0), 100)
    }

    private var bar: String {
        let full = Int(share ?? 0) * (Self.barColumns - 2) / 100
        return "[" + String(repeating: "#", count: full) + String(repeating: ".", count: Self.barColumns - 2 - full)
            + "]"
    }

    private var left: String? {
        guard let totalBytes, let speed = bytesPerSecond, speed > 0, doneBytes < totalBytes else { return nil }
        let seconds = (totalBytes - doneBytes) / speed
        guard seconds < 360_000 else { return nil }
        let minutes = seconds / 60
        let clock = "\(Self.twoDigits(minutes % 60)):\(Self.twoDigits(seconds % 60))"
        return minutes < 60 ? clock : "\(minutes / 60):\(clock)"
    }

    private static func twoDigits(_ number: Int64) -> String { number < 10 ? "0\(number)" : "\(number)" }

    private static func padded(_ text: String, _ columns: Int) -> String {
        String(repeating: " ", count: max(columns - text.count, 0)) + text
    }

    /// The end of a name says more than its beginning.
    private static func fitted(_ name: String, columns: Int) -> String {
        let width = TextColumns.width(name)
        guard width > columns else { return name + String(repeating: " ", count: columns - width) }
        var kept = name[...]
        while TextColumns.width(kept) > columns - 1, !kept.isEmpty {
            kept = kept.dropFirst()
        }
        return "…" + kept + String(repeating: " ", count: columns - 1 - TextColumns.width(kept))
    }
}

/// How many columns of a terminal a text takes.
enum TextColumns {
    /// The columns: two for each character of the East Asian wide blocks and for emoji, one for every other.
    static func width(_ text: some StringProtocol) -> Int {
        text.reduce(0) { sum, character in
            guard let scalar = character.unicodeScalars.first else { return sum }
            return sum + (isWide(scalar) ? 2 : 1)
        }
    }

    private static func isWide(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x1100...0x115F, 0x2E80...0x303E, 0x3041...0x33FF, 0x3400...0x4DBF, 0x4E00...0x9FFF, 0xA000...0xA4CF,
            0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE4F, 0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x1F300...0x1F64F,
            0x1F680...0x1F6FF, 0x1F900...0x1F9FF, 0x20000...0x3FFFD:
            true
        default: false
        }
    }
}
