import OSSKit
import StorageGateway
import Testing

@Suite struct AccessKeyRingTests {
    private static func key(_ id: String, _ secret: String = "secret", isEnabled: Bool = true) -> AccessKey {
        AccessKey(id: id, secret: Secret(secret), ownerID: "owner", isEnabled: isEnabled)
    }

    @Test func theSameKeysKeepWhatWasMadeOfThem() {
        let ring = AccessKeyRing([Self.key("a"), Self.key("b")])
        let before = ring.lookUp(id: "a").signingKeys
        ring.replace(with: [Self.key("b"), Self.key("a")])
        let after = ring.lookUp(id: "a").signingKeys
        #expect(before === after)
    }

    @Test(arguments: [
        [key("a", "other"), key("b")], [key("a", isEnabled: false), key("b")], [key("b")], [],
        [key("a"), key("b"), key("c")], [key("a"), key("c")],
    ])
    func whatWasMadeOfFormerKeysGoesWithThem(keys: [AccessKey]) {
        let ring = AccessKeyRing([Self.key("a"), Self.key("b")])
        let before = ring.lookUp(id: "a").signingKeys
        ring.replace(with: keys)
        let (found, after) = ring.lookUp(id: "a")
        let isKnown = keys.contains { $0.id == "a" }
        #expect((found != nil) == isKnown)
        #expect(before !== after)
    }
}
