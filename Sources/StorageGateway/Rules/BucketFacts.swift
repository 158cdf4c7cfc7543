import OSSKit
import ObjectStore

/// What the facts of a bucket tell of its configurations.
///
/// Source: oss-wire fact 11.5.
struct BucketFacts {
    private let call: OSSCall
    private let bucket: BucketRecord

    /// Takes the bucket, which was looked up.
    init(_ call: OSSCall, _ bucket: BucketRecord) {
        self.call = call
        self.bucket = bucket
    }

    /// Adds them to the document.
    func complete(_ info: inout BucketInfo) async throws {
        if let found = try await document(.accessMonitor, AccessMonitorConfiguration.self) {
            info.accessMonitor = found.status
        }
        if try await document(.transferAcceleration, TransferAccelerationConfiguration.self)?.isEnabled == true {
            info.transferAcceleration = .enabled
        }
        let rules = try await call.store.configurations(.replication, of: bucket, ConfigurationQuery(limit: 1))
        if !rules.configurations.isEmpty { info.crossRegionReplication = .enabled }
        info.blocksPublicAccess =
            try await document(.publicAccessBlock, PublicAccessBlockConfiguration.self)?.blocksPublicAccess ?? false
        info.logging = try await document(.logging, BucketLoggingStatus.self)?.target
        info.resourceGroupID =
            try await document(.resourceGroup, BucketResourceGroupConfiguration.self)?.resourceGroupID
            ?? BucketFilter.usualGroup
        info.comment = ""
        info.encryption = try await document(.encryption, ServerSideEncryptionRule.self)
    }

    private func document<Document: XMLDocument>(
        _ kind: ConfigurationKind, _ type: Document.Type
    ) async throws -> Document? {
        try await call.store.configuration(kind, of: bucket) { try Document(document: $0) }
    }
}
