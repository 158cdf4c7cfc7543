import OSSKit
import Testing

/// The example of the Amazon S3 API reference: 65 KiB of `a` in two chunks.
@Suite struct ChunkSignaturesTests {
    private static let first = "ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648"
    private static let second = "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497"
    private static let last = "b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9"
    private static let chunks = [
        (65_536, first), (1_024, second), (0, last),
    ]

    private func verified(payload: String = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD") throws -> VerifiedSignature {
        let authorization =
            "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,"
            + "SignedHeaders=content-encoding;content-length;host;x-amz-content-sha256;x-amz-date;"
            + "x-amz-decoded-content-length;x-amz-storage-class,"
            + "Signature=4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9"
        let target = try RequestTarget("/examplebucket/chunkObject.txt")
        let request = WireRequest(
            method: "PUT", scheme: "https", host: "s3.amazonaws.com", target: target,
            headers: [
                WireHeader("x-amz-date", "20130524T000000Z"), WireHeader("x-amz-storage-class", "REDUCED_REDUNDANCY"),
                WireHeader("Authorization", authorization), WireHeader("x-amz-content-sha256", payload),
                WireHeader("Content-Encoding", "aws-chunked"), WireHeader("x-amz-decoded-content-length", "66560"),
                WireHeader("Content-Length", "66824"),
            ])
        let read = try RequestAuthentication.read(
            request, resource: try target.pathStyleResource(),
            conditions: .init(region: "any", nowUnixSeconds: 1_369_353_600, schemes: [.aws4Header]))
        guard case .presented(let presented) = read else { throw OSSError(.accessDenied) }
        return try presented.verify(with: Secret("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"))
    }

    /// The SHA-256 of so many `a`.
    private func digest(_ count: Int) throws -> [UInt8] {
        let digests = [
            65_536: "bf718b6f653bebc184e1479f1935b8da974d701b893afcf49e701f3e2f9f9c5a",
            65_535: "6e1bebca6a8229364a162a72ef064826c4cd7457bf54f190ef782bd9deff3e42",
            1_024: "2edc986847e209b4016e141a6dc8716d3207350f416969382d431539bf292e4a",
            0: "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        ]
        let digits = try #require(digests[count])
        return try #require(Hexadecimal.decode(digits))
    }

    @Test func theChunksOfTheReferenceAreRight() throws {
        let found = try verified()
        #expect(found.payload == .streaming(.signed))
        var signatures = try #require(found.chunkSignatures)
        for (count, signature) in Self.chunks {
            try signatures.checkChunk(sha256: try digest(count), signature: signature)
        }
    }

    @Test(arguments: [
        (65_535, first), (65_536, second), (65_536, ""), (65_536, first + "0"), (65_536, first.uppercased()),
        (0, last), (1_024, second),
    ])
    func anotherFirstChunkIsRefused(count: Int, signature: String) throws {
        var signatures = try #require(verified().chunkSignatures)
        let found = #expect(throws: OSSError.self) {
            try signatures.checkChunk(sha256: try digest(count), signature: signature)
        }
        #expect(found?.code == .signatureDoesNotMatch)
        #expect(found?.ec == "0002-00000430")
    }

    @Test func aChunkCannotBeLeftOut() throws {
        var signatures = try #require(verified().chunkSignatures)
        try signatures.checkChunk(sha256: try digest(65_536), signature: Self.first)
        #expect(throws: OSSError.self) { try signatures.checkChunk(sha256: try digest(0), signature: Self.last) }
        #expect(throws: OSSError.self) {
            try signatures.checkTrailer([WireHeader("x-amz-checksum-crc32", "AAAA")], signature: Self.last)
        }
    }

    @Test(arguments: ["STREAMING-UNSIGNED-PAYLOAD-TRAILER", "UNSIGNED-PAYLOAD", "STREAMING-X", "", "00"])
    func anotherPayloadIsNotWhatWasSigned(payload: String) {
        #expect(throws: OSSError.self) { try verified(payload: payload) }
    }
}
