import Synchronization

/// Signing keys of V4, kept between requests: one for each access key, day, region and product.
///
/// It is bounded, and what was not used longest goes first. A key whose secret has changed is made anew.
public final class SigningKeyCache: Sendable {
    private struct Name: Hashable {
        /// nil for the key that stands in for all unknown access keys.
        let accessKeyID: String?
        let scope: ScopeV4
    }

    private struct Entry {
        let secret: Secret
        let key: SigningKeyV4
        var lastUse: UInt64
    }

    private struct Contents {
        var entries: [Name: Entry] = [:]
        var uses: UInt64 = 0
        var derivations: UInt64 = 0
    }

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

    /// The key of an access key for a scope.
    ///
    /// - Parameters:
    ///   - accessKeyID: the access key; nil for the one that stands in for an unknown one, which is kept like any
    ///     other, so that an unknown access key takes no longer than a known one.
    ///   - secret: its secret.
    ///   - scope: the scope.
    func key(accessKeyID: String?, secret: Secret, scope: ScopeV4) -> SigningKeyV4 {
        let name = Name(accessKeyID: accessKeyID, scope: scope)
        let kept: SigningKeyV4? = contents.withLock { contents in
            contents.uses += 1
            guard let index = contents.entries.index(forKey: name),
                equalInConstantTime(contents.entries.values[index].secret.reveal().utf8, secret.reveal().utf8)
            else { return nil }
            contents.entries.values[index].lastUse = contents.uses
            return contents.entries.values[index].key
        }
        if let kept { return kept }
        let made = SigningKeyV4(secret: secret, scope: scope)
        contents.withLock { contents in
            contents.derivations += 1
            if contents.entries[name] == nil, contents.entries.count >= capacity {
                removeOldestHalf(of: &contents)
            }
            contents.entries[name] = Entry(secret: secret, key: made, lastUse: contents.uses)
        }
        return made
    }

    /// Makes room for many keys at once, so that room is made seldom.
    private func removeOldestHalf(of contents: inout Contents) {
        let uses = contents.entries.values.map(\.lastUse).sorted()
        let median = uses[(uses.count - 1) / 2]
        contents.entries = contents.entries.filter { $0.value.lastUse > median }
    }
}
