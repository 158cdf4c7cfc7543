import Foundation
import HTTPFront

/// The two files of a certificate: its chain, and its private key.
struct CertificateFiles: Equatable {
    /// Tells whether files are still what they were.
    struct Stamp: Equatable {
        fileprivate let marks: [[Int]]
    }

    /// The largest file that is read, in bytes.
    static let maximumBytes = 1_048_576

    /// The path of the certificates in PEM form, the server's own first.
    let chain: String
    /// The path of the private key in PEM form.
    let key: String

    /// What the files look like from outside; a file that is not there has a look too.
    func stamp() -> Stamp {
        Stamp(
            marks: [chain, key].map { path in
                var facts = stat()
                guard stat(path, &facts) == 0 else { return [] }
                return [
                    Int(facts.st_ino), Int(facts.st_size), facts.st_mtim.tv_sec, facts.st_mtim.tv_nsec,
                    facts.st_ctim.tv_sec, facts.st_ctim.tv_nsec,
                ]
            })
    }

    /// Reads the files.
    ///
    /// - Throws: `ConfigurationProblem`, naming the option whose file cannot be used.
    func load() throws(ConfigurationProblem) -> ServerCertificate {
        let chainBytes = try Self.read(chain, .tlsCertificate, isSecret: false)
        let keyBytes = try Self.read(key, .tlsKey, isSecret: true)
        do {
            return try ServerCertificate(chain: chainBytes, key: keyBytes)
        } catch {
            switch error {
            case .chainUnreadable: throw Self.problem(.tlsCertificate, "\(chain) holds no certificates in PEM form")
            case .keyUnreadable:
                throw Self.problem(.tlsKey, "\(key) is no private key in PEM form without a passphrase")
            case .mismatch: throw Self.problem(.tlsKey, "\(key) is not the key of the first certificate of \(chain)")
            }
        }
    }

    private static func read(
        _ path: String, _ option: ServeOption, isSecret: Bool
    ) throws(ConfigurationProblem) -> [UInt8] {
        // A symbolic link is followed: those who renew certificates point one at the newest.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw problem(option, "\(path) cannot be opened") }
        defer { close(descriptor) }
        var facts = stat()
        guard fstat(descriptor, &facts) == 0, facts.st_mode & S_IFMT == S_IFREG else {
            throw problem(option, "\(path) is not a file")
        }
        guard !isSecret || facts.st_mode & 0o027 == 0 else {
            throw problem(option, "others may read or change \(path); its mode must be 0600 or 0640")
        }
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 65_536)
        while bytes.count <= maximumBytes {
            let count = Foundation.read(descriptor, &piece, piece.count)
            guard count >= 0 else { throw problem(option, "\(path) cannot be read") }
            if count == 0 { return bytes }
            bytes += piece[..<count]
        }
        throw problem(option, "\(path) is over 1 MiB")
    }

    private static func problem(_ option: ServeOption, _ reason: String) -> ConfigurationProblem {
        ConfigurationProblem(option: option.displayName, reason: reason)
    }
}
