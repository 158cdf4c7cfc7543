import OSSKit
import Testing

/// A case of `error-xml.json`: a response, and what is to be read out of it.
struct ErrorCase: Decodable, CustomTestStringConvertible {
    struct Expected: Decodable {
        let parsed: Bool
        let code: String
        let message: String?
        let requestId: String?
        let hostId: String?
        let ec: String?
        let fields: [String: String]
    }

    let id: String
    let name: String
    let status: Int
    let headers: [String: String]
    let bodyBase64: String
    let expected: Expected

    var testDescription: String { "\(id) \(name)" }

    static func all() throws -> [ErrorCase] {
        try Vectors.cases("error-xml.json", as: ErrorCase.self)
    }
}

@Suite struct ServiceErrorTests {
    @Test(arguments: try ErrorCase.all())
    func everyResponseIsRead(vector: ErrorCase) throws {
        let body = try #require(Base64.decode(vector.bodyBase64))
        let found = ServiceError(
            status: vector.status, headers: vector.headers.map { WireHeader($0.key, $0.value) }, body: body)
        let wanted = vector.expected
        #expect(found.status == vector.status)
        #expect(found.isParsed == wanted.parsed)
        #expect(found.code == wanted.code)
        #expect(found.message == wanted.message)
        #expect(found.requestID == wanted.requestId)
        #expect(found.hostID == wanted.hostId)
        #expect(found.ec == wanted.ec)
        #expect(found.fields == wanted.fields)
    }

    @Test func whatWeWriteWeRead() {
        let refusal = OSSError(.noSuchKey, fields: [("Key", "a&b<c>\"d'\u{1}中")])
        let document = ErrorDocument.write(refusal, requestID: "5C4A0B1C2D3E4F5061728394", hostID: "h")
        let found = ServiceError(
            status: 404, headers: [WireHeader("X-Oss-Err", ErrorDocument.headerValue(of: document))], body: [])
        #expect(found.isCode(.noSuchKey))
        #expect(found.ec == "0026-00000001")
        #expect(found.fields["Key"] == "a&b<c>\"d'\u{FFFD}中")
        #expect(found.fields["RecommendDoc"] == "https://api.aliyun.com/troubleshoot?q=0026-00000001")
    }

    @Test func theDocumentHasTheOrderAndTheFormOfOSS() {
        let found = ErrorDocument.write(
            OSSError(.noSuchKey, fields: [("Key", "dir/a.txt")]), requestID: "R", hostID: "b.h")
        let wanted = """
            <?xml version="1.0" encoding="UTF-8"?>
            <Error>
              <Code>NoSuchKey</Code>
              <Message>The specified key does not exist.</Message>
              <RequestId>R</RequestId>
              <HostId>b.h</HostId>
              <Key>dir/a.txt</Key>
              <EC>0026-00000001</EC>
              <RecommendDoc>https://api.aliyun.com/troubleshoot?q=0026-00000001</RecommendDoc>
            </Error>

            """
        #expect(found == wanted)
    }

    @Test func everyTruncationIsAnError() throws {
        let whole = Array(ErrorDocument.write(OSSError(.noSuchKey), requestID: "R", hostID: "h").utf8)
        for length in whole.indices {
            let found = ServiceError(status: 404, headers: [], body: whole.prefix(length))
            #expect(["NoSuchKey", ServiceError.unreadableCode].contains(found.code), "cut at \(length)")
        }
    }
}
