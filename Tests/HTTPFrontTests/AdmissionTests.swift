import HTTPFront
import NIOCore
import Testing

/// How many connections and requests there may be, in all and of one address.
@Suite struct AdmissionTests {
    private static func client(_ ip: String) throws -> ClientAddress {
        ClientAddress(try SocketAddress(ipAddress: ip, port: 1))
    }

    private static func admission(connections: Int = 100, perAddress: Int = 100) -> Admission {
        var limits = Admission.Limits()
        limits.connections = connections
        limits.connectionsPerAddress = perAddress
        return Admission(limits: limits)
    }

    @Test func oneAddressTakesNoMoreThanItsShare() throws {
        let admission = Self.admission(perAddress: 2)
        let (greedy, other) = (try Self.client("192.0.2.1"), try Self.client("192.0.2.2"))
        let found = [admission.enter(greedy), admission.enter(greedy), admission.enter(greedy), admission.enter(other)]
        #expect(found == [true, true, false, true])
        admission.leave(greedy)
        #expect(admission.enter(greedy))
    }

    @Test func allAddressesTogetherTakeNoMoreThanThereAre() throws {
        let admission = Self.admission(connections: 2)
        let found = try ["192.0.2.1", "192.0.2.2", "192.0.2.3"].map { admission.enter(try Self.client($0)) }
        #expect(found == [true, true, false])
    }

    @Test func whoIsTurnedAwayIsNotCounted() throws {
        let admission = Self.admission(perAddress: 1)
        let client = try Self.client("192.0.2.1")
        #expect(admission.enter(client))
        for _ in 0..<10 { #expect(!admission.enter(client)) }
        admission.leave(client)
        #expect(admission.enter(client))
    }

    @Test(arguments: [
        ("2001:db8::1", "2001:db8::ffff:1", true), ("2001:db8::1", "2001:db8:0:1::1", false),
        ("::ffff:192.0.2.1", "192.0.2.1", true), ("::ffff:192.0.2.1", "192.0.2.2", false),
        ("192.0.2.1", "192.0.2.1", true),
    ])
    func addressesOfOneClientAreOne(_ first: String, _ second: String, isOne: Bool) throws {
        let found = try Self.client(first) == Self.client(second)
        #expect(found == isOne)
    }

    @Test func aRequestTooManyMustWait() {
        let slots = RequestSlots(limit: 1)
        let found = [slots.enter(), slots.enter()]
        #expect(found == [true, false])
        slots.leave()
        #expect(slots.enter())
    }
}
