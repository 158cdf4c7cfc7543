import OSSKit
import StorageGateway
import Testing

/// Source of the cases: oss-wire fact 8.2, the table of ranges.
@Suite struct RequestedRangeTests {
    /// A header for an object of 1,000 bytes, and what it means in each behaviour; nil is the whole object.
    struct Case: Sendable, CustomTestStringConvertible {
        let header: String
        let usual: Range<Int64>?
        let standard: Range<Int64>?
        var isRefusedByStandard = false

        var testDescription: String { header }
    }

    static let cases: [Case] = [
        Case(header: "bytes=0-499", usual: 0..<500, standard: 0..<500),
        Case(header: "bytes=0-0", usual: 0..<1, standard: 0..<1),
        Case(header: "bytes=999-999", usual: 999..<1_000, standard: 999..<1_000),
        Case(header: "bytes=500-", usual: 500..<1_000, standard: 500..<1_000),
        Case(header: "bytes=-100", usual: 900..<1_000, standard: 900..<1_000),
        Case(header: "bytes=-1000", usual: 0..<1_000, standard: 0..<1_000),
        Case(header: "bytes=0-1000", usual: nil, standard: 0..<1_000),
        Case(header: "bytes=500-2000", usual: nil, standard: 500..<1_000),
        Case(header: "bytes=-1001", usual: nil, standard: 0..<1_000),
        Case(header: "bytes=1000-", usual: nil, standard: nil, isRefusedByStandard: true),
        Case(header: "bytes=1000-1001", usual: nil, standard: nil, isRefusedByStandard: true),
        Case(header: "bytes=-0", usual: nil, standard: nil, isRefusedByStandard: true),
        Case(header: "bytes=5-4", usual: nil, standard: nil),
        Case(header: "bytes=", usual: nil, standard: nil),
        Case(header: "bytes=-", usual: nil, standard: nil),
        Case(header: "bytes=a-b", usual: nil, standard: nil),
        Case(header: "bytes=+1-5", usual: nil, standard: nil),
        Case(header: "bytes=1-5,7-9", usual: nil, standard: nil),
        Case(header: "items=0-1", usual: nil, standard: nil),
        Case(header: "0-499", usual: nil, standard: nil),
        Case(header: "bytes=9223372036854775807-", usual: nil, standard: nil, isRefusedByStandard: true),
        Case(header: "bytes=99999999999999999999-", usual: nil, standard: nil, isRefusedByStandard: true),
        Case(header: "bytes=0-18446744073709551615", usual: nil, standard: 0..<1_000),
        Case(header: "bytes=-99999999999999999999", usual: nil, standard: 0..<1_000),
        Case(header: "bytes=999999999999999999-", usual: nil, standard: nil, isRefusedByStandard: true),
    ]

    @Test(arguments: cases)
    func aRangeMeansWhatItMeansToOSS(_ row: Case) throws {
        let found = try RequestedRange.of(row.header, sizeBytes: 1_000, isStandard: false)
        let wanted = row.usual.map(RequestedRange.part) ?? .whole
        #expect(found == wanted)
    }

    @Test(arguments: cases)
    func standardBehaviourClampsAndRefuses(_ row: Case) throws {
        if row.isRefusedByStandard {
            let refusal = #expect(throws: OSSError.self) {
                try RequestedRange.of(row.header, sizeBytes: 1_000, isStandard: true)
            }
            #expect(refusal?.code == .invalidRange)
        } else {
            let found = try RequestedRange.of(row.header, sizeBytes: 1_000, isStandard: true)
            let wanted = row.standard.map(RequestedRange.part) ?? .whole
            #expect(found == wanted)
        }
    }

    @Test(arguments: [nil, "bytes=0-0", "bytes=0-", "bytes=-5"])
    func anEmptyObjectIsAlwaysWhole(_ header: String?) throws {
        let found = try RequestedRange.of(header, sizeBytes: 0, isStandard: false)
        #expect(found == .whole)
    }
}
