import Crypto
import CryptoExtras
import Foundation
import NIOPosix
import OSSKit

/// The RSA key with which callbacks are signed.
struct CallbackKey: Sendable {
    private let key: _RSA.BlindSigning.PrivateKey<SHA384>

    /// Generates a key.
    init() throws {
        key = try _RSA.BlindSigning.PrivateKey(keySize: .bits2048)
    }

    /// Takes a key that was kept.
    init(kept: Secret) throws {
        key = try _RSA.BlindSigning.PrivateKey(derRepresentation: Base64.decode(kept.reveal()) ?? [])
    }

    /// The key as it is kept: DER in base64.
    var text: Secret { Secret(Base64.encode(Array(key.derRepresentation))) }

    /// The public key.
    var publicKeyPEM: String { key.publicKey.pemRepresentation }

    /// The signature of bytes by PKCS #1 v1.5 with MD5, which verifiers of OSS's callbacks expect.
    ///
    /// The library signs no MD5, but whatever has the length of the modulus.
    func signature(of bytes: [UInt8]) throws -> [UInt8] {
        let digest = Self.digestOpening + MD5Digest.of(bytes)
        let padding = [UInt8](repeating: 0xFF, count: key.keySizeInBits / 8 - 3 - digest.count)
        let message = [0, 1] + padding + [0] + digest
        return Array(try key.blindSignature(for: message).rawRepresentation)
    }

    /// The DER of a `DigestInfo` of MD5, up to the digest.
    ///
    /// Source: RFC 8017, section 9.2, note 1.
    private static let digestOpening: [UInt8] = [
        0x30, 0x20, 0x30, 0x0C, 0x06, 0x08, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x02, 0x05, 0x05, 0x00, 0x04, 0x10,
    ]
}

/// The callback key of a data folder, made when it is needed for the first time.
actor CallbackKeyFile {
    private let path: String
    private var loaded: Task<CallbackKey, any Error>?

    /// Names the file.
    init(path: String) {
        self.path = path
    }

    /// The key.
    ///
    /// - Throws: `FolderProblem` if its file cannot be read or written.
    func key() async throws -> CallbackKey {
        if let loaded { return try await loaded.value }
        let path = path
        let task = Task {
            try await NIOThreadPool.singleton.runIfActive { () throws -> CallbackKey in
                if let kept = try SecretFile.read(path) { return try CallbackKey(kept: kept) }
                let key = try CallbackKey()
                try SecretFile.create(path, secret: key.text)
                return key
            }
        }
        loaded = task
        do {
            return try await task.value
        } catch {
            loaded = nil
            throw error
        }
    }
}
