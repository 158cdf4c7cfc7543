import OSSKit
import Testing

@Suite struct MultipartETagTests {
    /// Source: oss-wire fact 0.4; the digests are those of the texts, counted with another program.
    @Test(
        arguments: [
            (["\"5D41402ABC4B2A76B9719D911017C592\""], "\"F872A18EB88181EB00816510E762FEE6-1\""),
            (
                ["\"5D41402ABC4B2A76B9719D911017C592\"", "\"7D793037A0760186574B0282F2F435E7\""],
                "\"42B84D75CCD1176E729FC310B961AF25-2\""
            ),
        ] as [([String], String)])
    func theTextOfTheETagsIsHashed(eTags: [String], wanted: String) {
        let found = MultipartETag.of(eTags)
        #expect(found == wanted)
    }

    @Test func quotesAndCaseMakeNoDifference() {
        let wanted = MultipartETag.of(["\"5D41402ABC4B2A76B9719D911017C592\"", "\"AB\""])
        let found = MultipartETag.of(["5d41402abc4b2a76b9719d911017c592", "ab"])
        #expect(found == wanted)
        #expect(MultipartETag.isEqual("\"AB-1\"", "ab-1"))
        #expect(!MultipartETag.isEqual("\"AB-1\"", "\"AB-2\""))
    }

    @Test func noPartsHaveNoETag() {
        #expect(MultipartETag.of([String]()) == nil)
    }
}
