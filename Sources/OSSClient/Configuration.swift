import NIOCore
import OSSKit

extension OSSClient {
    /// What a client works with.
    public struct Configuration: Sendable {
        /// Where the client itself sends its requests.
        public let endpoint: Endpoint
        /// What stands in presigned URLs: where their users reach the same store.
        public let publicEndpoint: Endpoint
        /// The ID of the store's region, such as `cn-hangzhou`.
        public let region: String
        /// The bucket.
        public let bucket: BucketName
        /// How presigned URLs are signed; V1 only where a deployment forces it.
        public var presignedURLs = PresignedURLVersion.v4
        /// How often and with what pauses requests are repeated.
        public var retries = RetryPolicy()
        /// How long an answer may take to begin, from the start of an attempt.
        public var answerTimeout = Duration.seconds(20)

        /// Makes a configuration.
        ///
        /// - Parameter publicEndpoint: nil if users reach the store where the client does.
        public init(endpoint: Endpoint, publicEndpoint: Endpoint? = nil, region: String, bucket: BucketName) {
            self.endpoint = endpoint
            self.publicEndpoint = publicEndpoint ?? endpoint
            self.region = region
            self.bucket = bucket
        }
    }

    /// By which rules presigned URLs are signed.
    public enum PresignedURLVersion: String, Sendable, CaseIterable {
        /// By HMAC-SHA1; the size of an upload cannot be bound.
        case v1
        /// By HMAC-SHA256.
        case v4
    }

    /// How long the parts of an exchange may take.
    public struct Timeouts: Sendable {
        /// How long a connection may take to be made.
        public var connect = Duration.seconds(10)
        /// How long a connection may be silent while a body is on its way.
        public var idle = Duration.seconds(20)

        /// The timeouts that official clients have.
        public init() {}
    }

    /// What a client takes from the world: time, randomness and pauses.
    public struct Surroundings: Sendable {
        /// The time.
        public let nowUnixSeconds: @Sendable () -> Int64
        /// A random number from 0 up to but not including 1.
        public let random: @Sendable () -> Double
        /// Waits, or throws if the task is cancelled.
        public let pause: @Sendable (Duration) async throws -> Void

        /// Takes the parts from the caller; the pause is that of a continuous clock unless a test gives another.
        public init(
            nowUnixSeconds: @escaping @Sendable () -> Int64,
            random: @escaping @Sendable () -> Double = { Double.random(in: 0..<1) },
            pause: @escaping @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) }
        ) {
            self.nowUnixSeconds = nowUnixSeconds
            self.random = random
            self.pause = pause
        }
    }
}

/// Where a client's access key comes from, asked anew for every request.
public struct CredentialsProvider: Sendable {
    private let provide: @Sendable () async throws -> Credentials

    /// Asks for credentials each time, such as temporary ones.
    public init(_ provide: @escaping @Sendable () async throws -> Credentials) {
        self.provide = provide
    }

    /// Gives the same credentials each time.
    public static func fixed(_ credentials: Credentials) -> CredentialsProvider {
        CredentialsProvider { credentials }
    }

    func current() async throws -> Credentials {
        try await provide()
    }
}
