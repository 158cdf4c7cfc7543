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
    /// - Throws: `NoSuchKey`; `NoSuchVersion` for any version but `null`, since no bucket here keeps versions.
    static func object(_ call: OSSCall, bucket: BucketRecord, key: ObjectKey) async throws -> ObjectRecord {
        try refuseVersions(call)
        return try await call.store.object(in: bucket, key: key)
    }

    /// The object that is asked for, or what a symbolic link leads to.
    ///
    /// - Throws: as `object`; `SymlinkTargetNotExist`, and `InvalidTargetType` for a link to a link.
    static func followed(_ call: OSSCall, bucket: BucketRecord, key: ObjectKey) async throws -> ObjectRecord {
        let object = try await object(call, bucket: bucket, key: key)
        guard let target = object.symlinkTarget else { return object }
        do {
            let found = try await call.store.object(in: bucket, key: target)
            guard found.type != .symlink else { throw OSSError(.invalidTargetType) }
            return object.showing(found)
        } catch let refusal as OSSError where refusal.code == .noSuchKey {
            throw OSSError(.symlinkTargetNotExist, fields: [("Key", key.text)])
        }
    }

    /// Refuses a version that cannot exist in a bucket without versions.
    static func refuseVersions(_ call: OSSCall) throws(OSSError) {
        guard let version = call.request.target.value(of: "versionId"), version != "null" else { return }
        guard !version.isEmpty else {
            throw .invalidArgument("versionId", "", message: "Version id can not be the empty string.")
        }
        throw OSSError(.noSuchVersion, fields: [("Key", try call.key().text), ("VersionId", version)])
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

    /// `x-oss-restore` of an object of an archive class.
    static func restoreHeader(_ call: OSSCall, object: ObjectRecord) -> [(name: String, value: String)] {
        call.archiveState(of: object).header.map { [("x-oss-restore", $0)] } ?? []
    }

    /// The answer to a client that has the object already.
    static func notModified(_ object: ObjectRecord) -> OSSAnswer {
        OSSAnswer(status: 304, headers: [("ETag", object.quotedETag), ("Last-Modified", object.lastModified)])
    }
}
