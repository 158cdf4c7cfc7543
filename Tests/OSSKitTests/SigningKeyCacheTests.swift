import OSSKit
import Testing

@Suite struct SigningKeyCacheTests {
    @Test(arguments: try SignatureVector.requests().filter { $0.isV4 || $0.isAWS4 })
    func aKeyIsMadeOnceForManyRequests(vector: SignatureVector) throws {
        let keys = SigningKeyCache()
        for _ in 0..<5 {
            #expect(throws: Never.self) { try vector.verify(keys: keys) }
        }
        let found = keys.derivationCount
        #expect(found == 1)
    }

    @Test func anUnknownKeyCostsNoMoreThanAKnownOne() throws {
        let vector = try #require(try SignatureVector.current().first { $0.signature == "v4-url" })
        let keys = SigningKeyCache()
        for _ in 0..<5 {
            #expect(throws: OSSError.self) { try vector.presented().verify(with: nil, keys: keys) }
        }
        let found = keys.derivationCount
        #expect(found == 1)
    }

    @Test func aChangedSecretIsSeenAtOnce() throws {
        let vector = try #require(try SignatureVector.current().first { $0.signature == "v4-url" && $0.token == nil })
        let keys = SigningKeyCache()
        #expect(throws: Never.self) { try vector.verify(keys: keys) }
        let found = #expect(throws: OSSError.self) { try vector.presented().verify(with: Secret("new"), keys: keys) }
        #expect(found?.code == .signatureDoesNotMatch)
        #expect(throws: Never.self) { try vector.verify(keys: keys) }
    }

    @Test func strangersPutNothingIn() throws {
        let keys = SigningKeyCache()
        for vector in try SignatureVector.current() where vector.isV4 {
            let presented = try vector.presented()
            #expect(throws: OSSError.self) { try presented.verify(with: nil, keys: keys) }
            #expect(throws: OSSError.self) { try presented.verify(with: Secret("wrong"), keys: keys) }
        }
        let found = keys.count
        #expect(found == 0)
    }

    @Test(arguments: [Int.min, 0, 1, 2, 3, 16])
    func aFullCacheStillVerifies(capacity: Int) throws {
        let keys = SigningKeyCache(capacity: capacity)
        for vector in try SignatureVector.current() where vector.isV4 {
            #expect(throws: Never.self) { try vector.verify(at: vector.goodTime, keys: keys) }
        }
    }

    @Test func manyTasksShareACache() async throws {
        let vectors = try SignatureVector.current().filter { $0.isV4 }
        let keys = SigningKeyCache(capacity: 8)
        await withTaskGroup(of: Bool.self) { tasks in
            for vector in vectors {
                tasks.addTask { (try? vector.verify(keys: keys)) != nil }
            }
            for await isVerified in tasks {
                #expect(isVerified)
            }
        }
    }
}
