/// What a request is about, in the form that signatures cover: a bucket and a key, a bucket, or the service.
///
/// How the request was addressed makes no difference: the resource of a virtual host, of a path and of a CNAME all
/// begin with the bucket. Source: oss-wire fact 2.1.
public struct SignedResource: Sendable, Hashable {
    /// The bucket's name, not yet checked; nil for the service.
    public let bucket: String?
    /// The key's bytes, decoded once and not yet checked; nil for the bucket or the service.
    public let key: [UInt8]?

    /// The service itself, as in `GET /`.
    public static let service = SignedResource(bucket: nil, key: nil)

    /// Makes a resource; an empty key is none.
    public init(bucket: String?, key: [UInt8]? = nil) {
        self.bucket = bucket
        self.key = bucket == nil || key?.isEmpty == true ? nil : key
    }

    /// Makes the resource of an object.
    public init(bucket: BucketName, key: ObjectKey) {
        self.init(bucket: bucket.text, key: key.bytes)
    }

    /// `/bucket/key`, `/bucket/` or `/`, with nothing encoded.
    var canonicalBytes: [UInt8] {
        guard let bucket else { return [ASCII.slash] }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(bucket.utf8.count + (key?.count ?? 0) + 2)
        bytes.append(ASCII.slash)
        bytes += bucket.utf8
        bytes.append(ASCII.slash)
        bytes += key ?? []
        return bytes
    }
}
