import Logging
import OSSClient
import OSSKit
import ServiceLifecycle
import SessionAPI

/// Looks at start whether the bucket can be used, and lets the pages of the configured origins upload to it.
struct BucketSetup: Service {
    /// What became of the bucket's CORS rules.
    enum Outcome: Sendable, Equatable {
        /// Nobody asked for any.
        case notAsked
        /// They allow the origins already.
        case isThere
        /// A rule was added.
        case added
        /// The bucket has as many rules as it can have.
        case isFull
    }

    /// How long the origin's browser may remember the rule.
    private static let maxAgeSeconds = 600
    /// The pauses between attempts while the store does not answer.
    private static let pauses = [1, 5, 30, 120, 600].map { Duration.seconds($0) }

    /// The bucket.
    let client: OSSClient
    /// The origins of pages that may upload.
    let origins: [String]
    /// Told what is wrong.
    let logger: Logger

    func run() async throws {
        for pause in Self.pauses {
            do {
                if try await setUp() == .isFull {
                    logger.warning("the bucket has no room for another CORS rule: browsers cannot upload")
                }
                return tellSkew()
            } catch is CancellationError {
                return
            } catch {
                let problem = WorkspaceStorageProblem(error)
                logger.warning(
                    "the bucket is not set up",
                    metadata: [
                        "problem": "\(problem.kind.rawValue)", "detail": "\(problem.detail)",
                        "advice": "\(problem.advice)",
                    ])
                // A permission does not come by waiting, and a person has read the line.
                guard [.unreachable, .busy].contains(problem.kind) else { return }
                try await Task.sleep(for: pause)
            }
        }
    }

    /// Adds the rule for the origins unless the bucket has one that does.
    ///
    /// - Throws: `ServiceError`; `OSSClientError`.
    func setUp() async throws -> Outcome {
        // Whether the store lets us in at all; nothing has this name.
        let probe = try ObjectKey("user/storage-gateway-start")
        do {
            _ = try await client.headObject(probe)
        } catch let error as ServiceError where error.isMissingObject {}
        guard !origins.isEmpty else { return .notAsked }
        let present = try await rules()
        guard let wanted = Self.rules(present.rules, for: origins) else { return .isThere }
        guard wanted.count <= CORSConfiguration.maximumRules else { return .isFull }
        try await client.putBucketDocument(CORSConfiguration(rules: wanted, responseVary: present.responseVary))
        return .added
    }

    private func rules() async throws -> CORSConfiguration {
        do {
            return try await client.getBucketDocument(CORSConfiguration.self)
        } catch let error as ServiceError where error.code == "NoSuchCORSConfiguration" {
            return CORSConfiguration(rules: [], responseVary: true)
        }
    }

    /// The rules with one for the origins in front of the others; nil if one of them does already.
    static func rules(_ present: [CORSConfiguration.Rule], for origins: [String]) -> [CORSConfiguration.Rule]? {
        let methods = ["GET", "HEAD", "PUT"]
        let isCovered = origins.allSatisfy { origin in
            present.contains { rule in
                (rule.allowedOrigins.contains(origin) || rule.allowedOrigins.contains("*"))
                    && methods.allSatisfy(rule.allowedMethods.contains) && rule.allowedHeaders.contains("*")
            }
        }
        guard !isCovered else { return nil }
        var rule = CORSConfiguration.Rule(allowedOrigins: origins, allowedMethods: methods)
        rule.allowedHeaders = ["*"]
        rule.exposeHeaders = ["ETag", "x-oss-request-id", "x-oss-hash-crc64ecma"]
        rule.maxAgeSeconds = maxAgeSeconds
        return [rule] + present.filter { $0.exposeHeaders != rule.exposeHeaders || $0.allowedMethods != methods }
    }

    private func tellSkew() {
        let offset = client.clockCorrection.offsetSeconds
        guard offset != 0 else { return }
        logger.warning(
            "the clock of the object store differs from this machine's: set it by NTP",
            metadata: ["offset.seconds": "\(offset)"])
    }
}
