import OSSKit

/// How often and with what pauses a request is repeated.
///
/// The pauses double, and each is a random part of its length, so that clients which failed together do not return
/// together. Source: oss-wire fact 17.
public struct RetryPolicy: Sendable, Equatable {
    /// The most attempts, the first one included.
    public var maximumAttempts = 3
    /// The longest that the first pause can be.
    public var firstPause = Duration.milliseconds(200)
    /// The longest that any pause can be.
    public var longestPause = Duration.seconds(20)

    /// The policy of official clients.
    public init() {}

    /// The pause after an attempt, counted from 1.
    ///
    /// - Parameter random: from 0 up to but not including 1.
    public func pause(afterAttempt attempt: Int, random: Double) -> Duration {
        // Beyond 20 doublings every pause is the longest one.
        let doublings = min(max(attempt, 1), 21) - 1
        return min(firstPause * (1 << doublings), longestPause) * random
    }

    /// Whether the same request may succeed a moment later.
    ///
    /// 401 and `BadRequest` are among them because official clients repeat them; 501 says that it never will.
    static func mayPass(_ failure: any Error) -> Bool {
        switch failure {
        case let error as ServiceError:
            [401, 408, 429].contains(error.status) || (error.status >= 500 && error.status != 501)
                || error.isCode(.badRequest)
        case OSSClientError.unreachable, OSSClientError.wrongChecksum: true
        default: false
        }
    }
}
