import CryptoExtras
import NIOPosix
import OSSKit
import Synchronization

/// Hashes passwords with PBKDF2-SHA256 on threads of its own.
///
/// A hash is kept as `pbkdf2-sha256$rounds$salt$key`, so that the rounds can rise later.
/// Source: session-api.md 4.5; SECURITY 30.
final class PasswordHasher: Sendable {
    /// The threads that hash at the same time.
    private static let threadCount = 2
    /// The most passwords that wait or are being hashed; one more is refused as unavailable.
    private static let queueLimit = 32
    private static let keyBytes = 32

    private let pool: NIOThreadPool
    private let rounds: Int
    private let environment: SessionEnvironment
    private let waiting = Mutex(0)
    private let spent = Mutex(0)

    /// Starts the threads, which end with the hasher.
    init(rounds: Int, environment: SessionEnvironment) {
        self.rounds = rounds
        self.environment = environment
        pool = NIOThreadPool(numberOfThreads: Self.threadCount)
        pool.start()
    }

    /// How many rounds were spent on all passwords so far.
    var derivedRounds: Int { spent.withLock { $0 } }

    deinit {
        pool.shutdownGracefully { _ in }
    }

    /// The hash of a new password.
    func hash(_ password: Secret) async throws -> String {
        let salt = environment.randomBytes(16)
        let key = try await derive(password, salt: salt, rounds: rounds)
        return "pbkdf2-sha256$\(rounds)$\(Base64URL.encode(salt))$\(Base64URL.encode(key))"
    }

    /// Whether a password has a hash; nil stands for an account that is not there and takes the same time.
    func verify(_ password: Secret, hash: String?) async throws -> Bool {
        let stored = hash.flatMap(StoredHash.init) ?? StoredHash(rounds: rounds, salt: [UInt8](repeating: 0, count: 16))
        let key = try await derive(password, salt: stored.salt, rounds: stored.rounds)
        return equalInConstantTime(key, stored.key) && hash != nil
    }

    private struct StoredHash: Sendable {
        let rounds: Int
        let salt: [UInt8]
        let key: [UInt8]

        init(rounds: Int, salt: [UInt8]) {
            self.rounds = rounds
            self.salt = salt
            key = [UInt8](repeating: 0, count: PasswordHasher.keyBytes)
        }

        init?(_ text: String) {
            let parts = text.split(separator: "$", omittingEmptySubsequences: false)
            guard parts.count == 4, parts[0] == "pbkdf2-sha256", let rounds = DecimalNumber.parse(parts[1]),
                let salt = Base64URL.decode(parts[2].utf8), let key = Base64URL.decode(parts[3].utf8),
                (1...10_000_000).contains(rounds)
            else { return nil }
            self.rounds = Int(rounds)
            self.salt = salt
            self.key = key
        }
    }

    private func derive(_ password: Secret, salt: [UInt8], rounds: Int) async throws -> [UInt8] {
        let key = try await onThread { try Self.derive(password, salt: salt, rounds: rounds) }
        spent.withLock { $0 += rounds }
        return key
    }

    private func onThread<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
        let isTaken = waiting.withLock { count in
            guard count < Self.queueLimit else { return false }
            count += 1
            return true
        }
        guard isTaken else { throw APIProblem.unavailable }
        defer { waiting.withLock { $0 -= 1 } }
        return try await pool.runIfActive(body)
    }

    private static func derive(_ password: Secret, salt: [UInt8], rounds: Int) throws -> [UInt8] {
        let key = try KDF.Insecure.PBKDF2.deriveKey(
            from: Array(password.reveal().utf8), salt: salt, using: .sha256, outputByteCount: keyBytes,
            unsafeUncheckedRounds: rounds)
        return key.withUnsafeBytes { Array($0) }
    }
}
