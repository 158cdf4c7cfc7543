import NIOCore
import OSSKit

/// The speed that a request asks for, at most.
///
/// Source: oss-wire facts 7.2 and 8.1.
struct TrafficLimit: Sendable {
    /// The name of the header and of the parameter.
    static let name = "x-oss-traffic-limit"

    /// The speed in bytes a second.
    let bytesPerSecond: Int64

    /// Reads the header or the parameter; nil if there is neither.
    ///
    /// - Throws: `InvalidArgument` for both at once and for a number outside OSS's range.
    init?(_ call: OSSCall) throws(OSSError) {
        let parameter = call.request.target.value(of: Self.name)
        let header = call.header(Self.name)
        guard parameter == nil || header == nil else {
            throw .invalidArgument(
                Self.name, header ?? "",
                message: "x-oss-traffic-limit should be specified in query string or header, not both.")
        }
        guard let text = header ?? parameter else { return nil }
        let range = OSSKit.Limits.trafficLimitRange
        guard let bits = DecimalNumber.parse(text), range.contains(bits) else {
            throw .invalidArgument(
                Self.name, text,
                message: "x-oss-traffic-limit is invalid, should be specified between 819200(100KB/s) and"
                    + " 838860800(100MB/s).")
        }
        bytesPerSecond = bits / 8
    }

    /// The most bytes that are passed on at once: a tenth of a second's.
    private var sliceBytes: Int { Int(clamping: max(1, bytesPerSecond / 10)) }

    /// The bytes in pieces of a tenth of a second.
    func slices(of bytes: ByteBuffer) -> [ByteBuffer] {
        var (rest, slices) = (bytes, [ByteBuffer]())
        while let slice = rest.readSlice(length: min(sliceBytes, rest.readableBytes)), slice.readableBytes > 0 {
            slices.append(slice)
        }
        return slices
    }
}

/// Holds a transfer back to its limit.
struct TrafficPace {
    private let limit: TrafficLimit
    private let start = ContinuousClock.now
    private var bytes: Int64 = 0

    /// Starts the clock.
    init(_ limit: TrafficLimit) {
        self.limit = limit
    }

    /// Returns when these bytes and all before them may have passed.
    mutating func passed(_ count: Int) async throws {
        bytes += Int64(count)
        let seconds = Double(bytes) / Double(limit.bytesPerSecond)
        try await Task.sleep(until: start + .seconds(seconds), clock: .continuous)
    }
}
