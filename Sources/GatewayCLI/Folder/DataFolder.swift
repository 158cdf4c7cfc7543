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
/// secrets/access-keys/<id>      the secret of an access key, mode 0600
/// secrets/jwt-secret            the secret of access tokens, mode 0600
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
    /// The file that is locked while a process uses the folder.
    var lockFile: String { path + "/LOCK" }

    var firstAccessKeyIDFile: String { path + "/secrets/access-key-id" }
    private var jwtSecretFile: String { path + "/secrets/jwt-secret" }

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
        let key = try createAccessKey()
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

    /// Generates an access key: an id of 24 characters, a secret of 40 (238 bits).
    ///
    /// - Throws: `FolderProblem` if its file cannot be written.
    func createAccessKey() throws -> (id: String, secret: Secret) {
        var generator = SystemRandomNumberGenerator()
        let id = "SGAK" + RandomText.lettersAndDigits(20, using: &generator)
        let secret = Secret(RandomText.lettersAndDigits(40, using: &generator))
        try SecretFile.create(accessKeys + "/" + id, secret: secret)
        return (id, secret)
    }

    /// Whether a server or a command has made the folder before.
    var isThere: Bool { access(accessKeys, F_OK) == 0 }

    /// The access keys of the folder, in order of their ids, and what is wrong with the files of others.
    ///
    /// - Throws: `FolderProblem` if the folder cannot be read.
    func accessKeyList() throws -> (
        keys: [(id: String, secret: Secret, isEnabled: Bool)], problems: [FolderProblem]
    ) {
        guard let names = try? FileManager.default.contentsOfDirectory(atPath: accessKeys) else {
            throw FolderProblem(path: accessKeys, reason: "the folder cannot be read")
        }
        var keys: [(id: String, secret: Secret, isEnabled: Bool)] = []
        var problems: [FolderProblem] = []
        for name in names.sorted() {
            guard let (id, isEnabled) = AccessKeyFile.parse(fileName: name) else { continue }
            do {
                // A file that is gone was removed since the folder was listed.
                guard let secret = try SecretFile.read(accessKeys + "/" + name) else { continue }
                keys.append((id, secret, isEnabled))
            } catch let problem as FolderProblem {
                problems.append(problem)
            }
        }
        return (keys, problems)
    }

    /// The file of an access key's secret.
    func secretFile(ofAccessKey id: String) -> String { accessKeys + "/" + id }

    /// The secret of access tokens, generated when there is none: 64 characters, 381 bits.
    ///
    /// - Throws: `FolderProblem` if its file cannot be read or written.
    func jwtSecret() throws -> Secret {
        if let secret = try SecretFile.read(jwtSecretFile) {
            guard secret.lengthBytes >= 32 else {
                throw FolderProblem(path: jwtSecretFile, reason: "the secret must have at least 32 bytes")
            }
            return secret
        }
        var generator = SystemRandomNumberGenerator()
        let secret = Secret(RandomText.lettersAndDigits(64, using: &generator))
        try SecretFile.create(jwtSecretFile, secret: secret)
        return secret
    }
}

extension DataFolder {
    /// Switches an access key on or off.
    ///
    /// - Throws: `FolderProblem` if there is no such key, or if it is the first one and would be switched off.
    func renameAccessKey(_ id: String, isEnabled: Bool) throws {
        let (enabled, disabled) = try files(ofAccessKey: id)
        if !isEnabled { try refuseFirstAccessKey(id) }
        let (from, to) = isEnabled ? (disabled, enabled) : (enabled, disabled)
        if access(to, F_OK) == 0, access(from, F_OK) != 0 { return }
        guard rename(from, to) == 0 else { throw FolderProblem(path: from, reason: "there is no such access key") }
        try SecretFile.syncFolder(accessKeys)
    }

    /// Makes a new first access key and disables the one that it replaces.
    ///
    /// - Throws: `FolderProblem` if a file cannot be written.
    func rotateFirstAccessKey() throws -> (id: String, secret: Secret) {
        let former = try SecretFile.read(firstAccessKeyIDFile)?.reveal()
        let key = try createAccessKey()
        try SecretFile.replace(firstAccessKeyIDFile, secret: Secret(key.id))
        if let former { try renameAccessKey(former, isEnabled: false) }
        return key
    }

    /// Removes an access key.
    ///
    /// - Throws: `FolderProblem` if there is no such key, or if it is the first one.
    func deleteAccessKey(_ id: String) throws {
        let (enabled, disabled) = try files(ofAccessKey: id)
        try refuseFirstAccessKey(id)
        guard unlink(enabled) == 0 || unlink(disabled) == 0 else {
            throw FolderProblem(path: enabled, reason: "there is no such access key")
        }
        try SecretFile.syncFolder(accessKeys)
    }

    private func files(ofAccessKey id: String) throws -> (enabled: String, disabled: String) {
        guard AccessKeyFile.isAccessKeyID(id) else {
            throw FolderProblem(path: accessKeys, reason: "\(id) is not an access key id")
        }
        return (accessKeys + "/" + id, accessKeys + "/" + id + AccessKeyFile.disabledSuffix)
    }

    /// The first key signs for the session API, which could not reach its own store without it.
    private func refuseFirstAccessKey(_ id: String) throws {
        guard try SecretFile.read(firstAccessKeyIDFile)?.reveal() != id else {
            throw FolderProblem(
                path: accessKeys + "/" + id,
                reason: "the server itself signs with this key; replace it with keys rotate")
        }
    }
}
