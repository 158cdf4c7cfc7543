import Hummingbird
import NIOCore
import OSSKit
import ObjectStore

/// `GET /key`: an object, or a range of it.
///
/// Source: oss-wire fact 8.2.
enum GetObject {
    /// Parameters that replace a header of the answer, each with the header.
    static let overrideHeaders: [(parameter: String, header: String)] = [
        ("response-content-type", "Content-Type"), ("response-content-language", "Content-Language"),
        ("response-expires", "Expires"), ("response-cache-control", "Cache-Control"),
        ("response-content-disposition", "Content-Disposition"),
        ("response-content-encoding", "Content-Encoding"),
    ]

    /// The names of those parameters.
    static let overrides = Set(overrideHeaders.map(\.parameter))

    static func answer(_ call: OSSCall) async throws -> OSSAnswer {
        let overrides = try overrides(of: call)
        let traffic = try TrafficLimit(call)
        let bucket = try await call.bucket()
        let (object, reader, plan) = try await open(call, in: bucket)
        guard case .send(let range, let status) = plan else { return ObjectRead.notModified(object) }
        let headers =
            replacing(object.responseHeaders, with: overrides) + ObjectRead.restoreHeader(call, object: object)
            + VersionHeaders.of(object.version, in: bucket)
            + (try await ExpirationNotice.header(call, object: object, in: bucket))
            + ObjectRead.lengthHeaders(range, of: object, status: status)
        guard let reader else { return OSSAnswer(status: status, headers: headers) }
        // Bytes that are there go out together with the head, in one write, unless that would be too fast.
        if traffic == nil, let whole = reader.wholeIfRead {
            return OSSAnswer(status: status, headers: headers, body: ResponseBody(byteBuffer: whole))
        }
        let body = ResponseBody(contentLength: Int(range.count)) { [logger = call.logger] writer in
            var pace = traffic.map(TrafficPace.init)
            do {
                for try await chunk in reader {
                    for slice in traffic?.slices(of: chunk) ?? [chunk] {
                        try await writer.write(slice)
                        try await pace?.passed(slice.readableBytes)
                    }
                }
            } catch let failure as StoreFailure {
                // The answer has begun: it ends short of its length, so that nobody takes it for whole.
                logger().error("object could not be read to its end", metadata: ["error": "\(failure)"])
                throw failure
            }
            try await writer.finish(nil)
        }
        return OSSAnswer(status: status, headers: headers, body: body)
    }

    /// How often bytes are looked for that a row names, before they count as lost.
    private static let missingBodyLimit = 3
    /// How many versions may be overwritten between being looked up and being opened, one after the other.
    private static let lostRaceLimit = 1_000

    /// Looks the object up and opens its bytes; once more whenever it was overwritten in between.
    ///
    /// A key that is overwritten all the time can be lost to a faster writer many times in a row, and is whole all the
    /// same. Only a row whose own bytes stay away is damaged.
    private static func open(
        _ call: OSSCall, in bucket: BucketRecord
    ) async throws -> (ObjectRecord, ObjectReader?, ObjectRead.Plan) {
        let key = try call.key()
        var missing: (body: BodyReference, count: Int)?
        var lostRaces = 0
        while true {
            let object = try await ObjectRead.followed(call, bucket: bucket, key: key)
            try call.archiveState(of: object).requireReadable(key)
            let plan = try ObjectRead.plan(call, object: object)
            guard case .send(let range, _) = plan, !range.isEmpty else { return (object, nil, plan) }
            do {
                return (object, try await call.store.read(object, range: range), plan)
            } catch StoreFailure.bodyIsGone {
                let count = missing?.body == object.body ? (missing?.count ?? 0) + 1 : 1
                lostRaces += 1
                guard count < missingBodyLimit, lostRaces < lostRaceLimit else { throw StoreFailure.bodyIsGone }
                missing = (object.body, count)
            }
        }
    }

    private static func overrides(of call: OSSCall) throws(OSSError) -> [(name: String, value: String)] {
        var overrides: [(name: String, value: String)] = []
        for (parameter, header) in overrideHeaders {
            guard let value = call.request.target.value(of: parameter), !value.isEmpty else { continue }
            let isHeaderText = value.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F }
            guard isHeaderText, value.utf8.count <= Limits.overrideBytes else {
                throw .invalidArgument(parameter, value, message: "The value cannot stand in a header.")
            }
            overrides.append((header, value))
        }
        return overrides
    }

    private static func replacing(
        _ headers: [(name: String, value: String)], with overrides: [(name: String, value: String)]
    ) -> [(name: String, value: String)] {
        headers.filter { header in !overrides.contains { $0.name == header.name } } + overrides
    }
}
