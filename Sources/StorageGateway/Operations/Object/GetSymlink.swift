import OSSKit
import ObjectStore

/// `GET /key?symlink`: where a symbolic link leads to.
///
/// Source: oss-wire fact 8.8.
enum GetSymlink {
    static func answer(_ call: OSSCall) async throws -> OSSAnswer {
        let bucket = try await call.bucket()
        let link = try await ObjectRead.object(call, bucket: bucket, key: call.key())
        guard let target = link.symlinkTarget else { throw OSSError(.notSymlink) }
        return OSSAnswer(
            headers: [
                (PutSymlink.targetHeader, PercentCoding.encode(target.bytes)), ("ETag", link.quotedETag),
                ("Last-Modified", link.lastModified),
            ] + VersionHeaders.of(link.version, in: bucket)
                + link.attributes.userMetadata.map { ("x-oss-meta-\($0.name)", $0.value) })
    }
}
