import Foundation
import OSSKit

/// The layout of a data folder, and the secrets in it.
///
/// ```
/// LOCK                          held by the one process that uses the folder
/// control.sock                  by which commands reach the server that has the folder
/// objects/                      the built-in object store
/// sessions.sqlite               accounts, sessions and files
/// secrets/access-key-id         the id of the first access key
/// secrets/access-keys/<id>      an access key: its secret, account and policy, mode 0600
/// secrets/jwt-secret            the secret of access tokens, mode 0600
/// secrets/sts-secret            the secret of security tokens, mode 0600
/// secrets/callback-key          the RSA key that signs callbacks, mode 0600; made with the first callback
/// ```
struct DataFolder {
    /// The folder's absolute path.
    let path: String

    /// Names a folder; nothing is created yet.
    init(path: String) {
        self.path = URL(fileURLWithPath: path).standardizedFileURL.path
    }

    /// The folder of the built-in object store.
    var objects: String { path + "/objects" }
    /// The database of accounts and sessions.
    var sessionsDatabase: String { path + "/sessions.sqlite" }
    /// The folder of the access keys' files.
    var accessKeys: String { path + "/secrets/access-keys" }
    /// The file of the key that signs callbacks.
    var callbackKey: String { path + "/secrets/callback-key" }
    /// The file that is locked while a process uses the folder.
    var lockFile: String { path + "/LOCK" }

    var firstAccessKeyIDFile: String { path + "/secrets/access-key-id" }
    private var jwtSecretFile: String { path + "/secrets/jwt-secret" }
    private var securityTokenSecretFile: String { path + "/secrets/sts-secret" }

    /// Creates what is missing, with mode 0700.
    ///
    /// - Throws: `FolderProblem` if the folder cannot be created.
    func create() throws {
        for folder in [path, path + "/secrets", accessKeys] {
            do {
                try FileManager.default.createDirectory(
                    atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
            } catch {
                throw FolderProblem(path: folder, reason: "the folder cannot be created")
            }
        }
        guard chmod(path + "/secrets", 0o700) == 0, chmod(accessKeys, 0o700) == 0 else {
            throw FolderProblem(path: path + "/secrets", reason: "its mode cannot be set to 0700")
        }
    }

    /// The first access key of the folder, generated when there is none.
    ///
    /// - Throws: `FolderProblem` if a file cannot be read or written.
    func firstAccessKey() throws -> (id: String, secret: Secret) {
        if let id = try SecretFile.read(firstAccessKeyIDFile)?.reveal() {
            guard AccessKeyFile.isAccessKeyID(id) else {
                throw FolderProblem(path: firstAccessKeyIDFile, reason: "it does not hold an access key id")
            }
            guard let secret = try SecretFile.read(accessKeys + "/" + id) else {
                throw FolderProblem(
                    path: accessKeys + "/" + id, reason: "the first access key is gone or disabled")
            }
            return (id, secret)
        }
        let key = try createAccessKey(AccessKeyBounds())
        try SecretFile.create(firstAccessKeyIDFile, secret: Secret(key.id))
        return key
    }

    /// The first access key of the folder; nil if it has none, and nothing is generated.
    ///
    /// - Throws: `FolderProblem` if a file cannot be read.
    func existingFirstAccessKey() throws -> (id: String, secret: Secret)? {
        guard try SecretFile.read(firstAccessKeyIDFile) != nil else { return nil }
        return try firstAccessKey()
    }

    /// Whether a server or a command has made the folder before.
    var isThere: Bool { access(accessKeys, F_OK) == 0 }

    /// The file of an access key's secret.
    func secretFile(ofAccessKey id: String) -> String { accessKeys + "/" + id }

    /// The secret of access tokens, generated when there is none: 64 characters, 381 bits.
    ///
    /// - Throws: `FolderProblem` if its file cannot be read or written.
    func jwtSecret() throws -> Secret { try longSecret(jwtSecretFile) }

    /// The secret of security tokens, generated when there is none: 64 characters, 381 bits.
    ///
    /// - Throws: `FolderProblem` if its file cannot be read or written.
    func securityTokenSecret() throws -> Secret { try longSecret(securityTokenSecretFile) }

    private func longSecret(_ file: String) throws -> Secret {
        if let secret = try SecretFile.read(file) {
            guard secret.lengthBytes >= 32 else {
                throw FolderProblem(path: file, reason: "the secret must have at least 32 bytes")
            }
            return secret
        }
        var generator = SystemRandomNumberGenerator()
        let secret = Secret(RandomText.lettersAndDigits(64, using: &generator))
        try SecretFile.create(file, secret: secret)
        return secret
    }
}
