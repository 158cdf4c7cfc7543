import OSSKit

/// The object that a copy is made of.
public struct CopySource: Sendable, Hashable {
    /// Its bucket; nil for the client's own.
    public let bucket: BucketName?
    /// Its key.
    public let key: ObjectKey
    /// Its version; nil for the current one.
    public let versionID: String?

    /// Names an object.
    public init(bucket: BucketName? = nil, key: ObjectKey, versionID: String? = nil) {
        self.bucket = bucket
        self.key = key
        self.versionID = versionID
    }

    /// The value of `x-oss-copy-source`.
    func headerValue(in own: BucketName) -> String {
        let version = versionID.map { "?versionId=" + PercentCoding.encode($0) } ?? ""
        return "/\((bucket ?? own).text)/" + PercentCoding.encode(key.bytes, keepingSlash: true) + version
    }
}

/// How an object is copied.
public struct CopyObjectOptions: Sendable {
    /// What is stored beside the copy's content; nil to take over the source's content type and metadata.
    public var replacingProperties: ObjectProperties?
    /// Whether the copy gets the tags of `replacingProperties` instead of the source's.
    public var replacesTags = false
    /// The copy's tags, whatever else it takes over; nil to take over the source's, none to leave it without.
    ///
    /// They go before those of `replacingProperties`.
    public var replacingTags: [Tag]?
    /// Who may read and write the copy; nil leaves that to the bucket.
    ///
    /// The source's ACL is never taken over.
    public var acl: ObjectACL?
    /// The copy's storage class; nil for that of the bucket.
    public var storageClass: String?
    /// On what the copy depends, of the source; what does not hold fails with `PreconditionFailed` or status 304.
    public var conditions = ObjectConditions()
    /// Whether an object that is there stays, and the call fails with `FileAlreadyExists`; it is not repeated then.
    public var forbidsOverwrite = false

    /// Makes options for a copy with everything that the source has.
    public init(replacingProperties: ObjectProperties? = nil) {
        self.replacingProperties = replacingProperties
    }

    var headers: [WireHeader] {
        var headers = conditions.headers(prefix: "x-oss-copy-source-")
        if var properties = replacingProperties {
            properties.acl = acl ?? properties.acl
            properties.storageClass = storageClass ?? properties.storageClass
            if replacingTags != nil { properties.tags = [] }
            headers.append(WireHeader("x-oss-metadata-directive", "REPLACE"))
            headers += properties.headers
        } else {
            headers += acl.map { [WireHeader("x-oss-object-acl", $0.rawValue)] } ?? []
            headers += storageClass.map { [WireHeader("x-oss-storage-class", $0)] } ?? []
        }
        if let replacingTags, !replacingTags.isEmpty {
            headers.append(WireHeader("x-oss-tagging", Tagging(replacingTags).headerValue))
        }
        if replacesTags || replacingTags != nil {
            headers.append(WireHeader("x-oss-tagging-directive", "Replace"))
        }
        if forbidsOverwrite {
            headers.append(WireHeader("x-oss-forbid-overwrite", "true"))
        }
        return headers
    }
}

/// What an endpoint says after a copy.
public struct CopyObjectAnswer: Sendable, Equatable {
    /// The ETag of the copy, with its quotes.
    public let eTag: String
    /// When the copy was written, in unix milliseconds.
    public let lastModifiedMilliseconds: Int64
    /// The CRC-64 of the content; nil if the endpoint does not tell.
    public let crc64: UInt64?
    /// The version that was made; nil in a bucket without versions.
    public let versionID: String?
    /// The version that was copied; nil in a bucket without versions.
    public let sourceVersionID: String?
}

extension OSSClient {
    /// Copies an object inside the endpoint, without its bytes passing through here.
    ///
    /// Copying an object onto itself with other properties changes those.
    ///
    /// - Throws: `ServiceError`, such as `NoSuchKey`; `OSSClientError`.
    @discardableResult
    public func copyObject(
        from source: CopySource, to key: ObjectKey, _ options: CopyObjectOptions = CopyObjectOptions()
    ) async throws -> CopyObjectAnswer {
        let header = WireHeader("x-oss-copy-source", source.headerValue(in: configuration.bucket))
        var request = OSSRequest(method: "PUT", key: key, headers: [header] + options.headers)
        request.isRepeatable = !options.forbidsOverwrite
        return try await send(request) { response in
            let result = try CopyObjectResult(document: try await response.document())
            return CopyObjectAnswer(
                eTag: result.eTag, lastModifiedMilliseconds: result.lastModifiedMilliseconds,
                crc64: response.headers.first(name: "x-oss-hash-crc64ecma")
                    .flatMap { DecimalNumber.parseUnsigned64($0) },
                versionID: response.headers.first(name: "x-oss-version-id"),
                sourceVersionID: response.headers.first(name: "x-oss-copy-source-version-id"))
        }
    }
}
