extension Presigner {
    /// The request that a URL is to allow.
    public struct Request: Sendable {
        /// The method, such as `PUT`.
        public let method: String
        /// The bucket; nil for a request to the service.
        public let bucket: BucketName?
        /// The key; nil for a request to the bucket itself.
        public let key: ObjectKey?
        /// Parameters of the operation, such as `response-content-type`.
        public private(set) var query: [QueryItem]
        /// Headers that the request has to carry as they stand here; another value makes the URL worthless.
        public let headers: [WireHeader]
        /// Whether the URL is good at this endpoint's host only.
        public var isHostBound = false

        /// Describes a request.
        public init(
            method: String, bucket: BucketName?, key: ObjectKey?, query: [QueryItem] = [], headers: [WireHeader] = []
        ) {
            self.method = method
            self.bucket = bucket
            self.key = key
            self.query = query
            self.headers = headers
        }

        var resource: SignedResource { SignedResource(bucket: bucket?.text, key: key?.bytes) }
    }
}

extension Presigner.Request {
    /// How the answer to a GET is to look, whatever was stored.
    public struct ResponseOverrides: Sendable {
        /// `Content-Type`.
        public var contentType: String?
        /// `Content-Disposition`.
        public var contentDisposition: String?
        /// `Content-Encoding`.
        public var contentEncoding: String?
        /// `Content-Language`.
        public var contentLanguage: String?
        /// `Cache-Control`.
        public var cacheControl: String?
        /// `Expires`, an HTTP date.
        public var expires: String?

        /// Makes overrides of nothing.
        public init() {}

        package var items: [QueryItem] {
            let texts = [
                ("response-content-type", contentType), ("response-content-disposition", contentDisposition),
                ("response-content-encoding", contentEncoding), ("response-content-language", contentLanguage),
                ("response-cache-control", cacheControl), ("response-expires", expires),
            ]
            return texts.compactMap { name, text in text.map { QueryItem(name, $0) } }
        }
    }

    /// The request with a parameter that selects an operation or changes one, such as `acl` or `versionId`.
    ///
    /// A parameter of this name that is there already is replaced.
    public func with(_ name: String, _ value: String? = nil) -> Presigner.Request {
        with([QueryItem(name, value)])
    }

    /// The request with an answer of another look.
    public func overriding(_ overrides: ResponseOverrides) -> Presigner.Request {
        with(overrides.items)
    }

    /// The request with its object processed, such as `image/resize,w_100`.
    public func processing(_ process: String) -> Presigner.Request {
        with("x-oss-process", process)
    }

    /// The request with a limit on its speed: 819,200 to 838,860,800 bits a second.
    ///
    /// - Throws: `trafficLimitOutOfRange`.
    public func limitingTraffic(bitsPerSecond: Int64) throws(SigningError) -> Presigner.Request {
        guard Limits.trafficLimitRange.contains(bitsPerSecond) else {
            throw .trafficLimitOutOfRange(bitsPerSecond: bitsPerSecond)
        }
        return with("x-oss-traffic-limit", String(bitsPerSecond))
    }

    /// The request with a callback after the upload.
    ///
    /// - Throws: `invalidCallback`.
    public func callingBack(_ callback: UploadCallback) throws(SigningError) -> Presigner.Request {
        with([QueryItem("callback", try callback.parameter)] + (try callback.variablesParameter.map { [$0] } ?? []))
    }

    private func with(_ items: [QueryItem]) -> Presigner.Request {
        var copy = self
        copy.query.removeAll { old in items.contains { $0.nameBytes == old.nameBytes } }
        copy.query += items
        return copy
    }
}
