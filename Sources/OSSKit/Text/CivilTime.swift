/// A moment in UTC, taken apart into calendar fields with integer arithmetic alone.
///
/// It covers the years 1 to 9999 of the Gregorian calendar without leap seconds, which is what the written forms hold.
struct CivilTime: Equatable {
    let year: Int
    let month: Int
    let day: Int
    let hour: Int
    let minute: Int
    let second: Int
    /// 0 is Monday.
    let weekday: Int

    /// Midnight of the 1st of January of year 1, in unix seconds.
    static let earliestUnixSeconds: Int64 = -62_135_596_800
    /// The last second of year 9999, in unix seconds.
    static let latestUnixSeconds: Int64 = 253_402_300_799

    /// Takes unix seconds apart; a moment outside the years 1 to 9999 becomes the nearest one inside.
    init(unixSeconds: Int64) {
        let sinceFirst = Int(Self.clamped(unixSeconds) - Self.earliestUnixSeconds)
        let days = sinceFirst / 86_400
        let secondOfDay = sinceFirst % 86_400
        weekday = days % 7
        hour = secondOfDay / 3_600
        minute = secondOfDay / 60 % 60
        second = secondOfDay % 60

        // Years run here from March, so that the leap day is the last day of a year.
        let sinceMarch = days + 306
        let era = sinceMarch / 146_097
        let dayOfEra = sinceMarch % 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
        month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        year = era * 400 + yearOfEra + (month <= 2 ? 1 : 0)
    }

    /// The moment, or the nearest one inside the years 1 to 9999.
    static func clamped(_ unixSeconds: Int64) -> Int64 {
        min(max(unixSeconds, earliestUnixSeconds), latestUnixSeconds)
    }

    /// The unix seconds of calendar fields; nil if there is no such date or time of day.
    ///
    /// A leap second, `second` 60, is the first second of the next minute.
    static func unixSeconds(year: Int, month: Int, day: Int, hour: Int, minute: Int, second: Int) -> Int64? {
        guard (1...9_999).contains(year), (1...12).contains(month), day >= 1, day <= dayCount(month, of: year),
            (0...23).contains(hour), (0...59).contains(minute), (0...60).contains(second)
        else { return nil }
        let marchYear = month <= 2 ? year - 1 : year
        let monthFromMarch = month <= 2 ? month + 9 : month - 3
        let dayOfYear = (153 * monthFromMarch + 2) / 5 + day - 1
        let days = 365 * marchYear + marchYear / 4 - marchYear / 100 + marchYear / 400 + dayOfYear - 306
        let moment = earliestUnixSeconds + Int64(days * 86_400 + hour * 3_600 + minute * 60 + second)
        // The leap second of the last minute of year 9999 is no moment of that year.
        return moment <= latestUnixSeconds ? moment : nil
    }

    private static func dayCount(_ month: Int, of year: Int) -> Int {
        switch month {
        case 2: year.isMultiple(of: 4) && (!year.isMultiple(of: 100) || year.isMultiple(of: 400)) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }
}

/// A reader of the fixed forms in which dates are written; each step is nil when the text does not go on as wanted.
struct DateTextReader {
    private let bytes: [UInt8]
    private var position = 0

    init(_ text: some StringProtocol) {
        bytes = Array(text.utf8)
    }

    /// Whether everything was read.
    var isAtEnd: Bool { position == bytes.count }

    /// Reads exactly this text.
    mutating func literal(_ wanted: StaticString) -> Bool {
        read(UnsafeBufferPointer(start: wanted.utf8Start, count: wanted.utf8CodeUnitCount))
    }

    /// Reads a number of exactly so many digits.
    mutating func number(digits count: Int) -> Int? {
        guard bytes.count - position >= count,
            let value = DecimalNumber.parse(bytes: bytes[position..<(position + count)])
        else { return nil }
        position += count
        return Int(value)
    }

    /// Reads one of the names and gives its position in the list.
    mutating func name(of names: [String]) -> Int? {
        for (index, name) in names.enumerated() where read(name.utf8) {
            return index
        }
        return nil
    }

    private mutating func read(_ wanted: some Collection<UInt8>) -> Bool {
        guard bytes[position...].starts(with: wanted) else { return false }
        position += wanted.count
        return true
    }
}

extension Int {
    /// The number in decimal, with zeros before it up to a width; meant for numbers from 0 on.
    func padded(_ width: Int) -> String {
        let digits = String(self)
        return String(repeating: "0", count: Swift.max(0, width - digits.utf8.count)) + digits
    }
}
