import OSSKit
import ObjectStore

/// IDs of rules and tasks that the client left to the server.
enum Identifier {
    /// A new one: 32 lower-case hexadecimal digits.
    static func make(_ randomBits: () -> UInt64) -> String {
        var bytes: [UInt8] = []
        for number in [randomBits(), randomBits()] {
            withUnsafeBytes(of: number.bigEndian) { bytes += $0 }
        }
        return Hexadecimal.lower(bytes)
    }
}

/// Where access logs may go.
enum LoggingTarget {
    /// The longest prefix of the keys of logs, in bytes.
    private static let prefixLimitBytes = 32

    /// Checks that the target is a bucket of the same owner.
    ///
    /// - Throws: `InvalidTargetBucketForLogging`, `InvalidArgument`.
    static func check(
        _ document: BucketLoggingStatus, _ call: OSSCall, _ bucket: BucketRecord
    ) async throws -> BucketLoggingStatus {
        guard let target = document.target else { return document }
        let refusal = OSSError(.invalidTargetBucketForLogging, fields: [("BucketName", target.bucket)])
        guard let name = try? BucketName(target.bucket) else { throw refusal }
        do {
            guard try await call.store.bucket(name).ownerID == bucket.ownerID else { throw refusal }
        } catch let error as OSSError where error.code == .noSuchBucket {
            throw refusal
        }
        let isPrefix =
            target.prefix.utf8.count <= prefixLimitBytes && target.prefix.utf8.first != UInt8(ascii: "/")
            && target.prefix.utf8.first != UInt8(ascii: "\\") && target.prefix.utf8.allSatisfy { $0 >= 0x20 }
        guard isPrefix else {
            throw OSSError.invalidArgument(
                "TargetPrefix", target.prefix, message: "The prefix of the logs is not valid.")
        }
        return document
    }
}

/// The rules that forbid overwriting.
enum OverwriteRules {
    /// The most rules.
    private static let limit = 100

    /// The document with an ID for each rule.
    ///
    /// - Throws: `InvalidArgument`.
    static func complete(
        _ document: OverwriteConfiguration, _ call: OSSCall, _ bucket: BucketRecord
    ) async throws -> OverwriteConfiguration {
        guard document.rules.count <= limit else {
            throw OSSError(.invalidArgument, message: "There are more than \(limit) rules.")
        }
        return OverwriteConfiguration(
            rules: try document.rules.map { rule in
                guard rule.action == "forbid" else {
                    throw OSSError.invalidArgument("Action", rule.action, message: "The Action must be forbid.")
                }
                var rule = rule
                if rule.id?.isEmpty ?? true { rule.id = Identifier.make(call.environment.randomBits) }
                return rule
            })
    }
}
