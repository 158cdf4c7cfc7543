import OSSKit
import Testing

/// Chunks give the object's bytes however they are cut, and what is not exactly chunks is refused.
@Suite struct ChunkedPayloadReaderTests {
    private static func read(_ body: String, pieceBytes: Int) throws -> (content: String, trailers: [WireHeader]) {
        var reader = ChunkedPayloadReader(.unsignedWithTrailer, signatures: nil)
        let bytes = Array(body.utf8)
        var content: [UInt8] = []
        for start in stride(from: 0, to: bytes.count, by: pieceBytes) {
            content += try reader.take(bytes[start..<min(start + pieceBytes, bytes.count)])
        }
        try reader.finish()
        return (String(decoding: content, as: UTF8.self), reader.trailers)
    }

    @Test(arguments: [1, 2, 7, 1_000])
    func chunksGiveTheirBytes(pieceBytes: Int) throws {
        let body = "5\r\nhello\r\n0A\r\n\r\n0\r\n worl\r\n0\r\nx-amz-checksum-crc32: AAAAAA== \r\n\r\n"
        let found = try Self.read(body, pieceBytes: pieceBytes)
        #expect(found.content == "hello\r\n0\r\n worl")
        #expect(found.trailers == [WireHeader("x-amz-checksum-crc32", "AAAAAA==")])
    }

    @Test(arguments: ["0\r\n\r\n", "0\r\n\r\n\r\n", "00\r\n\r\n"])
    func nothingIsABodyToo(body: String) throws {
        let found = try Self.read(body, pieceBytes: 1)
        #expect(found.content.isEmpty)
    }

    @Test(arguments: [
        "", "0", "0\r\n", "5\r\nhello", "5\r\nhello\r\n", "5\r\nhellox\r\n0\r\n\r\n", "5\nhello\r\n0\r\n\r\n",
        "-1\r\n", "+5\r\nhello\r\n0\r\n\r\n", " 5\r\nhello\r\n0\r\n\r\n", "5 \r\nhello\r\n0\r\n\r\n", "g\r\n", "\r\n",
        "0x5\r\nhello\r\n0\r\n\r\n", "1234567890123456\r\n", "5;chunk-signature=0\r\nhello\r\n0\r\n\r\n",
        "0\r\n\r\nmore", "0\r\n\r\n\r\n\r\n", "0\r\nno colon\r\n\r\n", "0\r\na: b\r\nA: c\r\n\r\n", "0\r\nä: b\r\n\r\n",
        "0\r\n1:\r\n2:\r\n3:\r\n4:\r\n5:\r\n6:\r\n7:\r\n8:\r\n9:\r\n\r\n",
        String(repeating: "0", count: 2_000), "0\r\n" + String(repeating: "a", count: 2_000),
    ])
    func whatIsNotExactlyChunksIsRefused(body: String) {
        for pieceBytes in [1, 10_000] {
            let refusal = #expect(throws: OSSError.self) { _ = try Self.read(body, pieceBytes: pieceBytes) }
            #expect(refusal?.code == .incompleteBody)
        }
    }
}
