import Logging
import OSSClient
import OSSKit

/// Why the object store did not do what the gateway asked of it, in words that an operator can act on.
package struct WorkspaceStorageProblem: Error, Sendable, Equatable {
    /// What kind of trouble it is.
    package enum Kind: String, Sendable, CaseIterable {
        /// No answer, or one that makes no sense.
        case unreachable
        /// There is no such bucket.
        case bucketMissing
        /// The clocks of the two are more than a quarter of an hour apart.
        case clockSkew
        /// The access key is unknown, wrong, or over.
        case credentials
        /// The access key may not do this.
        case denied
        /// The endpoint serves another region.
        case region
        /// The store has too much to do, or is broken for now.
        case busy
        /// Anything else that the store says.
        case refused
    }

    /// What kind it is.
    package let kind: Kind
    /// The store's own code, or what went wrong in a word; nothing that is secret.
    package let detail: String

    /// Makes a problem.
    package init(_ kind: Kind, _ detail: String) {
        self.kind = kind
        self.detail = detail
    }

    /// Tells what an error means.
    package init(_ error: any Error) {
        switch error {
        case let problem as WorkspaceStorageProblem: self = problem
        case let refusal as ServiceError: self.init(Self.kind(of: refusal), refusal.ec ?? refusal.code)
        case CredentialsError.noCredentials: self.init(.credentials, "there is no access key")
        case CredentialsError.unreadable: self.init(.credentials, "the access key cannot be read")
        case CredentialsError.expired: self.init(.credentials, "the temporary access key is over")
        default: self.init(.unreachable, "\(type(of: error))")
        }
    }

    private static func kind(of refusal: ServiceError) -> Kind {
        if refusal.isCode(.requestTimeTooSkewed) || refusal.ec == "0002-00000212" { return .clockSkew }
        switch refusal.code {
        case "NoSuchBucket": return .bucketMissing
        case "InvalidAccessKeyId", "SecurityTokenExpired", "InvalidSecurityToken", "SignatureDoesNotMatch",
            "SecurityTokenNotSupported":
            return .credentials
        case "AccessDenied", "UserDisable", "InvalidBucketOwner": return .denied
        default: break
        }
        if refusal.status >= 500 || refusal.status == 429 { return .busy }
        // HEAD has no body, so that an endpoint without x-oss-err tells no more than a status.
        return refusal.status == 403 ? .denied : .refused
    }

    /// What a client is told: 503 in every case, since none of it is the client's doing.
    var problem: APIProblem {
        let message =
            switch kind {
            case .unreachable, .refused: "The file store cannot be reached"
            case .busy: "The file store is busy"
            case .bucketMissing: "The file store has no bucket for files"
            case .clockSkew: "The clocks of the service and of its file store disagree"
            case .credentials: "The file store does not take the service's access key"
            case .denied: "The file store does not let the service do this"
            case .region: "The file store is of another region"
            }
        return APIProblem(.unavailable, message, retryAfterSeconds: kind.retryAfterSeconds)
    }

    /// Asks the store, and turns what it throws into what a client is told; the log has the reason.
    static func reaching<Value: Sendable>(_ logger: Logger, _ body: () async throws -> Value) async throws -> Value {
        do {
            return try await body()
        } catch let error as CancellationError {
            throw error
        } catch {
            let problem = WorkspaceStorageProblem(error)
            logger.warning("object store not usable", metadata: problem.metadata)
            throw problem.problem
        }
    }

    /// What is logged.
    var metadata: Logger.Metadata { ["problem": "\(kind.rawValue)", "detail": "\(detail)"] }

    /// What a person can do about it.
    package var advice: String {
        switch kind {
        case .unreachable: "is the endpoint right, does the store run, does a firewall stand between?"
        case .busy: "the store itself has trouble; it passes, or its operator knows more"
        case .bucketMissing: "make the bucket, or name the right one with --oss-bucket (OSS_BUCKET_NAME)"
        case .clockSkew: "set the clock of this machine, for example by NTP"
        case .credentials: "give a valid access key; a temporary one needs its security token and ends"
        case .denied: "give the access key the permissions of docs/GATEWAY.md"
        case .region: "name the bucket's region with --oss-region (OSS_REGION_ID)"
        case .refused: "look up the store's code"
        }
    }
}

extension WorkspaceStorageProblem.Kind {
    /// When it is worth another attempt: soon for what passes by itself, later for what a person must mend.
    fileprivate var retryAfterSeconds: Int {
        switch self {
        case .unreachable, .busy, .refused: 5
        case .bucketMissing, .clockSkew, .credentials, .denied, .region: 30
        }
    }
}
