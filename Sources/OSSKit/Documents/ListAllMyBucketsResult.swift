/// The answer of GetService: the buckets of an account.
///
/// Source: oss-wire facts 12 and 17.
public struct ListAllMyBucketsResult: Sendable, Equatable {
    /// One bucket of the list.
    public struct Bucket: Sendable, Equatable {
        /// The bucket's name.
        public let name: String
        /// When the bucket was made, in unix milliseconds.
        public let createdAtMilliseconds: Int64
        /// The endpoint for everybody, such as `oss-cn-hangzhou.aliyuncs.com`.
        public let extranetEndpoint: String
        /// The endpoint inside the region.
        public let intranetEndpoint: String
        /// The region, such as `cn-hangzhou`.
        public let region: String
        /// The storage class, such as `Standard`.
        public let storageClass: String

        /// Makes an entry of the list.
        public init(
            name: String, createdAtMilliseconds: Int64, endpoints: BucketEndpoints, storageClass: String = "Standard"
        ) {
            self.name = name
            self.createdAtMilliseconds = createdAtMilliseconds
            extranetEndpoint = endpoints.extranet
            intranetEndpoint = endpoints.intranet
            region = endpoints.region
            self.storageClass = storageClass
        }
    }

    /// The owner of all the buckets.
    public let owner: Owner
    /// The buckets in the order of their names.
    public let buckets: [Bucket]
    /// What the request asked for.
    public let page: Page

    /// What the request asked for, and where the next one goes on.
    public struct Page: Sendable, Equatable {
        /// The prefix of the names that were asked for.
        public let prefix: String
        /// The name after which the list begins.
        public let marker: String
        /// The most buckets of one answer.
        public let maxKeys: Int
        /// Where the next request goes on; nil if the list is complete.
        public let nextMarker: String?

        /// Makes the head of a list.
        public init(prefix: String = "", marker: String = "", maxKeys: Int = 100, nextMarker: String? = nil) {
            self.prefix = prefix
            self.marker = marker
            self.maxKeys = maxKeys
            self.nextMarker = nextMarker
        }
    }

    /// Makes an answer.
    public init(owner: Owner, buckets: [Bucket], page: Page = Page()) {
        self.owner = owner
        self.buckets = buckets
        self.page = page
    }

    /// Reads an answer.
    ///
    /// - Throws: `MalformedXML` if the document is not one.
    public init(document: some Collection<UInt8>) throws(OSSError) {
        let root = try XMLReader.read(document, root: "ListAllMyBucketsResult")
        owner = root.child("Owner").map(Owner.init) ?? Owner(id: "", displayName: "")
        var buckets: [Bucket] = []
        for element in root.child("Buckets")?.all("Bucket") ?? [] {
            buckets.append(try Bucket(element))
        }
        self.buckets = buckets
        let isTruncated = root.text(of: "IsTruncated") == "true"
        page = Page(
            prefix: root.textOrEmpty(of: "Prefix"), marker: root.textOrEmpty(of: "Marker"),
            maxKeys: try root.number(of: "MaxKeys") ?? 100, nextMarker: isTruncated ? root.text(of: "NextMarker") : nil)
    }

    /// Writes the document.
    public func write() -> String {
        XMLWriter.document("ListAllMyBucketsResult") { writer in
            writer.element("Prefix", page.prefix)
            writer.element("Marker", page.marker)
            writer.element("MaxKeys", page.maxKeys)
            writer.element("IsTruncated", page.nextMarker != nil)
            writer.element("NextMarker", ifPresent: page.nextMarker)
            owner.write(to: &writer)
            writer.element("Buckets") { writer in
                for bucket in buckets {
                    bucket.write(to: &writer)
                }
            }
        }
    }
}

extension ListAllMyBucketsResult.Bucket {
    init(_ element: XMLElement) throws(OSSError) {
        let location = element.textOrEmpty(of: "Location")
        self.init(
            name: try element.requiredText(of: "Name"),
            createdAtMilliseconds: try element.date(of: "CreationDate"),
            endpoints: BucketEndpoints(
                region: element.text(of: "Region") ?? BucketEndpoints.region(ofLocation: location),
                extranet: element.textOrEmpty(of: "ExtranetEndpoint"),
                intranet: element.textOrEmpty(of: "IntranetEndpoint")),
            storageClass: element.text(of: "StorageClass") ?? "Standard")
    }

    func write(to writer: inout XMLWriter) {
        writer.element("Bucket") { writer in
            writer.element("CreationDate", ISO8601.format(unixMilliseconds: createdAtMilliseconds))
            writer.element("ExtranetEndpoint", extranetEndpoint)
            writer.element("IntranetEndpoint", intranetEndpoint)
            writer.element("Location", BucketEndpoints.location(ofRegion: region))
            writer.element("Name", name)
            writer.element("Region", region)
            writer.element("StorageClass", storageClass)
        }
    }
}
