import Foundation
import OSSKit

extension DataFolder {
    /// Generates an access key: an id of 24 characters, a secret of 40 (238 bits).
    ///
    /// - Throws: `FolderProblem` if its file cannot be written.
    func createAccessKey(_ bounds: AccessKeyBounds) throws -> (id: String, secret: Secret) {
        var generator = SystemRandomNumberGenerator()
        let id = "SGAK" + RandomText.lettersAndDigits(20, using: &generator)
        let secret = Secret(RandomText.lettersAndDigits(40, using: &generator))
        try SecretFile.create(
            accessKeys + "/" + id, secret: AccessKeyFile.text(of: StoredAccessKey(id, secret, true, bounds)))
        return (id, secret)
    }

    /// The access keys of the folder, in order of their ids, and what is wrong with the files of others.
    ///
    /// - Throws: `FolderProblem` if the folder cannot be read.
    func accessKeyList() throws -> (keys: [StoredAccessKey], problems: [FolderProblem]) {
        guard let names = try? FileManager.default.contentsOfDirectory(atPath: accessKeys) else {
            throw FolderProblem(path: accessKeys, reason: "the folder cannot be read")
        }
        var keys: [StoredAccessKey] = []
        var problems: [FolderProblem] = []
        for name in names.sorted() {
            guard AccessKeyFile.parse(fileName: name) != nil else { continue }
            do {
                // A file that is gone was removed since the folder was listed.
                guard let key = try AccessKeyFile.read(name, in: accessKeys) else { continue }
                keys.append(key)
            } catch let problem as FolderProblem {
                problems.append(problem)
            }
        }
        return (keys, problems)
    }

    /// Replaces the policy that binds an access key; a running server follows.
    ///
    /// - Throws: `FolderProblem` if there is no such key, if it is the first one, or if its file cannot be written.
    func bindAccessKey(_ id: String, to policy: String?) throws {
        try refuseFirstAccessKey(id)
        var key = try storedAccessKey(id)
        key.bounds.policy = policy
        let (enabled, disabled) = try files(ofAccessKey: id)
        try SecretFile.replace(key.isEnabled ? enabled : disabled, secret: AccessKeyFile.text(of: key))
    }

    /// Makes an access key of the same account and with the same policy, and disables the one that it replaces.
    ///
    /// - Throws: `FolderProblem` if there is no such key, or if it is the first one.
    func rotateAccessKey(_ id: String) throws -> (id: String, secret: Secret) {
        try refuseFirstAccessKey(id)
        let key = try createAccessKey(storedAccessKey(id).bounds)
        try renameAccessKey(id, isEnabled: false)
        return key
    }

    private func storedAccessKey(_ id: String) throws -> StoredAccessKey {
        let (enabled, _) = try files(ofAccessKey: id)
        let found =
            try AccessKeyFile.read(id, in: accessKeys)
            ?? AccessKeyFile.read(id + AccessKeyFile.disabledSuffix, in: accessKeys)
        guard let found else { throw FolderProblem(path: enabled, reason: "there is no such access key") }
        return found
    }

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
        let key = try createAccessKey(AccessKeyBounds())
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
