import OSSKit
import ObjectStore

extension ObjectRecord {
    /// The value of `ETag`, in its quotes.
    var quotedETag: String { "\"\(etag)\"" }

    /// The value of `Last-Modified`.
    var lastModified: String { HTTPDate.format(unixSeconds: lastModifiedMilliseconds / 1_000) }

    /// The headers of an answer that tells of the whole object, in OSS's order.
    ///
    /// Source: oss-wire fact 5.
    var responseHeaders: [(name: String, value: String)] {
        var headers: [(name: String, value: String)] = [
            ("Content-Type", attributes.contentType ?? ObjectAttributes.usualContentType),
            ("Accept-Ranges", "bytes"),
            ("ETag", quotedETag),
            ("Last-Modified", lastModified),
            ("x-oss-object-type", type.rawValue),
            ("x-oss-hash-crc64ecma", String(crc64)),
            ("x-oss-storage-class", storageClass),
        ]
        headers += attributes.userMetadata.map { ("x-oss-meta-\($0.name)", $0.value) }
        headers += attributes.headers.map { (Self.properName($0.name), $0.value) }
        if type == .appendable { headers.append(("x-oss-next-append-position", String(sizeBytes))) }
        if !attributes.tags.isEmpty { headers.append(("x-oss-tagging-count", String(attributes.tags.count))) }
        if let md5 = entityTag.md5 { headers.append(("Content-MD5", Base64.encode(md5))) }
        headers.append(("X-Content-Type-Options", "nosniff"))
        return headers
    }

    /// The headers of an answer to a write.
    func writtenHeaders(in bucket: BucketRecord) -> [(name: String, value: String)] {
        [
            ("ETag", quotedETag),
            ("x-oss-hash-crc64ecma", String(crc64)),
        ] + VersionHeaders.of(version, in: bucket)
    }

    private static func properName(_ name: String) -> String {
        name.split(separator: "-").map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined(separator: "-")
    }
}
