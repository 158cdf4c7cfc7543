import CommandKit
import Testing

@Suite struct StoreAddressTests {
    @Test(arguments: [
        ("oss://", nil, ""), ("oss://bucket", "bucket", ""), ("oss://bucket/", "bucket", ""),
        ("oss://bucket/key", "bucket", "key"), ("oss://bucket/a/b/", "bucket", "a/b/"),
        ("oss://bucket/a//b", "bucket", "a//b"), ("oss://bucket/a%2Fb", "bucket", "a%2Fb"),
        ("oss://bucket/ü key?#+&", "bucket", "ü key?#+&"), ("oss://bucket/line\nfeed", "bucket", "line\nfeed"),
        ("oss://bucket/oss://x", "bucket", "oss://x"),
    ])
    func anAddressIsTakenAsItStands(_ text: String, _ bucket: String?, _ key: String) throws {
        let address = try StoreAddress(text)
        #expect(address.bucket?.text == bucket)
        #expect(address.key == Array(key.utf8))
    }

    @Test(arguments: [("oss://b12/a%2Fb%0A", "a/b\n"), ("oss://b12/%E4%B8%AD", "中"), ("oss://b12/a+b", "a+b")])
    func aKeyInPercentFormIsDecodedOnce(_ text: String, _ key: String) throws {
        let address = try StoreAddress(text, encoding: .url)
        #expect(address.key == Array(key.utf8))
    }

    @Test(arguments: [
        "", "bucket/key", "oss:/bucket", "oss:bucket", "OSS://bucket", "s3://bucket/key", "/oss://bucket",
        "oss:///key", "oss://No", "oss://ab", "oss://-ab", "oss://a_b_c", "oss://bu cket/key", "oss://bucket//key",
        "oss://bucket/\\key", "oss://bucket/a\u{0}b", "oss://bucket/" + String(repeating: "x", count: 1_024),
    ])
    func whatIsNoAddressIsRefused(_ text: String) {
        #expect(throws: AddressProblem.self) { try StoreAddress(text) }
    }

    @Test(arguments: ["oss://bucket/%", "oss://bucket/a%2", "oss://bucket/%zz", "oss://bucket/%00", "oss://bucket/%FF"])
    func aKeyThatIsNotInPercentFormIsRefused(_ text: String) {
        #expect(throws: AddressProblem.self) { try StoreAddress(text, encoding: .url) }
    }

    @Test(arguments: [
        ("oss://bucket", true, "", "oss://bucket"), ("oss://bucket/a", false, "a/", "oss://bucket/a"),
        ("oss://bucket/a/", true, "a/", "oss://bucket/a/"),
    ])
    func aFolderEndsWithASlash(_ text: String, _ isFolder: Bool, _ prefix: String, _ shown: String) throws {
        let address = try StoreAddress(text)
        #expect(address.isFolder == isFolder)
        #expect(address.folderPrefix == Array(prefix.utf8))
        #expect(address.shown() == shown)
    }

    @Test(arguments: [("a/b/c", "c"), ("a/b/", "b"), ("c", "c"), ("a/..", "..")])
    func theLastNameStandsBehindTheLastSlash(_ key: String, _ name: String) throws {
        let address = try StoreAddress("oss://bucket/" + key)
        #expect(address.lastName == name)
    }
}
