import OSSKit

/// Bucket, key and version that `x-oss-copy-source` names: `/bucket/key?versionId=…`.
///
/// It is percent-encoded; the first slash and the version are optional.
///
/// Source: oss-wire facts 7.2 and 8.5.
package struct CopySource: Equatable, Sendable {
    /// The bucket of the source.
    package let bucket: BucketName
    /// The key of the source.
    package let key: ObjectKey
    /// The version of the source; nil for the current one.
    package let version: VersionID?

    /// Reads the header.
    ///
    /// - Throws: `InvalidArgument` if it names no bucket and key, or no version that there can be.
    package init(header: String) throws(OSSError) {
        let malformed = OSSError.invalidArgument(
            "x-oss-copy-source", header,
            message: "Copy Source must mention the source bucket and key: /sourcebucket/sourcekey.")
        var path = header.utf8[...]
        var version: String?
        if let question = path.firstIndex(of: UInt8(ascii: "?")) {
            let query = String(decoding: path[path.index(after: question)...], as: UTF8.self)
            guard query.hasPrefix("versionId=") else { throw malformed }
            version = String(query.dropFirst("versionId=".count))
            path = path[..<question]
        }
        if path.first == UInt8(ascii: "/") { path = path.dropFirst() }
        // Some clients encode the slash between bucket and key as well, so that it is looked for after decoding.
        guard let decoded = PercentCoding.decodePath(path), let slash = decoded.firstIndex(of: UInt8(ascii: "/")),
            let bucketText = String(validating: decoded[..<slash], as: UTF8.self), !bucketText.isEmpty,
            slash + 1 < decoded.count
        else { throw malformed }
        bucket = try BucketName(bucketText)
        key = try ObjectKey(bytes: Array(decoded[(slash + 1)...]))
        guard let version else {
            self.version = nil
            return
        }
        guard let decodedVersion = PercentCoding.decodePath(version.utf8) else { throw malformed }
        self.version = try VersionID(String(decoding: decodedVersion, as: UTF8.self))
    }
}
