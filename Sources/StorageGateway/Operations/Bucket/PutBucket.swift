import OSSKit
import ObjectStore

/// `PUT /` on a bucket: creates it; its owner may repeat it.
///
/// Source: oss-wire fact 11.1.
enum PutBucket {
    static func answer(_ call: OSSCall) async throws -> OSSAnswer {
        let name = try call.bucketName()
        var bucket = NewBucket(name: name, ownerID: call.requester.ownerID)
        bucket.acl = try acl(call)
        let tags = try tags(call)
        let group = call.header("x-oss-resource-group-id")
        let encryption = try ObjectEncryption.asked(call)
        if let document = try await RequestBodyReader.document(of: call) {
            let asked = try CreateBucketConfiguration(document: document)
            bucket.storageClass = try asked.storageClass.map(storageClass)
            bucket.dataRedundancyType = try asked.dataRedundancyType.map(dataRedundancyType)
        }
        let record = try await call.store.createBucket(bucket)
        if let tags { try await call.store.setConfiguration(.tags, of: record, to: Array(tags.write().utf8)) }
        if let encryption {
            try await call.store.setConfiguration(.encryption, of: record, to: Array(encryption.write().utf8))
        }
        if let group {
            let document = BucketResourceGroupConfiguration(resourceGroupID: group)
            try await call.store.setConfiguration(.resourceGroup, of: record, to: Array(document.write().utf8))
        }
        return OSSAnswer(headers: [("Location", "/\(name.text)")])
    }

    private static func acl(_ call: OSSCall) throws(OSSError) -> String? {
        guard let asked = call.header("x-oss-acl") else { return nil }
        return try BucketACL(asked: asked).rawValue
    }

    private static func tags(_ call: OSSCall) throws(OSSError) -> Tagging? {
        guard let asked = call.header("x-oss-bucket-tagging") else { return nil }
        let tags = try Tagging(headerValue: asked)
        try tags.check(for: .bucket)
        return tags
    }

    private static func storageClass(_ asked: String) throws(OSSError) -> String {
        switch asked {
        case "Standard", "IA", "Archive", "ColdArchive", "DeepColdArchive": return asked
        case let other:
            throw .invalidArgument("StorageClass", other, message: "No such bucket storage class exists.")
        }
    }

    private static func dataRedundancyType(_ asked: String) throws(OSSError) -> String {
        switch asked {
        case "LRS": return "LRS"
        case "ZRS": return "ZRS"
        case let other:
            throw .invalidArgument(
                "DataRedundancyType", other, message: "No such bucket data redundancy type exists.")
        }
    }
}
