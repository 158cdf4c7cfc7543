import OSSKit
import Synchronization

/// The security token service: `AssumeRole` makes a temporary access key of a lasting one.
///
/// Source: Alibaba Cloud's API reference of STS, version 2015-04-01; assumption A-098.
struct SecurityTokenService: Sendable {
    private let keys: AccessKeyRing
    private let tokens: SecurityTokens
    private let longestSeconds: Int64
    private let nonces = UsedNonces()

    /// The shortest life of a temporary key, in seconds.
    private static let shortestSeconds: Int64 = 900
    /// The life of a temporary key whose caller asks for none, in seconds.
    private static let usualSeconds: Int64 = 3_600
    private static let hexadecimalDigits = 24

    /// Takes the access keys that may call, and what makes tokens.
    ///
    /// - Parameter longestSeconds: The longest life of a temporary key.
    init(keys: AccessKeyRing, tokens: SecurityTokens, longestSeconds: Int64) {
        self.keys = keys
        self.tokens = tokens
        self.longestSeconds = longestSeconds
    }

    /// A temporary access key as its caller is told.
    struct Issued: Sendable, Equatable {
        let accessKeyID: String
        let secret: String
        let token: String
        let expiresAtUnixSeconds: Int64
        let roleARN: String
        let roleID: String
    }

    /// Answers a call.
    ///
    /// - Parameters:
    ///   - call: The call.
    ///   - nowUnixSeconds: The time.
    ///   - randomBytes: Makes random bytes.
    /// - Throws: The refusal as the service words it.
    func answer(
        _ call: SecurityTokenRequest, nowUnixSeconds: Int64, randomBytes: (Int) -> [UInt8]
    ) throws(SecurityTokenRefusal) -> Issued {
        guard let action = call.action, action == "AssumeRole" else { throw .unknownAction }
        let key = try caller(of: call, nowUnixSeconds: nowUnixSeconds)
        let session = try Session(call, ownerID: key.ownerID)
        let seconds = try lifetimeSeconds(call.value("DurationSeconds"))
        let policy = try policy(call.value("Policy"))
        let id = "STS." + Hexadecimal.upper(randomBytes(Self.hexadecimalDigits / 2))
        let secret = Base64.encode(randomBytes(30)).filter { $0 != "+" && $0 != "/" }
        let contents = SecurityTokenContents(
            accessKeyID: id, secret: Secret(secret), parentAccessKeyID: key.id,
            expiresAtUnixSeconds: nowUnixSeconds + seconds, sessionName: "\(session.role)/\(session.name)",
            policy: policy)
        guard let token = tokens.token(of: contents, nonce: randomBytes(SecurityTokenSeal.nonceBytes)) else {
            throw .policyLength
        }
        return Issued(
            accessKeyID: id, secret: secret, token: token.reveal(),
            expiresAtUnixSeconds: contents.expiresAtUnixSeconds,
            roleARN: "acs:ram::\(key.ownerID):role/\(session.role)/\(session.name)",
            roleID: "\(key.ownerID):\(session.name)")
    }

    /// The access key that signed a call.
    private func caller(
        of call: SecurityTokenRequest, nowUnixSeconds: Int64
    ) throws(SecurityTokenRefusal) -> AccessKey {
        let (id, signature) = try call.signature()
        guard let made = call.unixSeconds, abs(made - nowUnixSeconds) <= OSSKit.Limits.clockSkewSeconds else {
            throw .wrongTime
        }
        guard let nonce = call.nonce, nonce.utf8.count <= Limits.nonceBytes else { throw .missing("SignatureNonce") }
        guard !SecurityTokens.isTemporary(id) else { throw .notForTemporaryKeys }
        let key = keys.lookUp(id: id).key
        // An unknown key costs what a known one does.
        let isSigned = call.isSigned(signature, with: key?.secret ?? Secret("no access key has this secret"))
        guard let key else { throw .unknownKey }
        guard isSigned else { throw .wrongSignature }
        guard key.isEnabled else { throw .disabledKey }
        switch nonces.use(nonce, of: id, nowUnixSeconds: nowUnixSeconds) {
        case .taken: return key
        case .takenBefore: throw .usedNonce
        case .noRoom: throw .tooManyCalls
        }
    }

    /// The role that is taken on, which has to be one of the caller's own account, and the name of the session.
    private struct Session {
        let role: String
        let name: String

        init(_ call: SecurityTokenRequest, ownerID: String) throws(SecurityTokenRefusal) {
            guard let arn = call.value("RoleArn") else { throw .missing("RoleArn") }
            guard let name = call.value("RoleSessionName") else { throw .missing("RoleSessionName") }
            guard (2...64).contains(name.utf8.count), name.utf8.allSatisfy(Self.isNameByte) else {
                throw .invalid("RoleSessionName")
            }
            let pieces = arn.split(separator: ":", omittingEmptySubsequences: false)
            guard pieces.count == 5, pieces[0] == "acs", pieces[1] == "ram", pieces[2].isEmpty,
                pieces[4].utf8.starts(with: "role/".utf8)
            else { throw .invalid("RoleArn") }
            let role = pieces[4].dropFirst("role/".count)
            guard (1...64).contains(role.utf8.count), role.utf8.allSatisfy(Self.isNameByte) else {
                throw .invalid("RoleArn")
            }
            guard pieces[3].utf8.elementsEqual(ownerID.utf8) else { throw .foreignRole }
            self.role = String(role)
            self.name = name
        }

        /// Letters, digits, and `.`, `@`, `-`, `_`.
        private static func isNameByte(_ byte: UInt8) -> Bool {
            let lower = byte | 0x20
            return (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(lower)
                || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || ".@-_".utf8.contains(byte)
        }
    }

    private func lifetimeSeconds(_ asked: String?) throws(SecurityTokenRefusal) -> Int64 {
        guard let asked else { return min(Self.usualSeconds, longestSeconds) }
        guard let seconds = DecimalNumber.parse(asked), (Self.shortestSeconds...longestSeconds).contains(seconds) else {
            throw SecurityTokenRefusal(
                status: 400, code: "InvalidParameter.DurationSeconds",
                message: "The Min/Max value of DurationSeconds is 15min/\(longestSeconds / 60)min.")
        }
        return seconds
    }

    private func policy(_ asked: String?) throws(SecurityTokenRefusal) -> String? {
        guard let asked else { return nil }
        guard asked.utf8.count <= Limits.sessionPolicyBytes else { throw .policyLength }
        guard (try? AccessPolicy(json: Array(asked.utf8), kind: .identity)) != nil else { throw .policyGrammar }
        return asked
    }
}

/// The nonces of calls that are not yet too old to be repeated, by access key, so that no key uses up another's room.
private final class UsedNonces: Sendable {
    /// What came of taking a nonce.
    enum Outcome {
        case taken
        case takenBefore
        /// The key made too many calls of late.
        case noRoom
    }

    private struct Key {
        var times: [[UInt8]: Int64] = [:]
        var tidiedAt = Int64.min
    }

    private let keys = Mutex<[[UInt8]: Key]>([:])

    /// Takes a nonce of an access key.
    func use(_ nonce: String, of accessKeyID: String, nowUnixSeconds: Int64) -> Outcome {
        keys.withLock { keys in
            let id = Array(accessKeyID.utf8)
            var key = keys.removeValue(forKey: id) ?? Key()
            defer { keys[id] = key }
            if key.times.count >= Limits.keptNoncesOfKey, key.tidiedAt < nowUnixSeconds {
                // A call may be as old as this, and as much ahead of our clock.
                let oldest = nowUnixSeconds - 2 * OSSKit.Limits.clockSkewSeconds
                key.times = key.times.filter { $0.value >= oldest }
                key.tidiedAt = nowUnixSeconds
            }
            guard key.times[Array(nonce.utf8)] == nil else { return .takenBefore }
            guard key.times.count < Limits.keptNoncesOfKey else { return .noRoom }
            key.times[Array(nonce.utf8)] = nowUnixSeconds
            return .taken
        }
    }
}
