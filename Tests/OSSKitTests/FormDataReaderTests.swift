import OSSKit
import Testing

/// A form is read the same however its bytes are cut, and what is not exactly a form is refused.
@Suite struct FormDataReaderTests {
    private static let type = "multipart/form-data; boundary=b0"

    private static func body(_ parts: [(head: String, content: String)], ending: String = "--b0--\r\n") -> [UInt8] {
        Array((parts.map { "--b0\r\n\($0.head)\r\n\r\n\($0.content)\r\n" }.joined() + ending).utf8)
    }

    private static func field(_ name: String, _ value: String) -> (head: String, content: String) {
        ("Content-Disposition: form-data; name=\"\(name)\"", value)
    }

    private static func file(_ content: String, name: String = "a.txt") -> (head: String, content: String) {
        ("Content-Disposition: form-data; name=\"file\"; filename=\"\(name)\"\r\nContent-Type: text/plain", content)
    }

    /// What a body holds: its fields, and its file's bytes put together.
    private struct Found: Equatable {
        var fields: [String] = []
        var file: String?
        var filename: String?
    }

    private static func read(_ body: [UInt8], pieceBytes: Int, type: String = type) throws -> Found {
        var reader = try FormDataReader(contentType: type)
        var found = Found()
        var content: [UInt8] = []
        var isWhole = false
        for start in stride(from: 0, to: body.count, by: pieceBytes) {
            for piece in try reader.take(body[start..<min(body.count, start + pieceBytes)]) {
                switch piece {
                case .field(let name, let value): found.fields.append("\(name)=\(value)")
                case .fileBegins(let part): found.filename = part.filename
                case .fileBytes(let bytes): content += bytes
                case .fileEnds: isWhole = true
                }
            }
        }
        try reader.finish()
        if isWhole { found.file = String(decoding: content, as: UTF8.self) }
        return found
    }

    @Test(arguments: [1, 2, 3, 5, 7, 64, 10_000])
    func aFormIsTheSameHoweverItsBytesAreCut(pieceBytes: Int) throws {
        let content = "a\r\n--b\r\n\r--b1\r\n--b0\u{0}\r\r\n"
        // The delimiter's own letters may stand in a file, if no line begins with all of it.
        let harmless = content.replacing("\r\n--b0", with: "--b0")
        let body = Self.body([
            Self.field("key", "k/${filename}"), Self.field("empty", ""), Self.field("x-oss-meta-a", "ü\r\nb"),
            Self.file(harmless), Self.field("submit", "Upload"),
        ])
        let found = try Self.read(body, pieceBytes: pieceBytes)
        let wanted = Found(
            fields: ["key=k/${filename}", "empty=", "x-oss-meta-a=ü\r\nb"], file: harmless, filename: "a.txt")
        #expect(found == wanted)
    }

    @Test(arguments: [
        ("\r\n--b0\r\nContent-Disposition: form-data; name=file\r\n\r\nx\r\n--b0--", "x"),
        ("--b0\r\ncontent-disposition: FORM-DATA; NAME=\"File\"\r\n\r\n\r\n--b0--\r\n", ""),
        ("--b0\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\\\"b;c\"\r\n\r\n\r\n\r\n--b0--", "\r\n"),
    ])
    func whatClientsWriteDifferentlyIsTaken(body: String, file: String) throws {
        let found = try Self.read(Array(body.utf8), pieceBytes: 4)
        #expect(found.file == file)
    }

    @Test(arguments: ["C:\\dir\\a.txt", "a\\\"b", "../../x"])
    func aFileNameIsWhatStandsInTheQuotes(name: String) throws {
        let found = try Self.read(Self.body([Self.file("x", name: name)]), pieceBytes: 1_000)
        #expect(found.filename == name.replacing("\\\"", with: "\""))
    }

    @Test(arguments: [
        "", "text/plain", "multipart/form-datax; boundary=b0", "multipart/mixed; boundary=b0",
        "application/x-www-form-urlencoded",
    ])
    func anotherTypeIsNoForm(type: String) {
        let refusal = #expect(throws: OSSError.self) { try FormDataReader(contentType: type) }
        #expect(refusal?.code == .requestIsNotMultiPartContent)
    }

    @Test(arguments: [
        "multipart/form-data", "multipart/form-data; boundary=", "multipart/form-data; boundary=\"a b\"",
        "multipart/form-data; boundary=\"a", "multipart/form-data; boundary=a; boundary=b",
        "multipart/form-data; boundary=ä", "multipart/form-data; boundary=" + String(repeating: "a", count: 129),
    ])
    func aTypeWithoutBoundaryIsRefused(type: String) {
        let refusal = #expect(throws: OSSError.self) { try FormDataReader(contentType: type) }
        #expect(refusal?.code == .malformedPOSTRequest)
    }

    @Test(arguments: [
        "", "\r\n", "--b0", "--b0--", "--b1\r\n", "preamble\r\n--b0\r\n", "--b0 \r\n",
        "--b0\r\n\r\nx\r\n--b0--", "--b0\r\nContent-Type: text/plain\r\n\r\nx\r\n--b0--",
        "--b0\r\nContent-Disposition: form-data\r\n\r\nx\r\n--b0--",
        "--b0\r\nContent-Disposition: form-data; name=\"\"\r\n\r\nx\r\n--b0--",
        "--b0\r\nContent-Disposition: form-data; name=\"a\"; name=\"b\"\r\n\r\nx\r\n--b0--",
        "--b0\r\nContent-Disposition: form-data; name=\"a\r\n\r\nx\r\n--b0--",
        "--b0\r\nContent-Disposition: form-data; name=\"a\" b\r\n\r\nx\r\n--b0--",
        "--b0\r\nContent-Disposition: attachment; name=\"a\"\r\n\r\nx\r\n--b0--",
        "--b0\r\nContent-Disposition: form-data; name=\"file\"\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nx"
            + "\r\n--b0--",
        "--b0\r\nContent-Disposition: form-data; name=\"file\"\r\n folded: x\r\n\r\nx\r\n--b0--",
        "--b0\r\nContent-Disposition: form-data; name=\"file\"\nX: y\r\n\r\nx\r\n--b0--",
        "--b0\r\nContent-Disposition: form-data; name=\"file\"\rX: y\r\n\r\nx\r\n--b0--",
        "--b0\r\nContent-Disposition: form-data; name=\"file\"\r\nContent-Transfer-Encoding: base64\r\n\r\nx\r\n--b0--",
        "--b0\r\nContent-Disposition: form-data; name=\"file\"\r\nContent-Type: a\r\nContent-Type: b\r\n\r\nx\r\n--b0--",
        "--b0\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\nx",
        "--b0\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\nx\r\n--b0",
        "--b0\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\nx\r\n--b0\r\n",
        "--b0\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\nx\r\n--b01--",
        "--b0\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\nx\r\n--b0--\r\nmore",
        "--b0\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\nx\r\n--b0--\r\n--b0\r\n",
    ])
    func whatIsNotExactlyAFormIsRefused(body: String) {
        for pieceBytes in [1, 1_000] {
            let refusal = #expect(throws: OSSError.self) {
                _ = try Self.read(Array(body.utf8), pieceBytes: pieceBytes)
            }
            let code = refusal?.code
            #expect(code == .malformedPOSTRequest || code == .incorrectNumberOfFilesInPOSTRequest)
        }
    }

    @Test func aValueThatIsNotUTF8IsRefused() {
        let body = Self.body([Self.field("key", "~")]).map { $0 == UInt8(ascii: "~") ? 0xFF : $0 }
        let refusal = #expect(throws: OSSError.self) { _ = try Self.read(body, pieceBytes: 50) }
        #expect(refusal?.code == .malformedPOSTRequest)
    }

    @Test func oneFileIsWanted() {
        for parts in [[Self.field("key", "k")], [Self.file("a"), Self.file("b")]] {
            let refusal = #expect(throws: OSSError.self) { _ = try Self.read(Self.body(parts), pieceBytes: 9) }
            #expect(refusal?.code == .incorrectNumberOfFilesInPOSTRequest)
        }
    }

    @Test(arguments: [1_000, 60_000])
    func fieldsBeyondALimitAreRefused(pieceBytes: Int) {
        let long = String(repeating: "a", count: 300_000)
        let many = (0..<600).map { Self.field("f\($0)", "v") }
        let cases: [([(head: String, content: String)], OSSErrorCode)] = [
            ([Self.field("a", long), Self.field("b", long)], .maxPOSTPreDataLengthExceededError),
            ([Self.file("x"), Self.field("a", long), Self.field("b", long)], .maxPOSTPreDataLengthExceededError),
            (many, .maxPOSTPreDataLengthExceededError),
            ([Self.field(String(repeating: "n", count: 9_000), "v")], .fieldItemTooLong),
            ([("X: " + String(long.prefix(20_000)), "v")], .fieldItemTooLong),
        ]
        for (parts, code) in cases {
            let refusal = #expect(throws: OSSError.self) {
                _ = try Self.read(Self.body(parts + [Self.file("x")]), pieceBytes: pieceBytes)
            }
            #expect(refusal?.code == code)
        }
    }

    @Test func aFileMayBeLongerThanAllFields() throws {
        let content = String(repeating: "0123456789\r\n-", count: 100_000)
        let found = try Self.read(Self.body([Self.file(content)]), pieceBytes: 65_536)
        #expect(found.file == content)
    }
}
