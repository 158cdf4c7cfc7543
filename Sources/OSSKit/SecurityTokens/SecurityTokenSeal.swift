import Crypto
import FoundationEssentials

/// What a security token of this server says about its temporary access key.
package struct SecurityTokenContents: Sendable {
    /// The temporary access key ID, which begins with `STS.`.
    package let accessKeyID: String
    /// Its secret.
    package let secret: Secret
    /// The lasting access key that asked for it; without that one it is good for nothing.
    package let parentAccessKeyID: String
    /// The second in which it ends, since 1970, UTC.
    package let expiresAtUnixSeconds: Int64
    /// The role and the name of the session, as `role/session`.
    package let sessionName: String
    /// The policy of the session, as it was given; nil if it has none.
    package let policy: String?

    /// Collects what a token says.
    package init(
        accessKeyID: String, secret: Secret, parentAccessKeyID: String, expiresAtUnixSeconds: Int64,
        sessionName: String, policy: String?
    ) {
        self.accessKeyID = accessKeyID
        self.secret = secret
        self.parentAccessKeyID = parentAccessKeyID
        self.expiresAtUnixSeconds = expiresAtUnixSeconds
        self.sessionName = sessionName
        self.policy = policy
    }
}

/// Makes security tokens that hold everything about their temporary key, so that no server has to remember them.
///
/// They are encrypted and authenticated with AES-GCM under a secret of the server's own.
package struct SecurityTokenSeal: Sendable {
    /// How many random bytes a token takes.
    package static let nonceBytes = 12
    /// What a token of this form begins with; it is authenticated as well.
    private static let form: [UInt8] = Array("SG1".utf8)

    private let key: SymmetricKey

    /// Takes the secret under which tokens are made, 32 random bytes at least.
    package init(secret: Secret) {
        precondition(secret.lengthBytes >= 32, "the secret of security tokens has 32 bytes at least")
        key = SymmetricKey(data: SHA256.hash(data: Array(secret.reveal().utf8)))
    }

    /// Makes a token; nil if the nonce does not have its length.
    ///
    /// - Parameter nonce: Random bytes that no other token gets.
    package func seal(_ contents: SecurityTokenContents, nonce: [UInt8]) -> Secret? {
        let stored = Stored(
            id: contents.accessKeyID, secret: contents.secret.reveal(), parent: contents.parentAccessKeyID,
            end: contents.expiresAtUnixSeconds, name: contents.sessionName, policy: contents.policy)
        guard nonce.count == Self.nonceBytes, let plain = try? JSONEncoder().encode(stored),
            let nonce = try? AES.GCM.Nonce(data: nonce),
            let sealed = try? AES.GCM.seal(plain, using: key, nonce: nonce, authenticating: Self.form),
            let combined = sealed.combined
        else { return nil }
        return Secret(Base64.encode(Self.form + combined))
    }

    /// What a token says; nil if this secret did not make it as it is.
    package func open(_ token: Secret) -> SecurityTokenContents? {
        guard token.lengthBytes <= Limits.maximumSecurityTokenBytes, let bytes = Base64.decode(token.reveal()),
            bytes.starts(with: Self.form),
            let box = try? AES.GCM.SealedBox(combined: bytes.dropFirst(Self.form.count)),
            let plain = try? AES.GCM.open(box, using: key, authenticating: Self.form),
            let stored = try? JSONDecoder().decode(Stored.self, from: plain)
        else { return nil }
        return SecurityTokenContents(
            accessKeyID: stored.id, secret: Secret(stored.secret), parentAccessKeyID: stored.parent,
            expiresAtUnixSeconds: stored.end, sessionName: stored.name, policy: stored.policy)
    }

    /// How the contents of a token are written.
    private struct Stored: Codable {
        let id: String
        let secret: String
        let parent: String
        let end: Int64
        let name: String
        let policy: String?
    }
}
