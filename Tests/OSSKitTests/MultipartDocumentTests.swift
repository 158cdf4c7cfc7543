import OSSKit
import Testing

@Suite struct MultipartDocumentTests {
    static let uploadID = "0004B999EF5A239BB9138C6227D69F95"
    static let date: Int64 = 1_330_063_668_000
    static let keys = ["a", "a b/+&é", "%2F", "<k>", "中文/👨‍👩‍👧", "e\u{301}", "a\u{1}b"]

    @Test(arguments: keys, [true, false])
    func aBegunUploadComesBack(key: String, isURLEncoded: Bool) throws {
        // What XML cannot hold comes back only where keys are encoded.
        guard isURLEncoded || !key.contains("\u{1}") else { return }
        let wanted = InitiateMultipartUploadResult(
            bucket: "b-1", key: try ObjectKey(key), uploadID: try UploadID(Self.uploadID), isURLEncoded: isURLEncoded)
        let found = try InitiateMultipartUploadResult(document: Array(wanted.write().utf8))
        #expect(found == wanted)
    }

    @Test func aBegunUploadIsWrittenAsOSSWritesIt() throws {
        let found = InitiateMultipartUploadResult(
            bucket: "b-1", key: try ObjectKey("a/b&c"), uploadID: try UploadID(Self.uploadID)
        ).write()
        let wanted = """
            <?xml version="1.0" encoding="UTF-8"?>
            <InitiateMultipartUploadResult>
              <Bucket>b-1</Bucket>
              <Key>a/b&amp;c</Key>
              <UploadId>\(Self.uploadID)</UploadId>
            </InitiateMultipartUploadResult>

            """
        #expect(found == wanted)
    }

    @Test(
        arguments: [
            ("", .malformedXML), ("<InitiateMultipartUploadResult/>", .malformedXML),
            ("<Other><Key>k</Key><UploadId>u</UploadId></Other>", .malformedXML),
            (
                "<InitiateMultipartUploadResult><Key>k</Key><UploadId></UploadId></InitiateMultipartUploadResult>",
                .noSuchUpload
            ),
            (
                "<InitiateMultipartUploadResult><Key>k</Key><UploadId>a b</UploadId></InitiateMultipartUploadResult>",
                .noSuchUpload
            ),
            (
                "<InitiateMultipartUploadResult><Key>/k</Key><UploadId>u</UploadId></InitiateMultipartUploadResult>",
                .invalidObjectName
            ),
        ] as [(String, OSSErrorCode)])
    func aWrongBegunUploadIsRefused(text: String, code: OSSErrorCode) {
        let found = #expect(throws: OSSError.self) { try InitiateMultipartUploadResult(document: Array(text.utf8)) }
        #expect(found?.code == code)
    }

    @Test(arguments: keys, [true, false])
    func aCompletedUploadComesBack(key: String, isURLEncoded: Bool) throws {
        guard isURLEncoded || !key.contains("\u{1}") else { return }
        let wanted = CompleteMultipartUploadResult(
            location: "http://b-1.oss.example.org/k", bucket: "b-1", key: try ObjectKey(key), eTag: "\"AB-3\"",
            isURLEncoded: isURLEncoded)
        let found = try CompleteMultipartUploadResult(document: Array(wanted.write().utf8))
        #expect(found == wanted)
    }

    @Test(arguments: [
        "", "<CompleteMultipartUploadResult/>", "{\"Status\":\"OK\"}", "<Error><Code>InternalError</Code></Error>",
        "<CompleteMultipartUploadResult><Key>k</Key></CompleteMultipartUploadResult>",
        "<CompleteMultipartUploadResult><ETag>e</ETag></CompleteMultipartUploadResult>",
    ])
    func aWrongCompletedUploadIsRefused(text: String) {
        let found = #expect(throws: OSSError.self) { try CompleteMultipartUploadResult(document: Array(text.utf8)) }
        #expect(found?.code == .malformedXML)
    }

    @Test func aCopiedPartComesBack() throws {
        let wanted = CopyPartResult(eTag: "\"AB\"", lastModifiedMilliseconds: Self.date)
        let found = try CopyPartResult(document: Array(wanted.write().utf8))
        #expect(found == wanted)
    }

    @Test(arguments: [
        "", "<CopyPartResult/>", "<CopyPartResult><ETag>e</ETag></CopyPartResult>",
        "<CopyPartResult><ETag>e</ETag><LastModified>today</LastModified></CopyPartResult>",
        "<CopyObjectResult><ETag>e</ETag><LastModified>2012-02-24T06:07:48.000Z</LastModified></CopyObjectResult>",
    ])
    func aWrongCopiedPartIsRefused(text: String) {
        let found = #expect(throws: OSSError.self) { try CopyPartResult(document: Array(text.utf8)) }
        #expect(found?.code == .malformedXML)
    }

    @Test func garbageNeverTraps() {
        var random = SeededRandom(seed: 14)
        let roots = [
            "InitiateMultipartUploadResult", "CompleteMultipartUpload", "CompleteMultipartUploadResult",
            "ListPartsResult", "ListMultipartUploadsResult", "CopyPartResult",
        ]
        let names = [
            "Key", "UploadId", "Part", "PartNumber", "ETag", "Size", "HashCrc64ecma", "LastModified", "IsTruncated",
            "NextKeyMarker", "NextPartNumberMarker", "EncodingType", "Upload", "Initiated", "MaxParts", "Prefix",
            "CommonPrefixes",
        ]
        let values = [
            "", "0", "1", "-1", "10001", "99999999999999999999", "18446744073709551615", "true", "url", "%", "%ff",
            "/", "2012-02-24T06:07:48.000Z",
        ]
        for _ in 0..<5_000 {
            let document = XMLWriter.document(roots.randomElement(using: &random) ?? "") { writer in
                for _ in 0..<Int.random(in: 0...6, using: &random) {
                    writer.element(names.randomElement(using: &random) ?? "") { writer in
                        for _ in 0..<Int.random(in: 0...5, using: &random) {
                            writer.element(
                                names.randomElement(using: &random) ?? "", values.randomElement(using: &random) ?? "")
                        }
                    }
                    writer.element(
                        names.randomElement(using: &random) ?? "", values.randomElement(using: &random) ?? "")
                }
            }
            let bytes = Array(document.utf8)
            _ = try? InitiateMultipartUploadResult(document: bytes)
            _ = try? CompleteMultipartUpload(document: bytes)
            _ = try? CompleteMultipartUploadResult(document: bytes)
            _ = try? ListPartsResult(document: bytes)
            _ = try? ListMultipartUploadsResult(document: bytes)
            _ = try? CopyPartResult(document: bytes)
        }
    }
}

@Suite struct CompleteMultipartUploadTests {
    private static func body(_ parts: [(String, String)]) -> String {
        let elements = parts.map { "<Part><PartNumber>\($0.0)</PartNumber><ETag>\($0.1)</ETag></Part>" }
        return "<CompleteMultipartUpload>" + elements.joined() + "</CompleteMultipartUpload>"
    }

    @Test func partsComeBack() throws {
        let wanted = try CompleteMultipartUpload(parts: [
            .init(number: try PartNumber("1"), eTag: "\"AB\""), .init(number: try PartNumber("7"), eTag: "CD"),
            .init(number: try PartNumber("10000"), eTag: "\"EF\""),
        ])
        let found = try CompleteMultipartUpload(document: Array(wanted.write().utf8))
        #expect(found == wanted)
    }

    @Test func theOrderInsideAPartIsFree() throws {
        let text = """
            <CompleteMultipartUpload xmlns="http://doc.oss-cn-hangzhou.aliyuncs.com"><Part><ETag>&quot;AB&quot;</ETag>\
            <PartNumber>3</PartNumber></Part></CompleteMultipartUpload>
            """
        let found = try CompleteMultipartUpload(document: Array(text.utf8))
        #expect(found.parts.map(\.number.value) == [3])
        #expect(found.parts.map(\.eTag) == ["\"AB\""])
    }

    @Test func tenThousandPartsAreTaken() throws {
        let eTag = "\"" + String(repeating: "A", count: 32) + "\""
        let numbers = PartNumber.range.compactMap { PartNumber($0) }
        let wanted = try CompleteMultipartUpload(parts: numbers.map { .init(number: $0, eTag: eTag) })
        let found = try CompleteMultipartUpload(document: Array(wanted.write().utf8))
        #expect(found.parts.count == 10_000)
    }

    @Test(
        arguments: [
            ("", .malformedXML), ("<CompleteMultipartUpload/>", .malformedXML), ("<Complete/>", .malformedXML),
            ("<CompleteMultipartUpload><Part/></CompleteMultipartUpload>", .malformedXML),
            (
                "<CompleteMultipartUpload><Part><PartNumber>1</PartNumber></Part></CompleteMultipartUpload>",
                .malformedXML
            ),
            ("<CompleteMultipartUpload><Part><ETag>A</ETag></Part></CompleteMultipartUpload>", .malformedXML),
            (body([("1", "A"), ("1", "A")]), .invalidPartOrder), (body([("2", "A"), ("1", "B")]), .invalidPartOrder),
            (body([("1", "A"), ("3", "B"), ("2", "C")]), .invalidPartOrder),
            (body([("0", "A")]), .invalidArgument), (body([("10001", "A")]), .invalidArgument),
            (body([("-1", "A")]), .invalidArgument), (body([("", "A")]), .invalidArgument),
            (body([("1.0", "A")]), .invalidArgument), (body([("0x1", "A")]), .invalidArgument),
            (body([(" 1", "A")]), .invalidArgument), (body([("99999999999999999999", "A")]), .invalidArgument),
            (body(Array(repeating: ("1", "A"), count: 10_001)), .malformedXML),
        ] as [(String, OSSErrorCode)])
    func aWrongBodyIsRefused(text: String, code: OSSErrorCode) {
        let found = #expect(throws: OSSError.self) { try CompleteMultipartUpload(document: Array(text.utf8)) }
        #expect(found?.code == code)
    }

    @Test func theNumberThatWasSentIsTold() {
        let found = #expect(throws: OSSError.self) { try PartNumber("10001") }
        #expect(found?.ec == "0017-00000220")
        let wanted = [
            OSSError.Field(name: "ArgumentName", value: "PartNumber"),
            OSSError.Field(name: "ArgumentValue", value: "10001"),
        ]
        #expect(found?.fields == wanted)
    }
}

@Suite struct ListPartsResultTests {
    private func list(isURLEncoded: Bool, isTruncated: Bool) throws -> ListPartsResult {
        var question = ListPartsResult.Question(
            bucket: "b-1", key: try ObjectKey("a b/+&é"), uploadID: try UploadID(MultipartDocumentTests.uploadID),
            partNumberMarker: 1, maxParts: 2)
        question.isURLEncoded = isURLEncoded
        let date = MultipartDocumentTests.date
        return ListPartsResult(
            question: question,
            parts: [
                .init(
                    number: try PartNumber("2"), lastModifiedMilliseconds: date, eTag: "\"AB\"", sizeBytes: 102_400,
                    crc64: UInt64.max),
                .init(
                    number: try PartNumber("5"), lastModifiedMilliseconds: date, eTag: "\"CD\"", sizeBytes: 0,
                    crc64: nil),
            ], isTruncated: isTruncated)
    }

    @Test(arguments: [true, false], [true, false])
    func partsComeBack(isURLEncoded: Bool, isTruncated: Bool) throws {
        let wanted = try list(isURLEncoded: isURLEncoded, isTruncated: isTruncated)
        let found = try ListPartsResult(document: Array(wanted.write().utf8))
        #expect(found == wanted)
        #expect(found.nextPartNumberMarker == 5)
    }

    @Test func thePartsAreWrittenAsOSSWritesThem() throws {
        let found = try list(isURLEncoded: true, isTruncated: true).write()
        let wanted = """
            <?xml version="1.0" encoding="UTF-8"?>
            <ListPartsResult>
              <EncodingType>url</EncodingType>
              <Bucket>b-1</Bucket>
              <Key>a%20b%2F%2B%26%C3%A9</Key>
              <UploadId>\(MultipartDocumentTests.uploadID)</UploadId>
              <StorageClass>Standard</StorageClass>
              <PartNumberMarker>1</PartNumberMarker>
              <NextPartNumberMarker>5</NextPartNumberMarker>
              <MaxParts>2</MaxParts>
              <IsTruncated>true</IsTruncated>
              <Part>
                <PartNumber>2</PartNumber>
                <LastModified>2012-02-24T06:07:48.000Z</LastModified>
                <ETag>"AB"</ETag>
                <HashCrc64ecma>18446744073709551615</HashCrc64ecma>
                <Size>102400</Size>
              </Part>
              <Part>
                <PartNumber>5</PartNumber>
                <LastModified>2012-02-24T06:07:48.000Z</LastModified>
                <ETag>"CD"</ETag>
                <Size>0</Size>
              </Part>
            </ListPartsResult>

            """
        #expect(found == wanted)
    }

    @Test func anUploadWithoutPartsHasANextMarkerToo() throws {
        let empty = ListPartsResult(
            question: .init(bucket: "b-1", key: try ObjectKey("k"), uploadID: try UploadID("U")), parts: [],
            isTruncated: false)
        #expect(empty.write().contains("<NextPartNumberMarker>0</NextPartNumberMarker>"))
    }

    private static func part(_ number: String, _ date: String, _ size: String, _ crc64: String) -> String {
        "<ListPartsResult><Key>k</Key><UploadId>U</UploadId><Part><PartNumber>\(number)</PartNumber>"
            + "<LastModified>\(date)</LastModified><ETag>e</ETag>\(size)<HashCrc64ecma>\(crc64)</HashCrc64ecma>"
            + "</Part></ListPartsResult>"
    }

    private static let date = "2012-02-24T06:07:48.000Z"

    @Test(
        arguments: [
            (part("0", date, "<Size>1</Size>", ""), .invalidArgument),
            (part("10001", date, "<Size>1</Size>", ""), .invalidArgument),
            (part("1", "x", "<Size>1</Size>", ""), .malformedXML), (part("1", date, "", ""), .malformedXML),
            (part("1", date, "<Size>-1</Size>", ""), .malformedXML),
            (part("1", date, "<Size>1</Size>", "18446744073709551616"), .malformedXML),
            (part("1", date, "<Size>1</Size>", "AB"), .malformedXML),
            (
                "<ListPartsResult><Key>k</Key><UploadId>U</UploadId><IsTruncated>true</IsTruncated></ListPartsResult>",
                .malformedXML
            ),
            ("<ListPartsResult><Key>k</Key></ListPartsResult>", .malformedXML), ("<ListParts/>", .malformedXML),
        ] as [(String, OSSErrorCode)])
    func aWrongListIsRefused(text: String, code: OSSErrorCode) {
        let found = #expect(throws: OSSError.self) { try ListPartsResult(document: Array(text.utf8)) }
        #expect(found?.code == code)
    }
}

@Suite struct ListMultipartUploadsResultTests {
    private func list(isURLEncoded: Bool, next: ListMultipartUploadsResult.Marker?) throws -> ListMultipartUploadsResult
    {
        var question = ListMultipartUploadsResult.Question(
            bucket: "b-1", prefix: "a b/", delimiter: "/", marker: .init(key: "a&", uploadID: "U0"), maxUploads: 2)
        question.isURLEncoded = isURLEncoded
        return ListMultipartUploadsResult(
            question: question,
            uploads: [
                .init(
                    key: try ObjectKey("a b/é+"), uploadID: try UploadID(MultipartDocumentTests.uploadID),
                    initiatedMilliseconds: MultipartDocumentTests.date)
            ], commonPrefixes: ["a b/c/"], next: next)
    }

    @Test(
        arguments: [true, false],
        [nil, .init(key: "a b/é+", uploadID: "U1"), .init(key: "a b/c/")] as [ListMultipartUploadsResult.Marker?])
    func uploadsComeBack(isURLEncoded: Bool, next: ListMultipartUploadsResult.Marker?) throws {
        let wanted = try list(isURLEncoded: isURLEncoded, next: next)
        let found = try ListMultipartUploadsResult(document: Array(wanted.write().utf8))
        #expect(found == wanted)
        #expect(found.isTruncated == (next != nil))
    }

    @Test func theUploadsAreWrittenAsOSSWritesThem() throws {
        let found = try list(isURLEncoded: true, next: nil).write()
        let wanted = """
            <?xml version="1.0" encoding="UTF-8"?>
            <ListMultipartUploadsResult>
              <EncodingType>url</EncodingType>
              <Bucket>b-1</Bucket>
              <KeyMarker>a%26</KeyMarker>
              <UploadIdMarker>U0</UploadIdMarker>
              <NextKeyMarker></NextKeyMarker>
              <NextUploadIdMarker></NextUploadIdMarker>
              <Delimiter>%2F</Delimiter>
              <Prefix>a%20b%2F</Prefix>
              <MaxUploads>2</MaxUploads>
              <IsTruncated>false</IsTruncated>
              <Upload>
                <Key>a%20b%2F%C3%A9%2B</Key>
                <UploadId>\(MultipartDocumentTests.uploadID)</UploadId>
                <StorageClass>Standard</StorageClass>
                <Initiated>2012-02-24T06:07:48.000Z</Initiated>
              </Upload>
              <CommonPrefixes>
                <Prefix>a%20b%2Fc%2F</Prefix>
              </CommonPrefixes>
            </ListMultipartUploadsResult>

            """
        #expect(found == wanted)
    }

    private static func upload(_ key: String, _ uploadID: String, _ date: String) -> String {
        "<ListMultipartUploadsResult><Upload><Key>\(key)</Key><UploadId>\(uploadID)</UploadId>"
            + "<Initiated>\(date)</Initiated></Upload></ListMultipartUploadsResult>"
    }

    @Test(
        arguments: [
            (upload("", "U", "2012-02-24T06:07:48.000Z"), .invalidObjectName),
            (upload("k", "", "2012-02-24T06:07:48.000Z"), .noSuchUpload), (upload("k", "U", ""), .malformedXML),
            ("<ListMultipartUploadsResult><IsTruncated>yes</IsTruncated></ListMultipartUploadsResult>", .malformedXML),
            ("<ListMultipartUploadsResult><IsTruncated>true</IsTruncated></ListMultipartUploadsResult>", .malformedXML),
            (
                "<ListMultipartUploadsResult><IsTruncated>true</IsTruncated><NextKeyMarker/></ListMultipartUploadsResult>",
                .malformedXML
            ),
            (
                "<ListMultipartUploadsResult><EncodingType>url</EncodingType><Prefix>%</Prefix></ListMultipartUploadsResult>",
                .malformedXML
            ), ("<ListUploads/>", .malformedXML), ("", .malformedXML),
        ] as [(String, OSSErrorCode)])
    func aWrongListIsRefused(text: String, code: OSSErrorCode) {
        let found = #expect(throws: OSSError.self) { try ListMultipartUploadsResult(document: Array(text.utf8)) }
        #expect(found?.code == code)
    }
}

@Suite struct UploadIDTests {
    @Test(arguments: ["0004B999EF5A239BB9138C6227D69F95", "a", "~!", String(repeating: "U", count: 256)])
    func whatIsVisibleIsTaken(text: String) throws {
        #expect(try UploadID(text).text == text)
    }

    @Test(arguments: ["", " ", "a b", "a\n", "é", "a\u{7F}", "\u{0}", String(repeating: "U", count: 257)])
    func whatNoUploadHasIsRefused(text: String) {
        let found = #expect(throws: OSSError.self) { try UploadID(text) }
        #expect(found?.code == .noSuchUpload)
    }
}
