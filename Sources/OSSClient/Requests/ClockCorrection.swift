import OSSKit
import Synchronization

/// How far a client's clock is from its endpoint's, as the endpoint told it.
///
/// Signatures carry the time, and an endpoint refuses those that are 15 minutes off. So a client that was refused for
/// that takes over the endpoint's time and signs again.
public struct ClockCorrection: Sendable, Equatable {
    /// What is added to the client's own time, in seconds.
    public internal(set) var offsetSeconds: Int64 = 0
    /// How often the offset was set.
    public internal(set) var repairCount = 0
    /// How often an endpoint told a time that is too far from the client's own to be believed.
    public internal(set) var refusalCount = 0

    /// The greatest offset that is believed, in either direction: two days, which is more than any time zone.
    ///
    /// Assumption A-031.
    public static let greatestOffsetSeconds: Int64 = 172_800
}

/// The correction of a client's clock, which its copies share.
final class EndpointClock: Sendable {
    private let nowUnixSeconds: @Sendable () -> Int64
    private let state = Mutex(ClockCorrection())

    init(nowUnixSeconds: @escaping @Sendable () -> Int64) {
        self.nowUnixSeconds = nowUnixSeconds
    }

    /// The correction as it stands.
    var correction: ClockCorrection { state.withLock { $0 } }

    /// The endpoint's time, as far as it is known.
    var now: Int64 {
        nowUnixSeconds() + correction.offsetSeconds
    }

    /// Takes over the time that an endpoint told when it refused a signature.
    ///
    /// - Parameters:
    ///   - endpointTime: the endpoint's time, in unix seconds.
    ///   - signedAt: the time that the refused signature named.
    /// - Returns: whether a request that is signed now has another time than the refused one.
    func repair(endpointTime: Int64, signedAt: Int64) -> Bool {
        // A signature that names the endpoint's own time was not refused for its time.
        guard abs(endpointTime - signedAt) > Self.toleratedSeconds else { return false }
        let offset = endpointTime - nowUnixSeconds()
        return state.withLock { state in
            guard abs(offset) <= ClockCorrection.greatestOffsetSeconds else {
                state.refusalCount += 1
                return false
            }
            // Many requests can be refused at once; the first one sets the clock for all.
            if abs(offset - state.offsetSeconds) > Self.toleratedSeconds {
                state.offsetSeconds = offset
                state.repairCount += 1
            }
            return true
        }
    }

    /// How far two times can be apart that mean the same one: a request takes its time.
    private static let toleratedSeconds: Int64 = 60
}
