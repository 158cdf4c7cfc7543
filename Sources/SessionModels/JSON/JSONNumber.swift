/// A JSON number taken apart exactly: `digits × 10^exponent`.
struct JSONNumber {
    /// The most digits of an exponent that are read; a longer one is beyond every number that anybody means.
    private static let maximumExponentDigits = 9

    /// Whether a minus sign stands before it.
    let isNegative: Bool
    /// The coefficient as ASCII digits without leading and trailing zeros; empty for zero.
    let digits: ArraySlice<UInt8>
    /// The power of ten.
    let exponent: Int

    /// Takes a checked number token apart, or returns nil if its exponent is beyond reach.
    init?(_ token: ArraySlice<UInt8>) {
        var rest = token
        isNegative = rest.first == UInt8(ascii: "-")
        if isNegative { rest = rest.dropFirst() }
        let parts = rest.split(omittingEmptySubsequences: false) { $0 | 0x20 == UInt8(ascii: "e") }
        guard let mantissa = parts.first else { return nil }
        guard var power = parts.count == 2 ? Self.exponent(parts[1]) : 0 else { return nil }
        var coefficient: [UInt8] = []
        let halves = mantissa.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        for half in halves { coefficient.append(contentsOf: half) }
        if halves.count == 2 { power -= halves[1].count }
        var digits = coefficient.drop { $0 == UInt8(ascii: "0") }
        while digits.last == UInt8(ascii: "0") {
            digits = digits.dropLast()
            power += 1
        }
        self.digits = digits
        exponent = power
    }

    /// Whether the number has a part behind the decimal point.
    var isFractional: Bool { !digits.isEmpty && exponent < 0 }

    /// The whole number, or nil if it is fractional or has more than 18 digits.
    var integer: Int64? {
        guard !digits.isEmpty else { return 0 }
        guard exponent >= 0, exponent <= 18, digits.count + exponent <= 18 else { return nil }
        var value: Int64 = 0
        for digit in digits { value = value * 10 + Int64(digit - UInt8(ascii: "0")) }
        for _ in 0..<exponent { value *= 10 }
        return isNegative ? -value : value
    }

    private static func exponent(_ text: ArraySlice<UInt8>) -> Int? {
        let isNegative = text.first == UInt8(ascii: "-")
        let digits = isNegative || text.first == UInt8(ascii: "+") ? text.dropFirst() : text
        guard !digits.isEmpty, digits.count <= maximumExponentDigits else { return nil }
        var value = 0
        for digit in digits {
            guard digit >= UInt8(ascii: "0"), digit <= UInt8(ascii: "9") else { return nil }
            value = value * 10 + Int(digit - UInt8(ascii: "0"))
        }
        return isNegative ? -value : value
    }
}
