/// Dates as XML documents and V4 signatures hold them.
public enum ISO8601 {
    /// Writes unix milliseconds as `2012-02-24T06:07:48.000Z`.
    ///
    /// The milliseconds are always written as `000`: clients refuse anything else. A moment outside the years 1 to
    /// 9999 is written as the nearest one inside.
    public static func format(unixMilliseconds: Int64) -> String {
        let seconds = unixMilliseconds / 1_000 - (unixMilliseconds % 1_000 < 0 ? 1 : 0)
        let time = CivilTime(unixSeconds: seconds)
        return "\(time.year.padded(4))-\(time.month.padded(2))-\(time.day.padded(2))T"
            + "\(time.hour.padded(2)):\(time.minute.padded(2)):\(time.second.padded(2)).000Z"
    }

    /// Reads `2012-02-24T06:07:48.000Z`, with one to nine digits of a fraction or none, into unix milliseconds.
    ///
    /// - Returns: nil for any other form, and for a date that is not in the calendar.
    public static func parse(_ text: some StringProtocol) -> Int64? {
        var reader = DateTextReader(text)
        guard let year = reader.number(digits: 4), reader.literal("-"),
            let month = reader.number(digits: 2), reader.literal("-"),
            let day = reader.number(digits: 2), reader.literal("T"),
            let hour = reader.number(digits: 2), reader.literal(":"),
            let minute = reader.number(digits: 2), reader.literal(":"),
            let second = reader.number(digits: 2),
            let seconds = CivilTime.unixSeconds(
                year: year, month: month, day: day, hour: hour, minute: minute, second: second),
            let milliseconds = fraction(&reader), reader.literal("Z"), reader.isAtEnd
        else { return nil }
        return seconds * 1_000 + Int64(milliseconds)
    }

    /// Writes unix seconds in the form of V4's `x-oss-date`, such as `20250411T064124Z`.
    public static func formatBasic(unixSeconds: Int64) -> String {
        let time = CivilTime(unixSeconds: unixSeconds)
        return day(time) + "T\(time.hour.padded(2))\(time.minute.padded(2))\(time.second.padded(2))Z"
    }

    /// Writes the day of unix seconds in the form of V4's scope, such as `20250411`.
    public static func formatDay(unixSeconds: Int64) -> String {
        day(CivilTime(unixSeconds: unixSeconds))
    }

    /// Reads the form of V4's `x-oss-date` into unix seconds.
    ///
    /// - Returns: nil for any other form, and for a date that is not in the calendar.
    public static func parseBasic(_ text: some StringProtocol) -> Int64? {
        var reader = DateTextReader(text)
        guard let year = reader.number(digits: 4), let month = reader.number(digits: 2),
            let day = reader.number(digits: 2), reader.literal("T"),
            let hour = reader.number(digits: 2), let minute = reader.number(digits: 2),
            let second = reader.number(digits: 2), reader.literal("Z"), reader.isAtEnd
        else { return nil }
        return CivilTime.unixSeconds(
            year: year, month: month, day: day, hour: hour, minute: minute, second: second)
    }

    private static func day(_ time: CivilTime) -> String {
        time.year.padded(4) + time.month.padded(2) + time.day.padded(2)
    }

    /// Reads `.` and digits as milliseconds; 0 if there is no `.`.
    private static func fraction(_ reader: inout DateTextReader) -> Int? {
        guard reader.literal(".") else { return 0 }
        var milliseconds = 0
        var digitCount = 0
        while let digit = reader.number(digits: 1) {
            digitCount += 1
            guard digitCount <= 9 else { return nil }
            if digitCount <= 3 {
                milliseconds = milliseconds * 10 + digit
            }
        }
        guard digitCount > 0 else { return nil }
        for _ in digitCount..<max(digitCount, 3) {
            milliseconds *= 10
        }
        return milliseconds
    }
}
