import OSSKit
import StorageGateway
import Testing

/// Source of the cases: oss-wire facts 7.2 and 8.5.
@Suite struct CopySourceTests {
    @Test(arguments: [
        ("/bucket/key", "key"), ("bucket/key", "key"), ("/bucket/a/b", "a/b"), ("/bucket/a%2Fb", "a/b"),
        ("/bucket%2Fa", "a"), ("/bucket/a%20b", "a b"), ("/bucket/a+b", "a+b"), ("/bucket/a%252Fb", "a%2Fb"),
        ("/bucket/%E7%AB%A0", "章"), ("/bucket/key?versionId=null", "key"), ("/bucket/a%3Fb", "a?b"),
    ])
    func aSourceNamesBucketAndKey(_ header: String, key: String) throws {
        let source = try CopySource(header: header)
        #expect(source.bucket.text == "bucket")
        #expect(source.key.text == key)
    }

    @Test(arguments: [
        ("/bucket/key", nil), ("/bucket/key?versionId=null", "null"), ("/bucket/key?versionId=CAEQ%41B", "CAEQAB"),
        ("/bucket/a%3FversionId=null", nil),
    ])
    func aSourceMayNameAVersion(_ header: String, version: String?) throws {
        let source = try CopySource(header: header)
        #expect(source.version?.text == version)
    }

    @Test(arguments: [
        ("", OSSErrorCode.invalidArgument), ("/", .invalidArgument), ("/bucket", .invalidArgument),
        ("/bucket/", .invalidArgument), ("bucket", .invalidArgument), ("/bucket/%zz", .invalidArgument),
        ("/bucket/a?b=c", .invalidArgument), ("/Bucket/a", .invalidBucketName), ("/bucket//a", .invalidObjectName),
        ("/bucket/%FF", .invalidObjectName), ("/bucket/a%00b", .invalidObjectName),
        ("/bucket/a?versionId=", .invalidArgument), ("/bucket/a?versionId=1", .invalidArgument),
        ("/bucket/a?versionId=%zz", .invalidArgument), ("/bucket/a?versionId=null&b=c", .invalidArgument),
        ("/../etc/passwd", .invalidBucketName),
    ])
    func anythingElseIsRefused(_ header: String, code: OSSErrorCode) {
        let refusal = #expect(throws: OSSError.self) { try CopySource(header: header) }
        #expect(refusal?.code == code)
    }
}
