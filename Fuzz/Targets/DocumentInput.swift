import OSSKit

/// A document that every reader of documents is given.
struct DocumentInput {
    private let bytes: [UInt8]

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    func run() throws {
        // What is no document is refused by all readers in the same place.
        guard let root = try? XMLReader.read(bytes) else { return }
        _ = try? LocationConstraint.read(bytes)
        _ = try? CreateBucketConfiguration(document: bytes)
        for kind in Self.kinds {
            try checkRoundTrip(kind, root: root)
        }
        try checkRoundTrip(read: { try BucketInfo(document: $0) }, write: { $0.write() })
        try checkRoundTrip(read: { try CopyObjectResult(document: $0) }, write: { $0.write() })
        try checkRoundTrip(read: { try CopyPartResult(document: $0) }, write: { $0.write() })
        try checkRoundTrip(read: { try CompleteMultipartUpload(document: $0) }, write: { $0.write() })
        try checkRoundTrip(read: { try CompleteMultipartUploadResult(document: $0) }, write: { $0.write() })
        try checkRoundTrip(read: { try InitiateMultipartUploadResult(document: $0) }, write: { $0.write() })
        try checkRoundTrip(read: { try ListMultipartUploadsResult(document: $0) }, write: { $0.write() })
        try checkRoundTrip(read: { try ListPartsResult(document: $0) }, write: { $0.write() })
        try checkRoundTrip(read: { try DeleteRequest(document: $0) }, write: { $0.write() })
        try checkRoundTrip(read: { try DeleteResult(document: $0) }, write: { $0.write() })
        try checkRoundTrip(read: { try ListAllMyBucketsResult(document: $0) }, write: { $0.write() })
        try checkRoundTrip(read: { try ListBucketResult(document: $0) }, write: { $0.write() })
    }

    private static let kinds: [any XMLDocument.Type] = [
        AccessControlPolicy<BucketACL>.self, AccessControlPolicy<ObjectACL>.self, AccessMonitorConfiguration.self,
        ArchiveDirectReadConfiguration.self,
        BucketCnameConfiguration.self, BucketDataRedundancyTransition.self, BucketLoggingStatus.self,
        BucketResourceGroupConfiguration.self, BucketStat.self, CnameToken.self, CORSConfiguration.self,
        ExtendWormConfiguration.self, HTTPSConfiguration.self, ImageStyle.self, InitiateWormConfiguration.self,
        InventoryConfiguration.self, LegalHold.self, LifecycleConfiguration.self, ListCnameResult.self,
        ListInventoryConfigurationsResult.self, ListVersionsResult.self, ObjectWormConfiguration.self,
        OverwriteConfiguration.self, PolicyStatus.self, PostResponse.self, PublicAccessBlockConfiguration.self,
        RefererConfiguration.self, RegionInfoList.self, ReplicationConfiguration.self, ReplicationRules.self,
        RequestPaymentConfiguration.self, RestoreRequest.self, Retention.self, ServerSideEncryptionRule.self,
        StyleList.self, Tagging.self, TransferAccelerationConfiguration.self, UserDefinedLogFieldsConfiguration.self,
        VersioningConfiguration.self, WebsiteConfiguration.self, WormConfiguration.self,
    ]

    /// The same for a document of our general kind, whatever its root is called.
    private func checkRoundTrip<Document: XMLDocument>(_ kind: Document.Type, root: XMLElement) throws {
        guard let document = try? kind.init(root: root) else { return }
        try checkSettles(document, read: { try kind.init(document: $0) }, write: { $0.write() })
    }

    private func checkRoundTrip<Document: Equatable>(
        read: ([UInt8]) throws -> Document, write: (Document) -> String
    ) throws {
        guard let document = try? read(bytes) else { return }
        try checkSettles(document, read: read, write: write)
    }

    /// What a reader takes, its writer can write, and from then on reading and writing change nothing.
    ///
    /// The first writing may: a name of control characters was told as an escape, and is told as U+FFFD.
    private func checkSettles<Document: Equatable>(
        _ document: Document, read: ([UInt8]) throws -> Document, write: (Document) -> String
    ) throws {
        let written = write(document)
        guard let again = try? read(Array(written.utf8)) else {
            throw FuzzTarget.BrokenPromise(description: "\(Document.self) that we wrote can be read: \(written)")
        }
        let settled = write(again)
        let last = try? read(Array(settled.utf8))
        try promise(last == again, "\(Document.self) settles: \(settled)")
    }
}
