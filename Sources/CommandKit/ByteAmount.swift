import OSSKit

/// Amounts of bytes as people write and read them; K, M, G and T are powers of 1,024.
package enum ByteAmount {
    /// Reads an amount such as `1048576`, `512K`, `5M` or `2GiB`; nil if the text is none, or too large.
    package static func parse(_ text: some StringProtocol) -> Int64? {
        var digits = text.lowercased()[...]
        for ending in ["ib", "b"] where digits.hasSuffix(ending) {
            digits = digits.dropLast(ending.count)
            break
        }
        var factor: Int64 = 1
        if let power = units.firstIndex(where: { digits.hasSuffix($0) }) {
            digits = digits.dropLast()
            factor = 1 << (10 * Int64(power + 1))
        }
        guard let number = DecimalNumber.parse(digits) else { return nil }
        let (product, isOverflow) = number.multipliedReportingOverflow(by: factor)
        return isOverflow ? nil : product
    }

    /// A part of an amount in the unit of the whole: `4.5/57.2 MiB`.
    package static func text(_ bytes: Int64, of total: Int64) -> String {
        let unit = unit(for: total)
        return "\(number(bytes, in: unit))/\(number(total, in: unit)) \(unit.name)"
    }

    /// An amount as a person reads it: `0 B`, `1023 B`, `1.5 KiB`, `100 GiB`.
    package static func text(_ bytes: Int64) -> String {
        let unit = unit(for: bytes)
        return "\(number(bytes, in: unit)) \(unit.name)"
    }

    private static func unit(for bytes: Int64) -> (bytes: Int64, name: String) {
        guard bytes >= 1_024 else { return (1, "B") }
        var power = 1
        while power < units.count, bytes >> (10 * Int64(power + 1)) > 0 {
            power += 1
        }
        return (Int64(1) << (10 * Int64(power)), units[power - 1].uppercased() + "iB")
    }

    /// How many units there are, with tenths below a hundred; they are rounded down, so that nothing is shown as more
    /// than it is.
    private static func number(_ bytes: Int64, in unit: (bytes: Int64, name: String)) -> String {
        guard unit.bytes > 1 else { return "\(bytes)" }
        let whole = bytes / unit.bytes
        let tenths = (bytes % unit.bytes) / (unit.bytes / 1_024) * 10 / 1_024
        return "\(whole)" + (whole < 100 ? ".\(tenths)" : "")
    }

    private static let units = ["k", "m", "g", "t", "p"]
}
