import OSSKit

/// The profiles of a configuration file in the form that ossutil 2 has, by default `~/.ossutilconfig`.
///
/// Names of sections and keys are taken in any case, and with or without `-` and `_`. Sections and keys that mean
/// nothing here stay unread, since the file belongs to other programs too. Source: A-045.
public struct ProfileFile: Sendable {
    /// The largest file that is read, in bytes.
    public static let maximumBytes = 1_048_576
    /// The name of the profile that counts when none is named.
    public static let defaultName = "default"

    /// The section in which ossutil 1 kept what is now the default profile.
    fileprivate static let formerName = "Credentials"

    private let profiles: [Profile]

    /// Reads a file's content.
    ///
    /// - Throws: `ProfileProblem` with the number of the line that cannot be read.
    public init(_ content: some Collection<UInt8>) throws(ProfileProblem) {
        guard content.count <= Self.maximumBytes else {
            throw ProfileProblem(line: nil, reason: "the file is over \(Self.maximumBytes) bytes")
        }
        var reader = ProfileReader()
        for (offset, bytes) in content.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
            .enumerated()
        {
            try reader.read(Array(bytes), line: offset + 1)
        }
        profiles = reader.profiles
    }

    /// The names of the profiles, in the order of the file.
    public var names: [String] { profiles.map(\.name) }

    /// A profile with what it takes over from the one that its `source-profile` names.
    ///
    /// - Parameter name: the profile's name, in any case.
    /// - Returns: nil if there is no such profile.
    /// - Throws: `ProfileProblem` if a source is missing, or is the profile itself in the end.
    public func profile(named name: String) throws(ProfileProblem) -> Profile? {
        guard var found = section(named: name) else { return nil }
        var seen = [found]
        while let source = found.value(of: .sourceProfile), !source.text.isEmpty {
            guard let next = section(named: source.text) else {
                throw ProfileProblem(line: source.line, reason: "there is no profile \(source.text)")
            }
            guard !seen.contains(where: { $0.isNamed(next.name) }) else {
                throw ProfileProblem(line: source.line, reason: "the source profiles go round in a circle")
            }
            seen.append(next)
            found = found.takingOver(from: next)
        }
        return found
    }

    private func section(named name: String) -> Profile? {
        if let found = profiles.first(where: { $0.isNamed(name) }) { return found }
        // A file of ossutil 1 has one set of settings, and no name for it.
        return name.lowercased() == Self.defaultName ? profiles.first { $0.isNamed(Self.formerName) } : nil
    }
}

/// What is wrong with a configuration file; it holds no value of the file.
public struct ProfileProblem: Error, Sendable, Equatable, CustomStringConvertible {
    /// The number of the line, from 1; nil if it is about the file as a whole.
    public let line: Int?
    /// What is wrong, as a sentence goes on after a colon.
    public let reason: String

    public var description: String { line.map { "line \($0): \(reason)" } ?? reason }
}

extension ProfileFile {
    /// One profile: an access key, and where it is good.
    public struct Profile: Sendable {
        /// A value with the line on which it stands.
        struct Value: Sendable {
            let text: String
            let line: Int
        }

        /// The keys that are read.
        enum Key: String, CaseIterable {
            case mode
            case accessKeyID = "accesskeyid"
            case accessKeySecret = "accesskeysecret"
            case securityToken = "ststoken"
            case region
            case endpoint
            case addressingStyle = "addressingstyle"
            case signatureVersion = "signversion"
            case sourceProfile = "sourceprofile"
        }

        /// The profile's name as it stands in the file.
        public let name: String
        private(set) var values: [Key: Value]

        init(name: String) {
            self.name = name
            values = [:]
        }

        /// The ID of the region.
        public var region: String? { text(of: .region) }
        /// The endpoint.
        public var endpoint: String? { text(of: .endpoint) }

        /// How the endpoint addresses buckets; nil if the profile does not say.
        ///
        /// - Throws: `ProfileProblem` for anything but `virtual`, `path` and `cname`.
        public var addressingStyle: Endpoint.Style? {
            get throws(ProfileProblem) {
                guard let value = value(of: .addressingStyle), !value.text.isEmpty else { return nil }
                switch value.text.lowercased() {
                case "virtual", "virtual-host": return .virtualHost
                case "path": return .path
                case "cname": return .cname
                default:
                    throw ProfileProblem(line: value.line, reason: "addressing-style is virtual, path or cname")
                }
            }
        }

        /// The version of the signature, `v1` or `v4`; nil if the profile does not say.
        ///
        /// - Throws: `ProfileProblem` for anything else.
        public var signatureVersion: String? {
            get throws(ProfileProblem) {
                guard let value = value(of: .signatureVersion), !value.text.isEmpty else { return nil }
                let text = value.text.lowercased()
                guard text == "v1" || text == "v4" else {
                    throw ProfileProblem(line: value.line, reason: "sign-version is v1 or v4")
                }
                return text
            }
        }

        /// The access key; nil if the profile holds none.
        ///
        /// - Throws: `ProfileProblem` if half of it is missing, or if the profile gets it in a way that is not there.
        public var credentials: Credentials? {
            get throws(ProfileProblem) {
                if let mode = value(of: .mode), !Self.plainModes.contains(mode.text.lowercased()) {
                    throw ProfileProblem(
                        line: mode.line, reason: "the mode \(mode.text) is not supported: AK and StsToken are")
                }
                let id = text(of: .accessKeyID)
                let secret = text(of: .accessKeySecret)
                guard id != nil || secret != nil else { return nil }
                guard let id, let secret else {
                    let line = value(of: .accessKeyID)?.line ?? value(of: .accessKeySecret)?.line
                    throw ProfileProblem(line: line, reason: "accessKeyID and accessKeySecret go together")
                }
                let token = value(of: .mode)?.text.lowercased() == "ak" ? nil : text(of: .securityToken)
                return Credentials(
                    accessKeyID: id, accessKeySecret: Secret(secret), securityToken: token.map { Secret($0) })
            }
        }

        private static let plainModes = ["", "ak", "ststoken"]

        func isNamed(_ wanted: String) -> Bool { name.lowercased().utf8.elementsEqual(wanted.lowercased().utf8) }

        func value(of key: Key) -> Value? { values[key] }

        /// Takes in a value; false if the profile has one of this key already.
        mutating func take(_ value: Value, as key: Key) -> Bool {
            values.updateValue(value, forKey: key) == nil
        }

        /// The profile with the values of another one where it has none; what that one takes over comes with it.
        func takingOver(from other: Profile) -> Profile {
            var copy = self
            copy.values[.sourceProfile] = nil
            copy.values.merge(other.values) { own, _ in own }
            return copy
        }

        private func text(of key: Key) -> String? {
            value(of: key).flatMap { $0.text.isEmpty ? nil : $0.text }
        }
    }
}

/// Reads a file line by line.
private struct ProfileReader {
    private(set) var profiles: [ProfileFile.Profile] = []
    private var isInProfile = false
    private var hasSection = false

    mutating func read(_ bytes: [UInt8], line: Int) throws(ProfileProblem) {
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw ProfileProblem(line: line, reason: "it is not UTF-8")
        }
        var content = Self.trimmed(text[...])
        if line == 1, content.unicodeScalars.first == "\u{FEFF}" {
            content = Self.trimmed(content.dropFirst())
        }
        guard !content.isEmpty, !content.hasPrefix("#"), !content.hasPrefix(";") else { return }
        guard !content.unicodeScalars.contains(where: { $0.properties.generalCategory == .control && $0 != "\t" })
        else { throw ProfileProblem(line: line, reason: "it holds a control character") }
        if content.hasPrefix("[") {
            try begin(content, line: line)
        } else {
            try take(content, line: line)
        }
    }

    private mutating func begin(_ content: Substring, line: Int) throws(ProfileProblem) {
        guard content.hasSuffix("]") else { throw ProfileProblem(line: line, reason: "the section's ] is missing") }
        let words = content.dropFirst().dropLast().split(whereSeparator: { $0 == " " || $0 == "\t" })
        guard let kind = words.first?.lowercased() else {
            throw ProfileProblem(line: line, reason: "the section has no name")
        }
        hasSection = true
        isInProfile = true
        let name: String
        switch (kind, words.count) {
        case ("default", 1): name = ProfileFile.defaultName
        case ("credentials", 1): name = ProfileFile.formerName
        case ("profile", 2): name = String(words[1])
        case ("profile", _): throw ProfileProblem(line: line, reason: "a profile has one name")
        default:
            isInProfile = false
            return
        }
        guard !profiles.contains(where: { $0.isNamed(name) }) else {
            throw ProfileProblem(line: line, reason: "the profile \(name) stands in the file twice")
        }
        profiles.append(ProfileFile.Profile(name: name))
    }

    private mutating func take(_ content: Substring, line: Int) throws(ProfileProblem) {
        guard hasSection else { throw ProfileProblem(line: line, reason: "it stands before the first section") }
        guard isInProfile else { return }
        guard let equals = content.firstIndex(of: "=") else {
            throw ProfileProblem(line: line, reason: "it is neither a comment, nor a section, nor key=value")
        }
        let name = Self.trimmed(content[..<equals])
        guard !name.isEmpty else { throw ProfileProblem(line: line, reason: "the name before = is missing") }
        guard let key = Self.key(name) else { return }
        let value = ProfileFile.Profile.Value(
            text: Self.unquoted(Self.trimmed(content[content.index(after: equals)...])), line: line)
        guard profiles[profiles.count - 1].take(value, as: key) else {
            throw ProfileProblem(line: line, reason: "\(name) stands in the profile twice")
        }
    }

    /// The key that a name means; nil for one that is not read.
    private static func key(_ name: Substring) -> ProfileFile.Profile.Key? {
        switch name.lowercased().filter({ $0 != "-" && $0 != "_" }) {
        case "securitytoken": .securityToken
        case "addressing": .addressingStyle
        case let folded: ProfileFile.Profile.Key(rawValue: folded)
        }
    }

    private static func trimmed(_ text: Substring) -> Substring {
        var text = text
        let isSpace: (Character) -> Bool = { $0 == " " || $0 == "\t" || $0 == "\r" }
        text = text.drop(while: isSpace)
        while let last = text.last, isSpace(last) {
            text = text.dropLast()
        }
        return text
    }

    private static func unquoted(_ text: Substring) -> String {
        guard text.utf8.count >= 2, text.hasPrefix("\""), text.hasSuffix("\"") else { return String(text) }
        return String(text.dropFirst().dropLast())
    }
}
