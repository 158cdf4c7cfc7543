import Synchronization

/// Signing keys of V4, kept between requests: one for each access key, day, region and product.
///
/// It is bounded, and what was not used longest goes first. A key whose secret has changed is made anew. A key is kept
/// once a signature by it was right, so that strangers put nothing in.
public final class SigningKeyCache: Sendable {
    private struct Name: Hashable {
        let accessKeyID: String
        let scope: ScopeV4
    }

    private struct Entry {
        let secret: Secret
        let key: SigningKeyV4
        var lastUse: UInt64
    }

    private struct Contents {
        var entries: [Name: Entry] = [:]
        /// What unknown access keys are verified with, whatever their scope.
        var standIn: SigningKeyV4?
        var uses: UInt64 = 0
        var derivations: UInt64 = 0
    }

    /// The longest region that is kept: no region of OSS is longer, but clients of the S3 dialect write what they like.
    private static let regionLimitBytes = 64

    private let capacity: Int
    private let contents = Mutex(Contents())

    /// Makes an empty cache.
    ///
    /// - Parameter capacity: the most keys that are kept, 1 at least.
    public init(capacity: Int = 1_024) {
        self.capacity = max(capacity, 1)
    }

    /// How many keys were made, at four HMACs each, since there was none to take.
    public var derivationCount: UInt64 { contents.withLock { $0.derivations } }

    /// How many keys are kept.
    public var count: Int { contents.withLock { $0.entries.count } }

    /// The kept key of an access key for a scope; nil if there is none, or one of another secret.
    func key(accessKeyID: String, secret: Secret, scope: ScopeV4) -> SigningKeyV4? {
        let name = Name(accessKeyID: accessKeyID, scope: scope)
        return contents.withLock { contents in
            contents.uses += 1
            guard let index = contents.entries.index(forKey: name),
                equalInConstantTime(contents.entries.values[index].secret.reveal().utf8, secret.reveal().utf8)
            else { return nil }
            contents.entries.values[index].lastUse = contents.uses
            return contents.entries.values[index].key
        }
    }

    /// Makes a key, and counts it.
    func counted(_ make: () -> SigningKeyV4) -> SigningKeyV4 {
        contents.withLock { $0.derivations += 1 }
        return make()
    }

    /// Keeps a key by which a right signature was made, unless its scope is longer than those that are usual.
    func keep(_ key: SigningKeyV4, accessKeyID: String, secret: Secret, scope: ScopeV4) {
        guard scope.region.utf8.count <= Self.regionLimitBytes else { return }
        let name = Name(accessKeyID: accessKeyID, scope: scope)
        contents.withLock { contents in
            if contents.entries[name] == nil, contents.entries.count >= capacity {
                removeOldestHalf(of: &contents)
            }
            contents.entries[name] = Entry(secret: secret, key: key, lastUse: contents.uses)
        }
    }

    /// The key that stands in for those of unknown access keys, which take no longer by it than one that is kept.
    func standIn(or make: () -> SigningKeyV4) -> SigningKeyV4 {
        contents.withLock { contents in
            if let standIn = contents.standIn { return standIn }
            let made = make()
            contents.derivations += 1
            contents.standIn = made
            return made
        }
    }

    /// Makes room for many keys at once, so that room is made seldom.
    private func removeOldestHalf(of contents: inout Contents) {
        let uses = contents.entries.values.map(\.lastUse).sorted()
        let median = uses[(uses.count - 1) / 2]
        contents.entries = contents.entries.filter { $0.value.lastUse > median }
    }
}
