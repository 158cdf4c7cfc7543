import OSSKit
import ObjectStore

/// What `GET`, `HEAD` and their relatives have in common.
enum ObjectRead {
    /// What is to be sent.
    enum Plan: Equatable, Sendable {
        /// The client has it already.
        case notModified
        /// These bytes, with this status.
        case send(Range<Int64>, status: Int)
    }

    /// The object that is asked for.
    ///
    /// - Throws: `NoSuchKey`; with a version `NoSuchVersion`, and `MethodNotAllowed` for a delete marker.
    static func object(_ call: OSSCall, bucket: BucketRecord, key: ObjectKey) async throws -> ObjectRecord {
        try await object(call, bucket: bucket, key: key, version: call.version())
    }

    /// An object, or a version of it; as `object(_:bucket:key:)`.
    static func object(
        _ call: OSSCall, bucket: BucketRecord, key: ObjectKey, version: VersionID?
    ) async throws -> ObjectRecord {
        guard let version else { return try await call.store.object(in: bucket, key: key) }
        return try await call.store.object(in: bucket, key: key, version: version)
    }

    /// The object that is asked for, or what a symbolic link leads to.
    ///
    /// - Throws: as `object`; `SymlinkTargetNotExist`, and `InvalidTargetType` for a link to a link.
    static func followed(_ call: OSSCall, bucket: BucketRecord, key: ObjectKey) async throws -> ObjectRecord {
        try await followed(try await object(call, bucket: bucket, key: key), call, bucket: bucket)
    }

    /// An object, or what it leads to if it is a symbolic link; as `followed(_:bucket:key:)`.
    static func followed(
        _ object: ObjectRecord, _ call: OSSCall, bucket: BucketRecord
    ) async throws -> ObjectRecord {
        guard let target = object.symlinkTarget else { return object }
        do {
            let found = try await call.store.object(in: bucket, key: target)
            guard found.type != .symlink else { throw OSSError(.invalidTargetType) }
            return object.showing(found)
        } catch let refusal as OSSError where refusal.code == .noSuchKey {
            throw OSSError(.symlinkTargetNotExist, fields: [("Key", object.key.text)])
        }
    }

    /// Judges conditions and range.
    ///
    /// - Throws: `PreconditionFailed`, `InvalidRange`.
    static func plan(_ call: OSSCall, object: ObjectRecord) throws(OSSError) -> Plan {
        guard try ReadConditions(call).judge(object) == .holds else { return .notModified }
        let isStandard = call.header("x-oss-range-behavior")?.lowercased() == "standard"
        let range = try RequestedRange.of(
            call.header("range"), sizeBytes: object.sizeBytes, isStandard: isStandard)
        return .send(range.bytes(ofSize: object.sizeBytes), status: range == .whole ? 200 : 206)
    }

    /// `Content-Length`, and for a part `Content-Range`.
    static func lengthHeaders(
        _ range: Range<Int64>, of object: ObjectRecord, status: Int
    ) -> [(name: String, value: String)] {
        var headers = [(name: "Content-Length", value: String(range.count))]
        if status == 206 {
            headers.append(("Content-Range", "bytes \(range.lowerBound)-\(range.upperBound - 1)/\(object.sizeBytes)"))
        }
        return headers
    }

    /// The answer to a client that has the object already.
    static func notModified(_ object: ObjectRecord) -> OSSAnswer {
        OSSAnswer(status: 304, headers: [("ETag", object.quotedETag), ("Last-Modified", object.lastModified)])
    }
}
