import OSSKit

/// What is stored beside the content of an object.
public struct ObjectProperties: Sendable {
    /// `Content-Type`; nil leaves it to the endpoint.
    public var contentType: String?
    /// `Cache-Control` of later answers.
    public var cacheControl: String?
    /// `Content-Disposition` of later answers.
    public var contentDisposition: String?
    /// `Content-Encoding` of later answers.
    public var contentEncoding: String?
    /// `Content-Language` of later answers.
    public var contentLanguage: String?
    /// `Expires` of later answers, an HTTP date.
    public var expires: String?
    /// Metadata, by the names behind `x-oss-meta-`; names are letters, digits and hyphens.
    public var userMetadata: [String: String]
    /// The object's tags, 10 at most.
    public var tags: [Tag] = []
    /// Who may read and write it; nil leaves that to the bucket.
    public var acl: ObjectACL?
    /// The storage class, such as `IA`; nil for that of the bucket.
    public var storageClass: String?
    /// How the endpoint encrypts it: `AES256`, `KMS` or `SM4`; nil as the bucket says.
    public var serverSideEncryption: String?

    /// Makes properties.
    public init(contentType: String? = nil, userMetadata: [String: String] = [:]) {
        self.contentType = contentType
        self.userMetadata = userMetadata
    }

    /// The properties as header fields of a request.
    var headers: [WireHeader] {
        let texts = [
            ("Content-Type", contentType), ("Cache-Control", cacheControl),
            ("Content-Disposition", contentDisposition), ("Content-Encoding", contentEncoding),
            ("Content-Language", contentLanguage), ("Expires", expires),
            ("x-oss-tagging", tags.isEmpty ? nil : Tagging(tags).headerValue), ("x-oss-object-acl", acl?.rawValue),
            ("x-oss-storage-class", storageClass), ("x-oss-server-side-encryption", serverSideEncryption),
        ]
        return texts.compactMap { name, text in text.map { WireHeader(name, $0) } }
            + userMetadata.sorted { $0.key < $1.key }.map { WireHeader("x-oss-meta-\($0.key)", $0.value) }
    }
}

/// How an object is stored.
public struct PutObjectOptions: Sendable {
    /// What is stored beside the content.
    public var properties: ObjectProperties
    /// Whether an object that is there stays, and the call fails with `FileAlreadyExists`.
    ///
    /// Such a call is not repeated: its second attempt could not tell the first one's object from another's.
    public var forbidsOverwrite = false
    /// The MD5 of the content in base64, which the endpoint compares; nil leaves it at CRC-64.
    public var contentMD5: String?
    /// What the endpoint tells an application after the upload; nil for nothing.
    public var callback: UploadCallback?
    /// The most bits a second, 819,200 to 838,860,800; nil for no limit.
    public var trafficLimitBitsPerSecond: Int64?

    /// Makes options.
    public init(_ properties: ObjectProperties = ObjectProperties()) {
        self.properties = properties
    }

    /// Makes options that name a content type.
    public init(contentType: String) {
        self.init(ObjectProperties(contentType: contentType))
    }

    func headers() throws(SigningError) -> [WireHeader] {
        var headers = properties.headers
        if forbidsOverwrite {
            headers.append(WireHeader("x-oss-forbid-overwrite", "true"))
        }
        if let contentMD5 {
            headers.append(WireHeader("Content-MD5", contentMD5))
        }
        if let trafficLimitBitsPerSecond {
            headers.append(WireHeader("x-oss-traffic-limit", String(trafficLimitBitsPerSecond)))
        }
        if let callback {
            headers += try callback.headers()
        }
        return headers
    }
}

/// On what a call depends: the object is as the caller believes.
public struct ObjectConditions: Sendable, Equatable {
    /// The object has this ETag; else the call fails with `PreconditionFailed`.
    public var ifMatch: String?
    /// The object has another ETag; else the call fails with status 304.
    public var ifNoneMatch: String?
    /// The object was written after this moment, in unix seconds; else the call fails with status 304.
    public var ifModifiedSince: Int64?
    /// The object was not written after this moment, in unix seconds; else it fails with `PreconditionFailed`.
    public var ifUnmodifiedSince: Int64?

    /// Makes conditions that always hold.
    public init() {}

    /// The conditions as header fields, each name with a prefix.
    func headers(prefix: String = "") -> [WireHeader] {
        let texts = [
            ("If-Match", ifMatch), ("If-None-Match", ifNoneMatch),
            ("If-Modified-Since", ifModifiedSince.map { HTTPDate.format(unixSeconds: $0) }),
            ("If-Unmodified-Since", ifUnmodifiedSince.map { HTTPDate.format(unixSeconds: $0) }),
        ]
        return texts.compactMap { name, text in
            text.map { WireHeader(prefix.isEmpty ? name : prefix + name.lowercased(), $0) }
        }
    }
}

/// A part of an object's content.
public enum ObjectRange: Sendable, Hashable {
    /// The bytes between two offsets, both of them included; what is behind the end of the object is left out.
    case bytes(ClosedRange<Int64>)
    /// All bytes from an offset on.
    case from(Int64)
    /// The last bytes, as many as this.
    case last(Int64)

    /// The value of `Range`.
    var headerValue: String {
        switch self {
        case .bytes(let range): "bytes=\(range.lowerBound)-\(range.upperBound)"
        case .from(let offset): "bytes=\(offset)-"
        case .last(let count): "bytes=-\(count)"
        }
    }

    /// Whether an answer with this range is the answer to this one.
    func isAnswered(by range: ContentRange) -> Bool {
        switch self {
        case .bytes(let wanted):
            range.firstOffset == wanted.lowerBound
                && range.lastOffset == min(wanted.upperBound, range.totalBytes - 1)
        case .from(let offset): range.firstOffset == offset && range.lastOffset == range.totalBytes - 1
        case .last(let count):
            range.firstOffset == max(0, range.totalBytes - count) && range.lastOffset == range.totalBytes - 1
        }
    }
}

/// Which object is fetched, which part of it, and in which look.
public struct GetObjectOptions: Sendable {
    /// The part of the content; nil for all of it.
    public var range: ObjectRange?
    /// On what the call depends.
    public var conditions = ObjectConditions()
    /// How header fields of the answer are to look, whatever was stored.
    public var overrides = Presigner.Request.ResponseOverrides()
    /// The version; nil for the current one.
    public var versionID: String?
    /// How the endpoint is to process the object, such as `image/resize,w_100`; nil to fetch it as it is.
    public var process: String?
    /// The most bits a second, 819,200 to 838,860,800; nil for no limit.
    public var trafficLimitBitsPerSecond: Int64?

    /// Makes options for the whole current object.
    public init(range: ObjectRange? = nil, versionID: String? = nil) {
        self.range = range
        self.versionID = versionID
    }

    func request(_ method: String, _ key: ObjectKey) -> OSSRequest {
        var headers = conditions.headers()
        if let range {
            // Without it, a range that the object does not have is answered with the whole object.
            headers += [WireHeader("Range", range.headerValue), WireHeader("x-oss-range-behavior", "standard")]
        }
        if let trafficLimitBitsPerSecond {
            headers.append(WireHeader("x-oss-traffic-limit", String(trafficLimitBitsPerSecond)))
        }
        var query = overrides.items + QueryItem.version(versionID)
        if let process {
            query.append(QueryItem("x-oss-process", process))
        }
        return OSSRequest(method: method, key: key, query: query, headers: headers)
    }
}

extension QueryItem {
    /// The parameter that selects a version; none for the current one.
    static func version(_ versionID: String?) -> [QueryItem] {
        versionID.map { [QueryItem("versionId", $0)] } ?? []
    }
}
