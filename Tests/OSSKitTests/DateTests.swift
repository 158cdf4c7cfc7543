import OSSKit
import Testing

@Suite struct HTTPDateTests {
    static let known: [(String, Int64)] = [
        ("Thu, 01 Jan 1970 00:00:00 GMT", 0),
        ("Wed, 05 Sep 2012 23:00:00 GMT", 1_346_886_000),
        ("Sun, 06 Nov 1994 08:49:37 GMT", 784_111_777),
        ("Thu, 29 Feb 2024 23:59:59 GMT", 1_709_251_199),
        ("Fri, 01 Mar 2024 00:00:00 GMT", 1_709_251_200),
        ("Sun, 28 Feb 2100 23:59:59 GMT", 4_107_542_399),
        ("Mon, 01 Mar 2100 00:00:00 GMT", 4_107_542_400),
        ("Wed, 31 Dec 1969 23:59:59 GMT", -1),
        ("Mon, 01 Jan 0001 00:00:00 GMT", -62_135_596_800),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 253_402_300_799),
    ]

    @Test(arguments: known)
    func knownDatesAreReadAndWritten(text: String, seconds: Int64) {
        let read = HTTPDate.parse(text)
        let written = HTTPDate.format(unixSeconds: seconds)
        #expect(read == seconds)
        #expect(written == text)
    }

    @Test(arguments: [
        "", " ", "Thu, 17 Nov 2005 18:49:58", "Thu, 17 Nov 2005 18:49:58 UTC", "Thu, 17 Nov 2005 18:49:58 GMT ",
        " Thu, 17 Nov 2005 18:49:58 GMT", "Thu, 7 Nov 2005 18:49:58 GMT", "Thu 17 Nov 2005 18:49:58 GMT",
        "thu, 17 nov 2005 18:49:58 gmt", "Thu, 31 Nov 2005 18:49:58 GMT", "Thu, 29 Feb 2023 00:00:00 GMT",
        "Thu, 29 Feb 2100 00:00:00 GMT", "Thu, 00 Nov 2005 18:49:58 GMT", "Thu, 17 Nov 0000 18:49:58 GMT",
        "Thu, 17 Nov 2005 24:00:00 GMT", "Thu, 17 Nov 2005 18:60:58 GMT", "Thu, 17 Nov 2005 18:49:61 GMT",
        "Thu, 17 Nov 20055 18:49:58 GMT", "Thu, +7 Nov 2005 18:49:58 GMT", "Thu, 17 Nov 2005 1٣:49:58 GMT",
        "1346886000", "20250411T064124Z", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994",
        "Fri, 31 Dec 9999 23:59:60 GMT",
    ])
    func otherTextsAreNoDates(text: String) {
        let found = HTTPDate.parse(text)
        #expect(found == nil)
    }

    @Test(
        arguments: [
            ("Sun, 06 Nov 1994 08:49:37 GMT", 784_111_777), ("Sunday, 06-Nov-94 08:49:37 GMT", 784_111_777),
            ("Sun Nov  6 08:49:37 1994", 784_111_777), ("Wed Nov 16 08:49:37 1994", 784_975_777),
            ("Thursday, 01-Jan-70 00:00:00 GMT", 0), ("Tuesday, 01-Jan-69 00:00:00 GMT", 3_124_224_000),
            ("Sun Nov 6 08:49:37 1994", nil), ("Sunday, 06-Nov-1994 08:49:37 GMT", nil), ("0", nil), ("-1", nil),
        ] as [(String, Int64?)])
    func conditionalRequestsMayUseTheOldForms(text: String, wanted: Int64?) {
        let found = HTTPDate.parseAnyForm(text)
        #expect(found == wanted)
    }

    @Test func daysOfFourCenturiesComeBack() {
        for day in stride(from: Int64(-80_000), through: 80_000, by: 13) {
            let seconds = day * 86_400 + 12_345
            let found = HTTPDate.parse(HTTPDate.format(unixSeconds: seconds))
            if found != seconds {
                Issue.record("day \(day) came back as \(String(describing: found))")
                return
            }
        }
    }

    @Test(arguments: [Int64.min, Int64.max])
    func aMomentBeyondTheCalendarIsTheNearestInside(seconds: Int64) {
        let found = HTTPDate.format(unixSeconds: seconds)
        #expect(found == (seconds < 0 ? "Mon, 01 Jan 0001 00:00:00 GMT" : "Fri, 31 Dec 9999 23:59:59 GMT"))
    }
}

@Suite struct ISO8601Tests {
    @Test(
        arguments: [
            (0, "1970-01-01T00:00:00.000Z"), (1_330_063_668_000, "2012-02-24T06:07:48.000Z"),
            (1_330_063_668_999, "2012-02-24T06:07:48.000Z"), (-1, "1969-12-31T23:59:59.000Z"),
            (Int64.max, "9999-12-31T23:59:59.000Z"), (Int64.min, "0001-01-01T00:00:00.000Z"),
        ] as [(Int64, String)])
    func documentsHoldWholeSeconds(milliseconds: Int64, wanted: String) {
        let found = ISO8601.format(unixMilliseconds: milliseconds)
        #expect(found == wanted)
    }

    @Test(
        arguments: [
            ("2012-02-24T06:07:48.000Z", 1_330_063_668_000), ("2012-02-24T06:07:48Z", 1_330_063_668_000),
            ("2012-02-24T06:07:48.5Z", 1_330_063_668_500), ("2012-02-24T06:07:48.123456789Z", 1_330_063_668_123),
            ("2012-02-24T06:07:48.Z", nil), ("2012-02-24T06:07:48.1234567890Z", nil), ("2012-02-24T06:07:48", nil),
            ("2012-02-30T06:07:48.000Z", nil), ("2012-02-24 06:07:48.000Z", nil), ("", nil),
            ("2012-02-24T06:07:48.000+00:00", nil), ("２012-02-24T06:07:48.000Z", nil),
        ] as [(String, Int64?)])
    func documentsAreRead(text: String, wanted: Int64?) {
        let found = ISO8601.parse(text)
        #expect(found == wanted)
    }

    @Test(
        arguments: [
            ("20250411T064124Z", 1_744_353_684), ("19700101T000000Z", 0), ("20250411T064124", nil),
            ("20250431T064124Z", nil), ("20250411 064124Z", nil), ("20250411t064124z", nil), ("20250411T064124Z ", nil),
            ("Fri, 11 Apr 2025 06:41:24 GMT", nil), ("", nil), ("20250411T064124.0Z", nil),
            ("99991231T235959Z", 253_402_300_799), ("99991231T235960Z", nil),
        ] as [(String, Int64?)])
    func signatureDatesAreRead(text: String, wanted: Int64?) {
        let found = ISO8601.parseBasic(text)
        #expect(found == wanted)
        if let wanted {
            #expect(ISO8601.formatBasic(unixSeconds: wanted) == text)
            #expect(ISO8601.formatDay(unixSeconds: wanted) == text.prefix(8))
        }
    }
}
