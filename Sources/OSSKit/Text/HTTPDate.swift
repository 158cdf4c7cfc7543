/// Dates as HTTP headers hold them, such as `Wed, 05 Sep 2012 23:00:00 GMT`.
///
/// Source: RFC 9110, section 5.6.7.
public enum HTTPDate {
    /// Writes unix seconds; a moment outside the years 1 to 9999 is written as the nearest one inside.
    public static func format(unixSeconds: Int64) -> String {
        let time = CivilTime(unixSeconds: unixSeconds)
        return "\(weekdays[time.weekday]), \(time.day.padded(2)) \(months[time.month - 1]) \(time.year.padded(4)) "
            + "\(time.hour.padded(2)):\(time.minute.padded(2)):\(time.second.padded(2)) GMT"
    }

    /// Reads the one form that clients are to send, in unix seconds.
    ///
    /// - Returns: nil for any other form, and for a date that is not in the calendar. The day of the week has to be a
    ///   name of one, not the right one.
    public static func parse(_ text: some StringProtocol) -> Int64? {
        var reader = DateTextReader(text)
        guard reader.name(of: weekdays) != nil, reader.literal(", "),
            let day = reader.number(digits: 2), reader.literal(" "),
            let month = reader.name(of: months), reader.literal(" "),
            let year = reader.number(digits: 4), reader.literal(" "),
            let seconds = timeOfDay(&reader), reader.literal(" GMT"), reader.isAtEnd
        else { return nil }
        return moment(year: year, month: month + 1, day: day, time: seconds)
    }

    /// Reads the three forms that RFC 9110 asks recipients to take, in unix seconds; used for conditional requests.
    ///
    /// A year of two digits from 70 on is of the last century, any other of this one.
    public static func parseAnyForm(_ text: some StringProtocol) -> Int64? {
        parse(text) ?? parseRFC850(text) ?? parseASCTime(text)
    }

    private typealias TimeOfDay = (hour: Int, minute: Int, second: Int)

    private static let weekdays = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
    private static let longWeekdays = [
        "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday",
    ]
    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    /// Reads the form `Sunday, 06-Nov-94 08:49:37 GMT`.
    private static func parseRFC850(_ text: some StringProtocol) -> Int64? {
        var reader = DateTextReader(text)
        guard reader.name(of: longWeekdays) != nil, reader.literal(", "),
            let day = reader.number(digits: 2), reader.literal("-"),
            let month = reader.name(of: months), reader.literal("-"),
            let year = reader.number(digits: 2), reader.literal(" "),
            let time = timeOfDay(&reader), reader.literal(" GMT"), reader.isAtEnd
        else { return nil }
        return moment(year: year >= 70 ? 1_900 + year : 2_000 + year, month: month + 1, day: day, time: time)
    }

    /// Reads the form `Sun Nov  6 08:49:37 1994`.
    private static func parseASCTime(_ text: some StringProtocol) -> Int64? {
        var reader = DateTextReader(text)
        guard reader.name(of: weekdays) != nil, reader.literal(" "),
            let month = reader.name(of: months), reader.literal(" ")
        else { return nil }
        let dayDigits = reader.literal(" ") ? 1 : 2
        guard let day = reader.number(digits: dayDigits), reader.literal(" "),
            let time = timeOfDay(&reader), reader.literal(" "),
            let year = reader.number(digits: 4), reader.isAtEnd
        else { return nil }
        return moment(year: year, month: month + 1, day: day, time: time)
    }

    private static func timeOfDay(_ reader: inout DateTextReader) -> TimeOfDay? {
        guard let hour = reader.number(digits: 2), reader.literal(":"),
            let minute = reader.number(digits: 2), reader.literal(":"),
            let second = reader.number(digits: 2)
        else { return nil }
        return (hour, minute, second)
    }

    private static func moment(year: Int, month: Int, day: Int, time: TimeOfDay) -> Int64? {
        CivilTime.unixSeconds(
            year: year, month: month, day: day, hour: time.hour, minute: time.minute, second: time.second)
    }
}
