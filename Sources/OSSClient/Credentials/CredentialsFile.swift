import FoundationEssentials
import OSSKit
import Synchronization

/// An access key in a file: JSON, or a profile of ossutil's INI file.
///
/// JSON is one object with `AccessKeyId`, `AccessKeySecret` and, for a temporary key, `SecurityToken`. An INI file is
/// one that `ProfileFile` reads.
struct CredentialsFile: Sendable {
    /// The longest file that is read, in bytes.
    static let maximumBytes = 65_536

    /// Reads the access key out of a file's bytes.
    ///
    /// - Parameter profile: the section of an INI file.
    /// - Throws: `CredentialsError.noCredentials` if the file has no such section or no access key in it;
    ///   `unreadable` for anything that is neither format.
    static func credentials(in bytes: [UInt8], profile: String) throws(CredentialsError) -> Credentials {
        guard bytes.count <= maximumBytes else { throw .unreadable(reason: "it is too long") }
        let first = bytes.first { $0 != 0x20 && $0 != 0x09 && $0 != 0x0A && $0 != 0x0D }
        guard first == UInt8(ascii: "{") else { return try credentials(ofProfile: profile, in: bytes) }
        let members = try json(bytes)
        let value: ([String]) -> String? = { names in
            names.lazy.compactMap { members[$0] }.first { !$0.isEmpty }
        }
        guard let id = value(["accesskeyid"]), let secret = value(["accesskeysecret"]) else { throw .noCredentials }
        return Credentials(
            accessKeyID: id, accessKeySecret: Secret(secret),
            securityToken: value(["securitytoken", "ststoken"]).map { Secret($0) })
    }

    /// The members of a JSON object that are texts, by their names in lower case.
    private static func json(_ bytes: [UInt8]) throws(CredentialsError) -> [String: String] {
        let document: [String: JSONText]
        do {
            document = try JSONDecoder().decode([String: JSONText].self, from: Data(bytes))
        } catch {
            // The error of the decoder would quote the file.
            throw .unreadable(reason: "it is not a JSON object")
        }
        var members: [String: String] = [:]
        for (name, value) in document {
            members[plain(name)] = value.text
        }
        return members
    }

    /// A JSON value, of which only a text counts.
    private struct JSONText: Decodable {
        let text: String?

        init(from decoder: any Decoder) throws {
            text = try? decoder.singleValueContainer().decode(String.self)
        }
    }

    private static func credentials(
        ofProfile name: String, in bytes: [UInt8]
    ) throws(CredentialsError) -> Credentials {
        let credentials: Credentials?
        do {
            credentials = try ProfileFile(bytes).profile(named: name)?.credentials
        } catch {
            throw .unreadable(reason: "\(error)")
        }
        guard let credentials else { throw .noCredentials }
        return credentials
    }

    /// A name in lower case, without what words are joined with.
    private static func plain(_ name: some StringProtocol) -> String {
        name.lowercased().filter { $0 != "_" && $0 != "-" }
    }
}

extension CredentialsProvider {
    /// Takes the access key from a file, and reads it again when the file has changed.
    ///
    /// The file is JSON with `AccessKeyId`, `AccessKeySecret` and maybe `SecurityToken`, or an INI file as ossutil has
    /// it, with a section for each profile. It is looked at for each request. One that is half written when it is read
    /// does not count: the access key from before goes on.
    ///
    /// - Parameters:
    ///   - path: where the file is.
    ///   - profile: the section of an INI file: `[default]`, `[profile name]`, or ossutil's `[Credentials]` for
    ///     `default`.
    /// - Throws: each request throws `CredentialsError.noCredentials` if there is no such file or no access key in it,
    ///   `CredentialsError.unreadable` if it cannot be read.
    public static func file(_ path: String, profile: String = "default") -> CredentialsProvider {
        let kept = KeptCredentials()
        return CredentialsProvider {
            do {
                let file = try await LocalFile.reading(path)
                let stamp = try await file.identity()
                if let credentials = kept.credentials(of: stamp) { return credentials }
                let bytes = try await file.read(at: 0, maximumBytes: CredentialsFile.maximumBytes + 1)
                let credentials = try CredentialsFile.credentials(
                    in: Array(bytes.readableBytesView), profile: profile)
                kept.keep(credentials, of: stamp)
                return credentials
            } catch OSSClientError.file(_, _, let errorNumber) where LocalFile.isMissing(errorNumber) {
                throw CredentialsError.noCredentials
            } catch let error as OSSClientError {
                if let credentials = kept.last { return credentials }
                throw CredentialsError.unreadable(reason: "\(error)")
            } catch let error as CredentialsError {
                if let credentials = kept.last { return credentials }
                throw error
            }
        }
    }
}

/// The access key that a file held when it was read last.
private final class KeptCredentials: Sendable {
    private let state = Mutex<(stamp: FileIdentity, credentials: Credentials)?>(nil)

    var last: Credentials? { state.withLock { $0?.credentials } }

    func credentials(of stamp: FileIdentity) -> Credentials? {
        state.withLock { $0?.stamp == stamp ? $0?.credentials : nil }
    }

    func keep(_ credentials: Credentials, of stamp: FileIdentity) {
        state.withLock { $0 = (stamp, credentials) }
    }
}
