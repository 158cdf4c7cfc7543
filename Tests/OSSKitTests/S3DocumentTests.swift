import OSSKit
import Testing

/// A document of OSS says the same in S3's words, and a key cannot pass for an element.
@Suite struct S3DocumentTests {
    @Test func aListHasTheWordsOfS3() throws {
        let document = """
            <?xml version="1.0" encoding="UTF-8"?>
            <ListBucketResult>
              <Name>b</Name>
              <Contents>
                <Key>ETag
            &lt;ETag&gt;ABC&lt;/ETag&gt;</Key>
                <ETag>"ABCDEF-2"</ETag>
                <Type>Normal</Type>
                <StorageClass>IA</StorageClass>
              </Contents>
            </ListBucketResult>

            """
        let found = try XMLReader.read(Array(S3Document.rewritten(document).utf8))
        let root = "<ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"
        #expect(S3Document.rewritten(document).contains(root))
        let entry = try #require(found.child("Contents"))
        #expect(entry.text(of: "Key") == "ETag\n<ETag>ABC</ETag>")
        #expect(entry.text(of: "ETag") == "\"abcdef-2\"")
        #expect(entry.text(of: "StorageClass") == "STANDARD_IA")
        #expect(entry.child("Type") == nil)
    }

    @Test(arguments: [("oss-cn-hangzhou", "cn-hangzhou"), ("us-east-1", "us-east-1"), ("", "")])
    func aRegionStandsWithoutItsPrefix(region: String, wanted: String) throws {
        let document = "<?xml version=\"1.0\"?>\n<LocationConstraint>\(region)</LocationConstraint>\n"
        let found = try XMLReader.read(Array(S3Document.rewritten(document).utf8), root: "LocationConstraint")
        #expect(found.text == wanted)
    }

    @Test(arguments: BucketACL.allCases)
    func anACLComesBackFromItsGrants(acl: BucketACL) throws {
        let owner = Owner(id: "1<&2", displayName: "o")
        let document = S3Document.accessControlPolicy(ofOwner: owner, grant: acl.rawValue)
        let root = try XMLReader.read(Array(document.utf8), root: "AccessControlPolicy")
        #expect(S3Document.cannedACL(of: root, ownerID: owner.id) == acl.rawValue)
        #expect(S3Document.cannedACL(of: root, ownerID: "somebody else") == nil)
    }

    @Test(arguments: [
        "<Grant><Grantee><ID>2</ID></Grantee><Permission>READ</Permission></Grant>",
        "<Grant><Grantee><ID>1</ID></Grantee><Permission>READ</Permission></Grant>",
        "<Grant><Grantee><URI>http://acs.amazonaws.com/groups/global/AuthenticatedUsers</URI></Grantee>"
            + "<Permission>READ</Permission></Grant>",
        "<Grant><Grantee><URI>http://acs.amazonaws.com/groups/global/AllUsers</URI></Grantee>"
            + "<Permission>WRITE</Permission></Grant>",
        "<Grant><Grantee><URI>http://acs.amazonaws.com/groups/global/AllUsers</URI></Grantee>"
            + "<Permission>READ_ACP</Permission></Grant>",
        "<Grant><Permission>READ</Permission></Grant>", "<Grant><Grantee><ID>1</ID></Grantee></Grant>",
    ])
    func grantsThatNoWordMeansAreNone(grants: String) throws {
        let document = "<AccessControlPolicy><AccessControlList>\(grants)</AccessControlList></AccessControlPolicy>"
        let root = try XMLReader.read(Array(document.utf8))
        let found = S3Document.cannedACL(of: root, ownerID: "1")
        #expect(found == nil)
    }

    @Test(arguments: [
        ("STANDARD", "Standard"), ("STANDARD_IA", "IA"), ("GLACIER", "Archive"), ("DEEP_ARCHIVE", "ColdArchive"),
        ("standard", nil), ("OUTPOSTS", nil), ("", nil),
    ])
    func storageClassesHaveTwoNames(name: String, wanted: String?) {
        let found = S3Document.storageClass(ofS3: name)
        #expect(found == wanted)
        if let wanted { #expect(S3Document.storageClass(ofOSS: wanted) == name) }
    }
}
