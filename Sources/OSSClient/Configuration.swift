import NIOCore
import OSSKit

/// How an OSS endpoint is reached, and how requests to it are signed and repeated.
public struct OSSConfiguration: Sendable {
    /// Where the client itself sends its requests.
    public let endpoint: Endpoint
    /// What stands in presigned URLs: where their users reach the same store.
    public let publicEndpoint: Endpoint
    /// The ID of the store's region, such as `cn-hangzhou`.
    public let region: String
    /// How requests are signed; V1 only where an endpoint knows nothing else.
    public var signatures = OSSClient.SignatureVersion.v4
    /// How presigned URLs are signed; V1 only where a deployment forces it.
    public var presignedURLs = OSSClient.SignatureVersion.v4
    /// The product in the scope of V4 signatures: `oss`, or `oss-cloudbox` at a cloud box.
    public var product = "oss"
    /// How often and with what pauses requests are repeated.
    public var retries = RetryPolicy()
    /// How long an answer may take to begin, from the start of an attempt.
    ///
    /// A request with a body of more than 64 KiB, or with one that is streamed, takes as long as it takes, as long as
    /// bytes move: that is for `OSSClient.Timeouts.idle` to judge.
    public var answerTimeout = Duration.seconds(20)

    /// Makes a configuration.
    ///
    /// - Parameter publicEndpoint: nil if users reach the store where the client does.
    public init(endpoint: Endpoint, publicEndpoint: Endpoint? = nil, region: String) {
        self.endpoint = endpoint
        self.publicEndpoint = publicEndpoint ?? endpoint
        self.region = region
    }
}

extension OSSClient {
    /// What a client of a bucket works with: a bucket, and all that `OSSConfiguration` has.
    @dynamicMemberLookup
    public struct Configuration: Sendable {
        /// How the bucket is reached; its members can be named without it, as in `configuration.retries`.
        public var store: OSSConfiguration
        /// The bucket.
        public let bucket: BucketName

        /// Makes a configuration of a bucket of a store.
        public init(store: OSSConfiguration, bucket: BucketName) {
            self.store = store
            self.bucket = bucket
        }

        /// Makes a configuration.
        ///
        /// - Parameter publicEndpoint: nil if users reach the store where the client does.
        public init(endpoint: Endpoint, publicEndpoint: Endpoint? = nil, region: String, bucket: BucketName) {
            self.init(
                store: OSSConfiguration(endpoint: endpoint, publicEndpoint: publicEndpoint, region: region),
                bucket: bucket)
        }

        /// A member of `store`.
        public subscript<Value>(dynamicMember member: any KeyPath<OSSConfiguration, Value> & Sendable) -> Value {
            store[keyPath: member]
        }

        /// A member of `store` that can be set.
        public subscript<Value>(
            dynamicMember member: any WritableKeyPath<OSSConfiguration, Value> & Sendable
        ) -> Value {
            get { store[keyPath: member] }
            set { store[keyPath: member] = newValue }
        }
    }

    /// By which rules requests and presigned URLs are signed.
    public enum SignatureVersion: String, Sendable, CaseIterable {
        /// By HMAC-SHA1; the size of a presigned upload cannot be bound.
        case v1
        /// By HMAC-SHA256.
        case v4
    }

    /// How long the parts of an exchange may take.
    public struct Timeouts: Sendable {
        /// How long a connection may take to be made.
        public var connect = Duration.seconds(10)
        /// How long a connection may be silent while we wait for it.
        ///
        /// The time that the source of an upload or the reader of a download takes does not count.
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
