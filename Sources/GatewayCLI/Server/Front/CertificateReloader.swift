import CommandKit
import HTTPFront
import Logging
import NIOPosix
import OSSKit
import ServiceLifecycle
import UnixSignals

/// Takes over a renewed certificate without a restart: when its files change, and on SIGHUP.
struct CertificateReloader: Service {
    /// How often the files are looked at.
    static let interval = Duration.seconds(2)

    /// The files.
    let files: CertificateFiles
    /// Where the certificate goes.
    let holder: CertificateHolder
    /// Where it is told what became of it.
    let logger: Logger

    func run() async throws {
        let signals = await UnixSignalsSequence(trapping: .sighup)
        await cancelWhenGracefulShutdown {
            await withTaskGroup(of: Void.self) { group in
                group.addTask { await watch() }
                group.addTask {
                    for await _ in signals { await reload() }
                }
            }
        }
    }

    /// Reads the files whenever they are not what they were.
    private func watch() async {
        var known = await onThread { files.stamp() }
        while !Task.isCancelled {
            do {
                try await Task.sleep(for: Self.interval)
            } catch {
                return
            }
            let found = await onThread { files.stamp() }
            guard let found, found != known else { continue }
            known = found
            await reload()
        }
    }

    /// Reads the files; if they cannot be used, the certificate stays what it is.
    private func reload() async {
        let outcome = await onThread { Result { () throws(ConfigurationProblem) in try files.load() } }
        switch outcome {
        case .success(let certificate):
            holder.replace(with: certificate)
            Self.tell(of: certificate, logger: logger)
        case .failure(let problem):
            logger.error("the new certificate cannot be used", metadata: ["error": "\(problem)"])
        case nil:
            return
        }
    }

    /// Runs what reads files away from the threads that all tasks share; nil when the process ends.
    private func onThread<Value: Sendable>(_ work: @escaping @Sendable () -> Value) async -> Value? {
        try? await NIOThreadPool.singleton.runIfActive { work() }
    }

    /// Tells when a certificate ends, and warns of one that has ended.
    static func tell(of certificate: ServerCertificate, logger: Logger) {
        let end = ISO8601.format(unixSeconds: certificate.expiresAtUnixSeconds)
        let isOver = certificate.expiresAtUnixSeconds <= SystemEnvironment.nowMilliseconds() / 1_000
        logger.log(
            level: isOver ? .warning : .notice,
            isOver ? "the certificate has ended" : "the certificate was loaded", metadata: ["until": "\(end)"])
    }
}
