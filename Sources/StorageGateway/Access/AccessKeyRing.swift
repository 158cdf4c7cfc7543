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
    private let keys: Mutex<[[UInt8]: AccessKey]>

    /// Makes a ring of these keys; of two with one id the later counts.
    package init(_ keys: [AccessKey]) {
        self.keys = Mutex(Self.index(keys))
    }

    /// The key of this id, enabled or not; nil if there is none.
    package func key(id: String) -> AccessKey? {
        keys.withLock { $0[Array(id.utf8)] }
    }

    /// Replaces all keys at once.
    package func replace(with newKeys: [AccessKey]) {
        let index = Self.index(newKeys)
        keys.withLock { $0 = index }
    }

    private static func index(_ keys: [AccessKey]) -> [[UInt8]: AccessKey] {
        Dictionary(keys.map { (Array($0.id.utf8), $0) }, uniquingKeysWith: { $1 })
    }
}
