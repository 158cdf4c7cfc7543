/// The answer of GetBucketStat: how much a bucket holds.
///
/// Source: oss-wire facts 11.5 and 17.
public struct BucketStat: XMLDocument {
    public static let rootName = "BucketStat"

    /// How much there is of one storage class.
    public struct Usage: Sendable, Hashable {
        /// The lengths of the objects together, in bytes.
        public var storageBytes = 0
        /// The bytes that are charged; nil for `Standard`, where they are the same.
        public var realStorageBytes: Int?
        /// How many objects there are.
        public var objectCount = 0

        /// Makes a usage of nothing.
        public init() {}
    }

    /// The lengths of all objects together, in bytes.
    public var storageBytes = 0
    /// How many objects there are.
    public var objectCount = 0
    /// How many multipart uploads are under way.
    public var multipartUploadCount = 0
    /// How many parts they have; nil if the endpoint does not tell.
    public var multipartPartCount: Int?
    /// How many live channels there are.
    public var liveChannelCount = 0
    /// When these numbers were counted, in unix seconds.
    public var lastModifiedUnixSeconds = 0
    /// How many delete markers there are; nil if the endpoint does not tell.
    public var deleteMarkerCount: Int?
    /// The usage by storage class, under the names of the document: `Standard`, `InfrequentAccess`, `Archive`,
    /// `ColdArchive` and `DeepColdArchive`; those that the endpoint does not tell are missing.
    public var usages: [String: Usage] = [:]

    /// The classes in the order of the document.
    private static let classes = ["Standard", "InfrequentAccess", "Archive", "ColdArchive", "DeepColdArchive"]

    /// Makes the answer for an empty bucket.
    public init() {}

    public init(root: XMLElement) throws(OSSError) {
        storageBytes = try root.requiredNumber(of: "Storage")
        objectCount = try root.requiredNumber(of: "ObjectCount")
        multipartUploadCount = try root.number(of: "MultipartUploadCount") ?? 0
        multipartPartCount = try root.number(of: "MultipartPartCount")
        liveChannelCount = try root.number(of: "LiveChannelCount") ?? 0
        lastModifiedUnixSeconds = try root.number(of: "LastModifiedTime") ?? 0
        deleteMarkerCount = try root.number(of: "DeleteMarkerCount")
        for name in Self.classes {
            guard let storage = try root.number(of: name + "Storage") else { continue }
            var usage = Usage()
            usage.storageBytes = storage
            usage.realStorageBytes = try root.number(of: name + "RealStorage")
            usage.objectCount = try root.number(of: name + "ObjectCount") ?? 0
            usages[name] = usage
        }
    }

    public func writeContent(to writer: inout XMLWriter) {
        writer.element("Storage", storageBytes)
        writer.element("ObjectCount", objectCount)
        writer.element("MultipartUploadCount", multipartUploadCount)
        writer.element("LiveChannelCount", liveChannelCount)
        writer.element("LastModifiedTime", lastModifiedUnixSeconds)
        for name in Self.classes {
            guard let usage = usages[name] else { continue }
            writer.element(name + "Storage", usage.storageBytes)
            writer.element(name + "RealStorage", ifPresent: usage.realStorageBytes)
            writer.element(name + "ObjectCount", usage.objectCount)
        }
        writer.element("MultipartPartCount", ifPresent: multipartPartCount)
        writer.element("DeleteMarkerCount", ifPresent: deleteMarkerCount)
    }
}
