import OSSKit
import Testing

@Suite struct DocumentTests {
    static let owner = Owner(id: "1001", displayName: "1001")
    static let endpoints = BucketEndpoints(
        region: "cn-hangzhou", extranet: "oss-cn-hangzhou.aliyuncs.com",
        intranet: "oss-cn-hangzhou-internal.aliyuncs.com")

    private func list(_ paging: ListBucketResult.Paging, isURLEncoded: Bool, owner: Owner?) throws -> ListBucketResult {
        ListBucketResult(
            question: .init(
                bucket: "b-1", prefix: "a b/", delimiter: "/", maxKeys: 2, isURLEncoded: isURLEncoded),
            paging: paging,
            objects: [
                .init(
                    key: try ObjectKey("a b/+&é"), lastModifiedMilliseconds: 1_330_063_668_000,
                    eTag: "\"5D41402ABC4B2A76B9719D911017C592\"", sizeBytes: 5, owner: owner)
            ],
            commonPrefixes: ["a b/c/"])
    }

    @Test func theFirstListIsWrittenAsOSSWritesIt() throws {
        let found = try list(.markers(marker: "", next: "a b/c/"), isURLEncoded: true, owner: Self.owner).write()
        let wanted = """
            <?xml version="1.0" encoding="UTF-8"?>
            <ListBucketResult>
              <Name>b-1</Name>
              <Prefix>a%20b%2F</Prefix>
              <Marker></Marker>
              <MaxKeys>2</MaxKeys>
              <Delimiter>%2F</Delimiter>
              <EncodingType>url</EncodingType>
              <IsTruncated>true</IsTruncated>
              <NextMarker>a%20b%2Fc%2F</NextMarker>
              <Contents>
                <Key>a%20b%2F%2B%26%C3%A9</Key>
                <LastModified>2012-02-24T06:07:48.000Z</LastModified>
                <ETag>"5D41402ABC4B2A76B9719D911017C592"</ETag>
                <Type>Normal</Type>
                <Size>5</Size>
                <StorageClass>Standard</StorageClass>
                <Owner>
                  <ID>1001</ID>
                  <DisplayName>1001</DisplayName>
                </Owner>
              </Contents>
              <CommonPrefixes>
                <Prefix>a%20b%2Fc%2F</Prefix>
              </CommonPrefixes>
            </ListBucketResult>

            """
        #expect(found == wanted)
    }

    @Test func theSecondListIsWrittenAsOSSWritesIt() throws {
        let found = try list(
            .tokens(startAfter: nil, continuation: "CgJiYw--", next: nil), isURLEncoded: false, owner: nil
        ).write()
        let wanted = """
            <?xml version="1.0" encoding="UTF-8"?>
            <ListBucketResult>
              <Name>b-1</Name>
              <Prefix>a b/</Prefix>
              <ContinuationToken>CgJiYw--</ContinuationToken>
              <MaxKeys>2</MaxKeys>
              <Delimiter>/</Delimiter>
              <IsTruncated>false</IsTruncated>
              <Contents>
                <Key>a b/+&amp;é</Key>
                <LastModified>2012-02-24T06:07:48.000Z</LastModified>
                <ETag>"5D41402ABC4B2A76B9719D911017C592"</ETag>
                <Type>Normal</Type>
                <Size>5</Size>
                <StorageClass>Standard</StorageClass>
              </Contents>
              <CommonPrefixes>
                <Prefix>a b/c/</Prefix>
              </CommonPrefixes>
              <KeyCount>2</KeyCount>
            </ListBucketResult>

            """
        #expect(found == wanted)
    }

    @Test(
        arguments: [
            .markers(marker: "", next: nil), .markers(marker: "a", next: "a b/c/"),
            .tokens(startAfter: nil, continuation: nil, next: nil),
            .tokens(startAfter: "a", continuation: "t", next: "n"),
        ] as [ListBucketResult.Paging], [true, false])
    func listsComeBack(paging: ListBucketResult.Paging, isURLEncoded: Bool) throws {
        let wanted = try list(paging, isURLEncoded: isURLEncoded, owner: Self.owner)
        let found = try ListBucketResult(document: Array(wanted.write().utf8))
        #expect(found == wanted)
    }

    @Test func bucketsComeBack() throws {
        let wanted = ListAllMyBucketsResult(
            owner: Self.owner,
            buckets: [.init(name: "b-1", createdAtMilliseconds: 1_330_063_668_000, endpoints: Self.endpoints)],
            page: .init(prefix: "b", marker: "a", maxKeys: 1, nextMarker: "b-1"))
        let document = wanted.write()
        #expect(try ListAllMyBucketsResult(document: Array(document.utf8)) == wanted)
        #expect(document.contains("<Location>oss-cn-hangzhou</Location>"))
    }

    @Test func aBucketsFactsComeBack() throws {
        let wanted = BucketInfo(
            name: "b-1", createdAtMilliseconds: 1_330_063_668_000, endpoints: Self.endpoints, owner: Self.owner)
        let found = try BucketInfo(document: Array(wanted.write().utf8))
        #expect(found == wanted)
    }

    /// Source: oss-wire fact 17.
    @Test func whatTheStrictestClientDemandsIsThere() {
        let info = BucketInfo(name: "b-1", createdAtMilliseconds: 0, endpoints: Self.endpoints, owner: Self.owner)
        let list = ListAllMyBucketsResult(
            owner: Self.owner, buckets: [.init(name: "b-1", createdAtMilliseconds: 0, endpoints: Self.endpoints)])
        let shared = ["Name", "CreationDate", "StorageClass", "ExtranetEndpoint", "IntranetEndpoint", "Location"]
        for name in shared + ["DisplayName", "ID", "Grant"] {
            #expect(info.write().contains("<\(name)>"), "\(name)")
        }
        for name in shared + ["Owner", "IsTruncated"] {
            #expect(list.write().contains("<\(name)>"), "\(name)")
        }
    }

    @Test(arguments: ["\u{FFFE}", "\u{FFFF}", "\u{0}", "\u{1F}", "\u{B}"])
    func whatXMLCannotHoldIsReplaced(character: String) throws {
        let found = XMLWriter.document("a") { $0.element("b", "x\(character)y") }
        #expect(try XMLReader.read(Array(found.utf8)).text(of: "b") == "x\u{FFFD}y")
    }

    @Test(arguments: [
        "\u{7F}", "\u{85}", "\u{FFFD}", "\u{FEFF}", "\t", "\n", "\r", "\r\n", "]]>", "&amp;", "é\u{301}", "😀",
    ])
    func whatXMLCanHoldComesBack(text: String) throws {
        let found = XMLWriter.document("a") { $0.element("b", "x\(text)y") }
        let read = try XMLReader.read(Array(found.utf8)).text(of: "b") ?? ""
        #expect(Array(read.utf8) == Array("x\(text)y".utf8))
    }

    @Test func garbageNeverTraps() {
        var random = SeededRandom(seed: 12)
        let roots = ["ListBucketResult", "ListAllMyBucketsResult", "BucketInfo", "Delete", "DeleteResult"]
        let names = [
            "Contents", "Key", "Size", "LastModified", "IsTruncated", "NextMarker", "MaxKeys", "Bucket", "Buckets",
            "Name",
            "CreationDate", "EncodingType", "Object", "Quiet", "Deleted", "CommonPrefixes", "Prefix", "KeyCount",
        ]
        let values = [
            "", "1", "-1", "99999999999999999999", "true", "url", "%", "%ff", "/", "2012-02-24T06:07:48.000Z",
        ]
        for _ in 0..<5_000 {
            let root = roots.randomElement(using: &random) ?? ""
            let document = XMLWriter.document(root) { writer in
                for _ in 0..<Int.random(in: 0...6, using: &random) {
                    writer.element(names.randomElement(using: &random) ?? "") { writer in
                        for _ in 0..<Int.random(in: 0...4, using: &random) {
                            writer.element(
                                names.randomElement(using: &random) ?? "", values.randomElement(using: &random) ?? "")
                        }
                    }
                    writer.element(
                        names.randomElement(using: &random) ?? "", values.randomElement(using: &random) ?? "")
                }
            }
            let bytes = Array(document.utf8)
            _ = try? ListBucketResult(document: bytes)
            _ = try? ListAllMyBucketsResult(document: bytes)
            _ = try? BucketInfo(document: bytes)
            _ = try? DeleteRequest(document: bytes)
            _ = try? DeleteResult(document: bytes)
        }
    }

    @Test func theLocationIsWrittenAsOSSWritesIt() throws {
        let document = LocationConstraint.write(region: "cn-hangzhou")
        let declaration = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
        #expect(document == declaration + "<LocationConstraint>oss-cn-hangzhou</LocationConstraint>\n")
        #expect(try LocationConstraint.read(Array(document.utf8)) == "cn-hangzhou")
    }

    @Test func aCopyComesBack() throws {
        let wanted = CopyObjectResult(eTag: "\"AB\"", lastModifiedMilliseconds: 1_330_063_668_000)
        let found = try CopyObjectResult(document: Array(wanted.write().utf8))
        #expect(found == wanted)
    }

    @Test func aBucketMayBeAskedForWithoutABody() throws {
        let found = try CreateBucketConfiguration(document: [])
        #expect(found.storageClass == nil && found.dataRedundancyType == nil && found.locationConstraint == nil)
    }

    @Test(
        arguments: [
            (
                "<CreateBucketConfiguration><StorageClass>Gold</StorageClass></CreateBucketConfiguration>",
                .invalidArgument
            ),
            (
                "<CreateBucketConfiguration><DataRedundancyType>X</DataRedundancyType></CreateBucketConfiguration>",
                .invalidArgument
            ),
            ("<Other/>", .malformedXML), ("<CreateBucketConfiguration>", .malformedXML), ("{}", .malformedXML),
        ] as [(String, OSSErrorCode)])
    func aWrongBucketConfigurationIsRefused(text: String, code: OSSErrorCode) {
        let found = #expect(throws: OSSError.self) { try CreateBucketConfiguration(document: Array(text.utf8)) }
        #expect(found?.code == code)
    }
}

@Suite struct DeleteRequestTests {
    @Test func quietMayStandAnywhere() throws {
        let text = """
            <Delete xmlns="http://doc.oss-cn-hangzhou.aliyuncs.com"><Object><Key>a&amp;%2F</Key></Object>\
            <Object><Key>../../x</Key><VersionId>v</VersionId></Object><Quiet>true</Quiet></Delete>
            """
        let found = try DeleteRequest(document: Array(text.utf8))
        let wanted = DeleteRequest(
            isQuiet: true,
            objects: [.init(key: try ObjectKey("a&%2F")), .init(key: try ObjectKey("../../x"), versionID: "v")])
        #expect(found == wanted)
        #expect(try DeleteRequest(document: Array(wanted.write().utf8)) == wanted)
    }

    @Test func aThousandKeysAreTaken() throws {
        let text = "<Delete>" + String(repeating: "<Object><Key>k</Key></Object>", count: 1_000) + "</Delete>"
        let found = try DeleteRequest(document: Array(text.utf8))
        #expect(found.objects.count == 1_000)
        #expect(!found.isQuiet)
    }

    @Test(
        arguments: [
            ("<Delete/>", .malformedXML), ("<Delete><Quiet>true</Quiet></Delete>", .malformedXML), ("", .malformedXML),
            ("<Remove><Object><Key>k</Key></Object></Remove>", .malformedXML),
            ("<Delete><Object/></Delete>", .malformedXML),
            ("<Delete><Object><Key/></Object></Delete>", .invalidObjectName),
            ("<Delete><Object><Key>/k</Key></Object></Delete>", .invalidObjectName),
            ("<Delete><Object><Key>\\k</Key></Object></Delete>", .invalidObjectName),
            ("<Delete><Object><Key>a</Key></Object><Quiet>yes</Quiet></Delete>", .malformedXML),
            ("<Delete><Object><Key>a</Key></Object></Delete><Delete/>", .malformedXML),
            (
                "<Delete>" + String(repeating: "<Object><Key>k</Key></Object>", count: 1_001) + "</Delete>",
                .malformedXML
            ),
            (
                "<Delete><Object><Key>" + String(repeating: "k", count: 1_024) + "</Key></Object></Delete>",
                .invalidObjectName
            ),
        ] as [(String, OSSErrorCode)])
    func aWrongBodyIsRefused(text: String, code: OSSErrorCode) {
        let found = #expect(throws: OSSError.self) { try DeleteRequest(document: Array(text.utf8)) }
        #expect(found?.code == code)
    }

    @Test func anotherRootIsNamedInTheDetail() {
        let found = #expect(throws: OSSError.self) { try DeleteRequest(document: Array("<x/>".utf8)) }
        let wanted = OSSError.Field(name: "ErrorDetail", value: "the root node is not named Delete.")
        #expect(found?.fields == [wanted])
    }

    @Test(arguments: [true, false])
    func theAnswerComesBack(isURLEncoded: Bool) throws {
        let wanted = DeleteResult(
            deleted: [
                .init(key: try ObjectKey("a b")),
                .init(key: try ObjectKey("c"), versionID: "v", deleteMarkerVersionID: "m"),
            ], isURLEncoded: isURLEncoded)
        let found = try DeleteResult(document: Array(wanted.write().utf8))
        #expect(found == wanted)
        #expect(try DeleteResult(document: []).deleted.isEmpty)
    }
}
