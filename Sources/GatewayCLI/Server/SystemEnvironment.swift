import Foundation
import Logging
import ObjectStore

/// The machine's clock and randomness, as values for everything below.
enum SystemEnvironment {
    /// The time now, in microseconds since 1970, UTC.
    static func nowMicroseconds() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1_000
    }

    /// The time now, in milliseconds since 1970, UTC.
    static func nowMilliseconds() -> Int64 { nowMicroseconds() / 1_000 }

    /// So many bytes of the system's random generator.
    static func randomBytes(_ count: Int) -> [UInt8] {
        var generator = SystemRandomNumberGenerator()
        return (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
    }

    /// 64 bits of the system's random generator.
    static func randomBits() -> UInt64 {
        var generator = SystemRandomNumberGenerator()
        return generator.next()
    }

    /// Ends the process at once: the disk or the database failed, and nothing more may be promised.
    static func endAfterDiskFailure(_ reason: String, logger: Logger) {
        logger.critical("durability is lost, ending", metadata: ["error": "\(reason)"])
        // Whoever reads the log should learn why, but nobody who does not read may keep the process.
        LogWriter.standardError.flush(seconds: 0.2)
        _exit(ExitStatus.diskFailure.rawValue)
    }
}
