import OSSKit
import Testing

@Suite struct SecurityTokenSealTests {
    private static let seal = SecurityTokenSeal(secret: Secret(String(repeating: "s", count: 32)))
    private static let nonce = [UInt8](0..<12)
    private static let contents = SecurityTokenContents(
        accessKeyID: "STS.ID", secret: Secret("its secret"), parentAccessKeyID: "parent",
        expiresAtUnixSeconds: 1_800_000_000, sessionName: "role/name", policy: "{}")

    @Test func whatWasSealedIsReadAgain() throws {
        let token = try #require(Self.seal.seal(Self.contents, nonce: Self.nonce))
        let found = try #require(Self.seal.open(token))
        #expect(found.accessKeyID == "STS.ID")
        #expect(found.secret.reveal() == "its secret")
        #expect(found.parentAccessKeyID == "parent")
        #expect(found.expiresAtUnixSeconds == 1_800_000_000)
        #expect(found.sessionName == "role/name")
        #expect(found.policy == "{}")
        #expect(!token.reveal().contains("parent"))
    }

    @Test func aTokenOfWhichAnythingWasChangedIsNone() throws {
        let token = try #require(Self.seal.seal(Self.contents, nonce: Self.nonce))
        let bytes = try #require(Base64.decode(token.reveal()))
        for position in bytes.indices {
            var changed = bytes
            changed[position] ^= 1
            #expect(Self.seal.open(Secret(Base64.encode(changed))) == nil, "byte \(position)")
        }
        for count in 0..<bytes.count {
            #expect(Self.seal.open(Secret(Base64.encode(bytes[..<count]))) == nil, "\(count) bytes")
        }
    }

    @Test func anotherServersTokenIsNone() throws {
        let other = SecurityTokenSeal(secret: Secret(String(repeating: "t", count: 32)))
        let token = try #require(other.seal(Self.contents, nonce: Self.nonce))
        #expect(Self.seal.open(token) == nil)
    }

    @Test(arguments: ["", "nonsense", "U0cx", "////", String(repeating: "A", count: 8_193)])
    func whatIsNoTokenIsNone(_ text: String) {
        #expect(Self.seal.open(Secret(text)) == nil)
    }

    @Test func aNonceOfAnotherLengthSealsNothing() {
        #expect(Self.seal.seal(Self.contents, nonce: [1, 2, 3]) == nil)
    }
}
