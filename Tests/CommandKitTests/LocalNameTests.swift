import CommandKit
import Testing

@Suite struct LocalNameTests {
    @Test(arguments: [
        ("a.txt", "", "out/a.txt", false), ("p/a.txt", "p/", "out/a.txt", false),
        ("p/q/a.txt", "p/", "out/q/a.txt", false), ("p/q/", "p/", "out/q", true), ("p/", "p/", "out", true),
        ("..a/...", "", "out/..a/...", false), ("a\\..\\b", "", "out/a\\..\\b", false), ("中/文", "", "out/中/文", false),
    ])
    func aKeyBecomesAPathBelowTheFolder(_ key: String, _ prefix: String, _ path: String, _ isFolder: Bool) throws {
        let name = try LocalName(of: Array(key.utf8), below: Array(prefix.utf8))
        #expect(name.path(below: "out") == path)
        #expect(name.path(below: "out/") == (path == "out" ? "out/" : path))
        #expect(name.isFolder == isFolder)
    }

    @Test(arguments: [
        ("..", ""), ("../a", ""), ("a/../b", ""), ("a/..", ""), ("a/../", ""), (".", ""), ("./a", ""), ("a/./b", ""),
        ("a//b", ""), ("a//", ""), ("p//etc/passwd", "p/"), ("p/../a", "p/"), ("a\u{0}b", ""),
        (String(repeating: "x", count: 256), ""), ("q/a", "p/"),
    ])
    func aKeyThatLeadsElsewhereIsRefused(_ key: String, _ prefix: String) {
        #expect(throws: UnsafeKey.self) { try LocalName(of: Array(key.utf8), below: Array(prefix.utf8)) }
    }

    @Test func bytesThatAreNoTextAreRefused() {
        #expect(throws: UnsafeKey.self) { try LocalName(of: [0x61, 0xFF], below: []) }
    }

    @Test(arguments: [("a/b.txt", "b.txt"), ("b.txt", "b.txt"), ("/a/b/", "b"), ("/", "/"), ("", "")])
    func theLastNameOfAPathIsFound(_ path: String, _ wanted: String) {
        let name = LocalPath.lastName(path)
        #expect(name == wanted)
    }
}
