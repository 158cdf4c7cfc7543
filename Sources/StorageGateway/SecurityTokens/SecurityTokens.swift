import OSSKit
import Synchronization

/// Makes and opens security tokens of temporary access keys.
package final class SecurityTokens: Sendable {
    /// A token that was opened, with its policy read.
    struct Opened: Sendable {
        let contents: SecurityTokenContents
        let policy: AccessPolicy?
    }

    private let seal: SecurityTokenSeal
    /// Tokens that were opened before; they are the same every time, and come with every request of a session.
    private let opened = Mutex<[[UInt8]: Opened]>([:])

    /// Takes the secret under which tokens are made, 32 random bytes at least.
    package init(secret: Secret) {
        seal = SecurityTokenSeal(secret: secret)
    }

    /// Whether an access key ID is that of a temporary access key.
    static func isTemporary(_ accessKeyID: String) -> Bool { accessKeyID.utf8.starts(with: "STS.".utf8) }

    /// Makes a token; nil if it would be too long to be sent.
    ///
    /// - Parameter nonce: `SecurityTokenSeal.nonceBytes` random bytes.
    func token(of contents: SecurityTokenContents, nonce: [UInt8]) -> Secret? {
        let token = seal.seal(contents, nonce: nonce)
        return token.flatMap { $0.lengthBytes <= OSSKit.Limits.maximumSecurityTokenBytes ? $0 : nil }
    }

    /// Opens a token; nil if it was not made here, or holds a policy that cannot be read.
    func open(_ token: Secret) -> Opened? {
        let name = Array(token.reveal().utf8)
        if let kept = opened.withLock({ $0[name] }) { return kept }
        guard let contents = seal.open(token) else { return nil }
        var policy: AccessPolicy?
        if let document = contents.policy {
            guard let read = try? AccessPolicy(json: Array(document.utf8), kind: .identity) else { return nil }
            policy = read
        }
        let found = Opened(contents: contents, policy: policy)
        opened.withLock { opened in
            if opened.count >= Limits.keptTokens { opened.removeAll() }
            opened[name] = found
        }
        return found
    }
}
