import OSSKit
import StorageGateway

/// Whose an access key is, and what it may do at most.
struct AccessKeyBounds: Equatable {
    /// The account of access keys that name none.
    static let usualOwnerID = "1000000000000001"

    /// The account: 1 to 32 digits, as Alibaba Cloud's are.
    var ownerID = usualOwnerID
    /// The policy, as it was given; nil if the key may do whatever its account may.
    var policy: String?

    /// Whether a text can be the id of an account.
    static func isOwnerID(_ text: String) -> Bool {
        (1...32).contains(text.utf8.count)
            && text.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
    }
}

/// An access key as it lies in a data folder.
struct StoredAccessKey {
    /// The access key id.
    let id: String
    /// The access key secret.
    let secret: Secret
    /// Whether requests signed with it are taken.
    let isEnabled: Bool
    /// Whose it is, and what it may do.
    var bounds: AccessKeyBounds

    /// Makes a key.
    init(_ id: String, _ secret: Secret, _ isEnabled: Bool, _ bounds: AccessKeyBounds) {
        self.id = id
        self.secret = secret
        self.isEnabled = isEnabled
        self.bounds = bounds
    }
}

/// The files in which access keys lie in a data folder, of mode 0600.
///
/// The name is the access key id, and ends in `.disabled` while the key is switched off. The first line is the secret;
/// a line `account <digits>` may follow, and then a line `policy` with a policy in JSON behind it, to the end.
enum AccessKeyFile {
    /// What the name of a disabled key's file ends in.
    static let disabledSuffix = ".disabled"
    /// The largest file that is read, in bytes.
    private static let maximumBytes = 32_768
    private static let accountWord = "account "
    private static let policyWord = "policy"

    /// Whether a text can be an access key id: 1 to 128 letters, digits, `-`, `_` or `.`, not beginning with a dot.
    ///
    /// Ids that begin with `STS.` are those of temporary keys.
    static func isAccessKeyID(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        guard (1...128).contains(bytes.count), bytes.first != UInt8(ascii: "."), !text.hasSuffix(disabledSuffix),
            !bytes.starts(with: "STS.".utf8)
        else { return false }
        return bytes.allSatisfy { byte in
            isLetterOrDigit(byte) || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_")
                || byte == UInt8(ascii: ".")
        }
    }

    /// The id and state that a file name stands for; nil for a name that is no key's.
    static func parse(fileName: String) -> (id: String, isEnabled: Bool)? {
        let isEnabled = !fileName.hasSuffix(disabledSuffix)
        let id = isEnabled ? fileName : String(fileName.dropLast(disabledSuffix.count))
        return isAccessKeyID(id) ? (id, isEnabled) : nil
    }

    /// Reads a key; nil if there is no such file.
    ///
    /// A file with a line that means nothing, or a policy that cannot be read, is no key: it might have meant less.
    ///
    /// - Throws: `FolderProblem`.
    static func read(_ name: String, in folder: String) throws -> StoredAccessKey? {
        let path = folder + "/" + name
        guard let (id, isEnabled) = parse(fileName: name) else { return nil }
        guard let bytes = try SecretFile.contents(of: path, maximumBytes: maximumBytes) else { return nil }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw FolderProblem(path: path, reason: "it is not UTF-8")
        }
        var lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)[...]
        guard let secret = lines.popFirst(), !secret.isEmpty else {
            throw FolderProblem(path: path, reason: "its first line is not a secret")
        }
        var bounds = AccessKeyBounds()
        if let line = lines.first, line.hasPrefix(accountWord) {
            bounds.ownerID = String(line.dropFirst(accountWord.count))
            guard AccessKeyBounds.isOwnerID(bounds.ownerID) else {
                throw FolderProblem(path: path, reason: "its account is not 1 to 32 digits")
            }
            lines = lines.dropFirst()
        }
        if let line = lines.first, line == policyWord {
            let policy = lines.dropFirst().joined(separator: "\n")
            if let problem = problem(ofPolicy: policy) { throw FolderProblem(path: path, reason: problem) }
            bounds.policy = policy
        } else if lines.contains(where: { !$0.isEmpty }) {
            throw FolderProblem(path: path, reason: "its second line is neither an account nor a policy")
        }
        return StoredAccessKey(id, Secret(String(secret)), isEnabled, bounds)
    }

    /// What is wrong with a policy; nil if it can be read.
    static func problem(ofPolicy policy: String) -> String? {
        do {
            _ = try AccessPolicy(json: Array(policy.utf8), kind: .identity)
            return nil
        } catch {
            return error.message
        }
    }

    /// What stands in the file of a key.
    static func text(of key: StoredAccessKey) -> Secret {
        var text = key.secret.reveal()
        if key.bounds.ownerID != AccessKeyBounds.usualOwnerID { text += "\n\(accountWord)\(key.bounds.ownerID)" }
        if let policy = key.bounds.policy { text += "\n\(policyWord)\n\(policy)" }
        return Secret(text)
    }

    private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
        let lower = byte | 0x20
        return (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(lower)
            || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }
}
