import OSSKit
import Synchronization

/// A key pair that may sign requests.
package struct AccessKey: Sendable {
    /// The access key id, which requests name.
    package let id: String
    /// The access key secret, which signs.
    package let secret: Secret
    /// The account to which the key belongs.
    package let ownerID: String
    /// Whether requests signed with it are taken.
    package let isEnabled: Bool
    /// What the key may do at most; nil if that is whatever its account may.
    package let policy: AccessPolicy?

    /// Makes an access key.
    package init(
        id: String, secret: Secret, ownerID: String, isEnabled: Bool = true, policy: AccessPolicy? = nil
    ) {
        self.id = id
        self.secret = secret
        self.ownerID = ownerID
        self.isEnabled = isEnabled
        self.policy = policy
    }
}

/// The access keys that are known now; replaced as a whole while requests are served.
package final class AccessKeyRing: Sendable {
    private struct Contents {
        var keys: [[UInt8]: AccessKey]
        /// Signing keys of earlier requests, which cost several times what one signature does.
        var signingKeys = SigningKeyCache()
    }

    private let contents: Mutex<Contents>

    /// Makes a ring of these keys; of two with one id the later counts.
    package init(_ keys: [AccessKey]) {
        contents = Mutex(Contents(keys: Self.index(keys)))
    }

    /// The key of this id, enabled or not, which is nil if there is none, and the signing keys that were made of the ring.
    package func lookUp(id: String) -> (key: AccessKey?, signingKeys: SigningKeyCache) {
        contents.withLock { ($0.keys[Array(id.utf8)], $0.signingKeys) }
    }

    /// Replaces all keys at once; if any differs, nothing that was made of the former ones is kept.
    package func replace(with newKeys: [AccessKey]) {
        let index = Self.index(newKeys)
        contents.withLock { contents in
            if !Self.hold(contents.keys, sameSecretsAs: index) { contents.signingKeys = SigningKeyCache() }
            contents.keys = index
        }
    }

    private static func hold(_ keys: [[UInt8]: AccessKey], sameSecretsAs others: [[UInt8]: AccessKey]) -> Bool {
        keys.count == others.count
            && keys.allSatisfy { id, key in
                guard let other = others[id], other.isEnabled == key.isEnabled else { return false }
                return equalInConstantTime(key.secret.reveal().utf8, other.secret.reveal().utf8)
            }
    }

    private static func index(_ keys: [AccessKey]) -> [[UInt8]: AccessKey] {
        Dictionary(keys.map { (Array($0.id.utf8), $0) }, uniquingKeysWith: { $1 })
    }
}
