import OSSKit
import Testing

@Suite struct VersionIDTests {
    @Test(arguments: [
        "null", "CAEQ", "CAEQNhiBgMDJgZCA0BYiIDc4MGZj",
        "CAEQJhiBgIDVmYrr1RYiIGE5ZmUxMjViZDIwYjQwY2I5ODA1YWIxNmIyNDNjYjk4",
    ])
    func anIDIsTakenAsItIs(text: String) throws {
        let id = try VersionID(text)
        #expect(id.text == text)
    }

    @Test(arguments: [
        "", "234", "NULL", "Null", " null", "null ", "nul", "CAE", "caeqAA", "IllegalVersion", "CAEQ AA", "CAEQ/AA",
        "CAEQ+AA", "CAEQ\u{e9}", "CAEQ%41", "CAEQ\0", "CAEQ" + String(repeating: "A", count: 125), "../CAEQ",
    ])
    func whatNoEndpointGivesIsRefused(text: String) {
        let refusal = #expect(throws: OSSError.self) { try VersionID(text, argument: "where") }
        #expect(refusal?.code == .invalidArgument)
        #expect(refusal?.fields.first?.value == "where")
    }

    @Test(arguments: [0, 1, 127, 128, 16_383, 16_384, 4_294_967_296, 9_223_372_036_854_775_807] as [UInt64])
    func anIDTellsItsNumber(number: UInt64) throws {
        for byte in [UInt8(0), 0x5a, 0xff] {
            let id = VersionID(number: number, randomBytes: Array(repeating: byte, count: 16))
            #expect(id.number == number)
            #expect(id.text.hasPrefix("CAEQ"))
            #expect(id.text.utf8.count <= 64)
            let again = try VersionID(id.text)
            #expect(again == id)
        }
    }

    @Test func twoIDsOfOneNumberDiffer() {
        let one = VersionID(number: 7, randomBytes: Array(repeating: 1, count: 16))
        let other = VersionID(number: 7, randomBytes: Array(repeating: 2, count: 16))
        #expect(one != other)
    }

    @Test(arguments: ["null", "CAEQ", "CAEQ-none", "CAEQ____________AQ", "CAEQgA", "CAEQ."])
    func othersTellNone(text: String) throws {
        let number = try VersionID(text).number
        #expect(number == nil)
    }
}
