import OSSKit
import Testing

@Suite struct XMLReaderTests {
    /// Documents that are refused, each with what is wrong with it.
    static let refused: [(String, String)] = [
        ("", "nothing"),
        (" ", "blank"),
        ("text", "no element"),
        (#"{"Delete":1}"#, "JSON"),
        ("<Delete>", "not closed"),
        ("<Delete><Quiet>true</Quiet><Object><Key>k</Key></Object>", "root not closed"),
        ("<a></b>", "closed by another"),
        ("<a/><b/>", "two roots"),
        ("<a/>text", "text after the root"),
        ("<a/>&amp;", "reference after the root"),
        ("text<a/>", "text before the root"),
        ("<a>&undefined;</a>", "undefined entity"),
        ("<a>&</a>", "bare ampersand"),
        ("<a>&#0;</a>", "character zero"),
        ("<a>&#1;</a>", "control character by reference"),
        ("<a>\u{1}</a>", "control character"),
        ("<a>\u{0}</a>", "NUL"),
        ("<a>\u{FFFF}</a>", "no character"),
        ("<a x=1/>", "attribute without quotes"),
        ("<a x='1' x='2'/>", "doubled attribute"),
        ("<a><![CDATA[x</a>", "CDATA not closed"),
        ("<!-- x", "comment not closed"),
        ("<!DOCTYPE a><a/>", "document type"),
        ("<!DOCTYPE a [<!ENTITY x \"y\">]><a>&x;</a>", "entity"),
        ("<!DOCTYPE a SYSTEM \"http://127.0.0.1:1/x.dtd\"><a/>", "outside document type"),
        ("<!DOCTYPE d [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><d>&x;</d>", "outside entity"),
        ("<!-- <a> --><!DOCTYPE a><a/>", "document type behind a comment"),
        ("<!--><a \"--><!DOCTYPE a><a/>", "document type behind a comment that looks closed"),
        ("<?><a \"?><!DOCTYPE a><a/>", "document type behind an instruction that looks closed"),
        ("<?xml version='1.0'?><!DOCTYPE a><a/>", "document type behind a declaration"),
        ("<?xml version='1.0' encoding='UTF-16'?><a/>", "other encoding"),
        ("<?xml version='1.0' encoding='ISO-8859-1'?><a/>", "other encoding"),
        ("<?xml version='1.0' encoding='UTF-7'?><a/>", "other encoding"),
        ("<?xml version='1.0' encoding=?><a/>", "broken declaration"),
        (" <?xml version='1.0'?><a/>", "declaration not at the start"),
        (String(repeating: "<a>", count: 17) + String(repeating: "</a>", count: 17), "depth 17"),
        (String(repeating: "<a>", count: 500_000), "depth without end"),
        ("<a " + (0..<33).map { "x\($0)='1'" }.joined(separator: " ") + "/>", "33 attributes"),
        ("<a " + (0..<50_000).map { "x\($0)='1'" }.joined(separator: " ") + "/>", "50,000 attributes"),
        ("<a>" + String(repeating: "<b/>", count: 32_768) + "</a>", "too many elements"),
        ("<a>" + String(repeating: "x", count: 2 * 1_024 * 1_024) + "</a>", "more than 2 MiB"),
    ]

    @Test(arguments: refused.indices)
    func aDocumentOutsideTheRulesIsRefused(position: Int) {
        let (text, flaw) = Self.refused[position]
        let found = #expect(throws: OSSError.self, "\(flaw)") { try XMLReader.read(Array(text.utf8)) }
        #expect(found?.code == .malformedXML)
    }

    @Test(
        arguments: [
            [0xFF, 0xFE, 0x3C, 0, 0x61, 0, 0x2F, 0, 0x3E, 0], [0xFE, 0xFF, 0, 0x3C, 0, 0x61, 0, 0x2F, 0, 0x3E],
            [0x3C, 0, 0x61, 0, 0x2F, 0, 0x3E, 0], [0x3C, 0x61, 0x3E, 0xC3, 0x28, 0x3C, 0x2F, 0x61, 0x3E],
            [0x3C, 0x61, 0x3E, 0xED, 0xA0, 0x80, 0x3C, 0x2F, 0x61, 0x3E], [0x4C, 0x6F, 0xA7, 0x94],
        ] as [[UInt8]])
    func otherEncodingsAreRefused(bytes: [UInt8]) {
        let found = #expect(throws: OSSError.self) { try XMLReader.read(bytes) }
        #expect(found?.code == .malformedXML)
    }

    @Test func whatIsAllowedIsRead() throws {
        let text = """
            \u{FEFF}<?xml version="1.0" encoding="utf-8" standalone="yes"?>
            <!-- a > comment --><?hint x="<"?>
            <o:Root xmlns:o="urn:x" a='>' b="/"><o:Key xml:lang="en"> a&amp;b&lt;&#x1F600;&#10;<![CDATA[<c> & ]]>d</o:Key>
            <Empty/><Blank></Blank><Deep><Deeper>x</Deeper></Deep></o:Root><!-- end -->

            """
        let root = try XMLReader.read(Array(text.utf8))
        #expect(root.name == "Root")
        #expect(root.children.map(\.name) == ["Key", "Empty", "Blank", "Deep"])
        #expect(root.text(of: "Key") == " a&b<😀\n<c> & d")
        #expect(root.text(of: "Empty") == "")
        #expect(root.text(of: "Blank") == "")
        #expect(root.text(of: "Absent") == nil)
        #expect(root.child("Deep")?.text(of: "Deeper") == "x")
    }

    @Test func theLimitsThemselvesAreAllowed() throws {
        let deep = String(repeating: "<a>", count: 16) + String(repeating: "</a>", count: 16)
        let wide = "<a " + (0..<32).map { "x\($0)='1'" }.joined(separator: " ") + "/>"
        let many = "<a>" + String(repeating: "<b/>", count: 32_767) + "</a>"
        let long = "<a>" + String(repeating: "x", count: 2 * 1_024 * 1_024 - 7) + "</a>"
        for document in [deep, wide, many, long] {
            #expect(throws: Never.self) { try XMLReader.read(Array(document.utf8)) }
        }
    }

    @Test func garbageNeverTraps() {
        var random = SeededRandom(seed: 32)
        let pieces = [
            "<", ">", "/", "a", "<a>", "</a>", "<a", "='", "'", "\"", "<!--", "-->", "<![CDATA[", "]]>", "<?xml ", "?>",
            "&amp;", "&#", ";", "<!", "DOCTYPE", "encoding", "\u{0}", "é", " ", "=", "x:",
        ]
        for _ in 0..<20_000 {
            let count = Int.random(in: 0...12, using: &random)
            let text = (0..<count).compactMap { _ in pieces.randomElement(using: &random) }.joined()
            _ = try? XMLReader.read(Array(text.utf8))
            _ = ServiceError(status: 400, headers: [], body: Array(text.utf8))
        }
    }

    @Test func aThousandDocumentsAtOnceAreRead() async {
        let document = Array("<a><b>text</b></a>".utf8)
        let read = await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<1_000 {
                group.addTask { (try? XMLReader.read(document))?.text(of: "b") == "text" }
            }
            return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(read == 1_000)
    }
}
