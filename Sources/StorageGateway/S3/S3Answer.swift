import Hummingbird
import NIOCore
import OSSKit

/// Puts an answer of OSS into the words of the S3 dialect.
enum S3Answer {
    /// Headers of OSS that have no counterpart.
    private static let kept: Set<String> = [
        "x-oss-hash-crc64ecma", "x-oss-object-type", "x-oss-next-append-position", "x-oss-object-worm-mode",
    ]

    /// The answer of an operation as S3 has it.
    static func rewritten(_ answer: OSSAnswer, of operation: String, _ call: OSSCall) -> OSSAnswer {
        var rewritten = answer
        rewritten.headers = answer.headers.compactMap { header(name: $0.name, value: $0.value) }
        rewritten.headers.append(("x-amz-request-id", call.origin.requestID.description))
        switch operation {
        case "GetBucketInfo":
            // HeadBucket: S3 has no other way to it.
            rewritten.headers.removeAll { $0.name == "Content-Type" }
            rewritten.headers.append(("x-amz-bucket-region", call.configuration.region))
            rewritten.setDocument(nil)
        case "GetBucketACL", "GetObjectACL":
            rewritten.setDocument(accessControlPolicy(answer.document ?? "", call))
        case "DeleteMultipleObjects" where answer.document == nil:
            rewritten.headers.append(("Content-Type", "application/xml"))
            rewritten.setDocument(S3Document.quietDeletion)
        case "PutObject", "UploadPart":
            rewritten.headers += checksums(call)
        default:
            if let document = answer.document { rewritten.setDocument(S3Document.rewritten(document)) }
        }
        return rewritten
    }

    private static func header(name: String, value: String) -> (name: String, value: String)? {
        if name == "ETag" { return (name, value.lowercased()) }
        guard name.hasPrefix("x-oss-"), !kept.contains(name) else { return (name, value) }
        let amz = "x-amz-" + name.dropFirst("x-oss-".count)
        switch name {
        case "x-oss-storage-class":
            // S3 is silent about the usual one.
            return value == "Standard" ? nil : (amz, S3Document.storageClass(ofOSS: value))
        case "x-oss-server-side-encryption":
            return (amz, value == "KMS" ? "aws:kms" : value)
        case "x-oss-server-side-encryption-key-id":
            return ("x-amz-server-side-encryption-aws-kms-key-id", value)
        default:
            return (amz, value)
        }
    }

    /// The checksums that the client told, which hold, since the write has succeeded.
    private static func checksums(_ call: OSSCall) -> [(name: String, value: String)] {
        call.request.headers.filter { S3Body.Checks.kind(of: $0.name) != nil }.map { ($0.name.lowercased(), $0.value) }
    }

    private static func accessControlPolicy(_ document: String, _ call: OSSCall) -> String {
        let root = try? XMLReader.read(Array(document.utf8))
        let grant = root?.child("AccessControlList")?.text(of: "Grant") ?? ""
        return S3Document.accessControlPolicy(ofOwner: call.owner, grant: grant)
    }
}
