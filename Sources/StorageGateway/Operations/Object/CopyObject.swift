import OSSKit
import ObjectStore

/// `PUT /key` with `x-oss-copy-source`: a copy that shares the bytes of its source.
///
/// Source: oss-wire facts 8.5 and 10.
enum CopyObject {
    static func answer(_ call: OSSCall) async throws -> OSSAnswer {
        let key = try call.key()
        let header = "x-oss-copy-source"
        let source = try CopySource(header: call.header(header) ?? "")
        try WriteHeaders.refuseUnknownMeaning(call)
        let replaced = try replacedAttributes(call)
        let replacedTags = try replacedTags(call)
        let condition = try WriteHeaders.condition(call)
        let target = try await call.bucket()
        let sourceBucket = try await call.bucket(of: source)
        return try await call.whileItChanges {
            let object = try await ObjectRead.object(
                call, bucket: sourceBucket, key: source.key, version: source.version)
            try await call.access.requireReading(of: object, isVersion: source.version != nil, in: sourceBucket)
            try requireCopyable(object, in: sourceBucket)
            try call.archiveState(of: object).requireReadable(source.key)
            guard try ReadConditions(call, prefix: header + "-").judge(object) == .holds else {
                return ObjectRead.notModified(object)
            }
            var attributes = try replaced ?? keptAttributes(of: object, call)
            if replacedTags == nil {
                try await call.access.requireTags(of: object, in: sourceBucket, for: key, in: target)
            }
            attributes.tags = replacedTags ?? object.attributes.tags
            try await attributes.complete(call, in: target)
            let copy = try await call.store.copy(
                object, to: target, key: key, attributes: attributes, condition: condition)
            let result = CopyObjectResult(
                eTag: copy.quotedETag, lastModifiedMilliseconds: copy.lastModifiedMilliseconds)
            let headers = copy.writtenHeaders(in: target) + sourceHeaders(of: object, in: sourceBucket)
            return OSSAnswer(headers: headers, document: result.write())
        }
    }

    /// The header that names the version that was copied.
    static func sourceHeaders(
        of source: ObjectRecord, in bucket: BucketRecord
    ) -> [(name: String, value: String)] {
        VersionHeaders.of(source.version, in: bucket).map { ("x-oss-copy-source-version-id", $0.value) }
    }

    /// Refuses an appendable object of a bucket with versions, which OSS does not copy: assumption A-064.
    private static func requireCopyable(_ source: ObjectRecord, in bucket: BucketRecord) throws(OSSError) {
        guard bucket.versioning != nil, source.type == .appendable else { return }
        throw OSSError(
            .invalidRequest, message: "An appendable object of a bucket with versions cannot be copied.",
            fields: [("Key", source.key.text)])
    }

    /// What a copy with the directive REPLACE says about itself; nil with COPY.
    private static func replacedAttributes(_ call: OSSCall) throws(OSSError) -> ObjectAttributes? {
        let name = "x-oss-metadata-directive"
        let directive = call.header(name) ?? "COPY"
        switch directive.uppercased() {
        case "REPLACE": return try ObjectAttributes(writing: call)
        case "COPY": return nil
        default:
            throw .invalidArgument(name, directive, message: "The directive must be COPY or REPLACE.")
        }
    }

    /// The tags of a copy with the tagging directive Replace; nil with Copy.
    private static func replacedTags(_ call: OSSCall) throws(OSSError) -> [Tag]? {
        let name = "x-oss-tagging-directive"
        let directive = call.header(name) ?? "Copy"
        switch directive.uppercased() {
        case "REPLACE": return try ObjectAttributes.tags(call)
        case "COPY": return nil
        default:
            throw .invalidArgument(name, directive, message: "The directive must be Copy or Replace.")
        }
    }

    /// What a copy with the directive COPY says: as its source, but for an asked storage class and ACL.
    private static func keptAttributes(of source: ObjectRecord, _ call: OSSCall) throws(OSSError) -> ObjectAttributes {
        var kept = source.attributes
        // Nobody has restored the copy yet.
        kept.headers = ArchiveState.kept(kept.headers)
        kept.storageClass = try ObjectAttributes.storageClass(call)
        kept.acl = try ObjectAttributes.acl(call)
        return kept
    }
}
