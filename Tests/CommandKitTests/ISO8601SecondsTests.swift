import CommandKit
import OSSKit
import Testing

@Suite struct ISO8601SecondsTests {
    @Test(arguments: [
        (0, "1970-01-01T00:00:00.000Z"), (-1, "1969-12-31T23:59:59.000Z"),
        (253_402_300_799, "9999-12-31T23:59:59.000Z"), (253_402_300_800, "9999-12-31T23:59:59.000Z"),
        (100_000_001_795_447_186, "9999-12-31T23:59:59.000Z"), (Int64.max, "9999-12-31T23:59:59.000Z"),
        (Int64.min, "0001-01-01T00:00:00.000Z"),
    ])
    func everyMomentIsWritten(_ seconds: Int64, _ wanted: String) {
        let found = ISO8601.format(unixSeconds: seconds)
        #expect(found == wanted)
    }
}
