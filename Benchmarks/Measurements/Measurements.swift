import CLibLZMA
import Crypto
import OSSKit

/// Measures what OSSKit costs beside the raw operations that it is made of.
///
/// Each line of its output is a name, a figure, a unit and a note, with tabs between them. The ratios are what has to
/// hold: both sides of one are measured in turns in the same run, so that a busy machine slows both.
@main
struct Measurements {
    static func main() throws {
        let rounds = CommandLine.arguments.dropFirst().first.flatMap { Int($0) } ?? 15
        for row in try signatures(rounds: rounds) + checksums(rounds: rounds) + [comparison()] {
            print(row.line)
        }
    }

    private static func signatures(rounds: Int) throws -> [Row] {
        let v4 = try SignedURL.v4()
        let v1 = try SignedURL.v1()
        let key = SymmetricKey(size: .bits256)
        let shortKey = SymmetricKey(data: Array("30 bytes of an access key secret".utf8.prefix(30)))
        let presigner = try SignedURL.presigner()
        let upload = try SignedURL.request()
        let now = SignedURL.nowUnixSeconds
        let costs = try Cost.inTurns(
            rounds: rounds,
            [
                { keep(HMAC<SHA256>.authenticationCode(for: v4.stringToSign, using: key)) },
                { keep(try v4.verify()) },
                { keep(try v4.verifyParsed()) },
                { keep(HMAC<Insecure.SHA1>.authenticationCode(for: v1.stringToSign, using: shortKey)) },
                { keep(try v1.verify()) },
                { keep(try v1.verifyParsed()) },
                { keep(try presigner.presignV4(upload, lifetimeSeconds: 900, nowUnixSeconds: now)) },
                { keep(try presigner.presignV1(upload, lifetimeSeconds: 900, nowUnixSeconds: now)) },
            ])
        let sha256 = "\(v4.stringToSign.count) bytes"
        let sha1 = "\(v1.stringToSign.count) bytes"
        return [
            Row("HMAC-SHA256, raw", costs[0].nanoseconds, "ns", sha256),
            Row("verify a V4 URL, from the bytes that arrived", costs[1].nanoseconds, "ns"),
            Row("verify a V4 URL, target parsed before", costs[2].nanoseconds, "ns"),
            Row(
                "verify a V4 URL, target parsed before / HMAC-SHA256", costs[2].nanoseconds / costs[0].nanoseconds, "×",
                "at most 4"),
            Row("HMAC-SHA1, raw", costs[3].nanoseconds, "ns", sha1),
            Row("verify a V1 URL, from the bytes that arrived", costs[4].nanoseconds, "ns"),
            Row("verify a V1 URL, target parsed before", costs[5].nanoseconds, "ns"),
            Row(
                "verify a V1 URL, target parsed before / HMAC-SHA1", costs[5].nanoseconds / costs[3].nanoseconds, "×",
                "at most 3"),
            Row("presign a V4 URL", 1e9 / costs[6].nanoseconds, "1/s"),
            Row("presign a V1 URL", 1e9 / costs[7].nanoseconds, "1/s"),
        ]
    }

    private static func checksums(rounds: Int) throws -> [Row] {
        let bytes = [UInt8](repeating: 0xA5, count: 1 << 20)
        var raw: UInt64 = 0
        var ours = CRC64()
        let costs = try Cost.inTurns(
            rounds: rounds,
            [
                {
                    // Each goes on from the one before, so that no optimiser takes it out of the loop.
                    raw = bytes.withUnsafeBufferPointer { lzma_crc64($0.baseAddress, $0.count, raw) }
                },
                { ours.update(bytes) },
            ])
        keep((raw, ours))
        let rates = costs.map { Double(bytes.count) / $0.nanoseconds * 1e9 / Double(1 << 20) }
        return [
            Row("CRC-64 of liblzma, raw", rates[0], "MiB/s"), Row("CRC-64 of OSSKit", rates[1], "MiB/s"),
            Row("CRC-64 of OSSKit / liblzma", rates[1] / rates[0], "×", "at least 0.9"),
        ]
    }

    /// Whether the time of a comparison tells where the first difference is.
    private static func comparison() -> Row {
        let statistic = ComparisonTiming.welchT(sampleCount: 100_000)
        return Row("comparison: Welch's t, first byte against last", abs(statistic), "", "below 4.5")
    }
}

/// One line of the output.
struct Row {
    let line: String

    init(_ name: String, _ figure: Double, _ unit: String, _ note: String = "") {
        let hundredths = Int((figure * 100).rounded())
        let fraction = hundredths % 100
        line = "\(name)\t\(hundredths / 100).\(fraction < 10 ? "0" : "")\(fraction)\t\(unit)\t\(note)"
    }
}
