import CommandKit
import Testing

@Suite struct ExportedNameTests {
    @Test(arguments: [
        ("a/b.txt", "a/b.txt"), ("..", "%2E%2E"), ("a/../../etc/passwd", "a/%2E%2E/%2E%2E/etc/passwd"),
        ("./a", "%2E/a"), ("a//b", "a/%00/b"), ("dir/", "dir/%00"), ("", "%00"), ("100%", "100%25"),
        ("tab\there", "tab%09here"), ("a\u{7F}", "a%7F"), ("...", "..."), (".hidden", ".hidden"),
        ("back\\slash", "back\\slash"),
        ("e\u{301}", "e\u{301}"), ("%00", "%2500"), ("a%.", "a%25."),
    ])
    func aKeyHasItsOwnPathAndComesBack(key: String, path: String) {
        let names = ExportedName.components(of: Array(key.utf8), hasKeysBelow: false)
        let joined = names.joined(separator: "/")
        #expect(Array(joined.utf8) == Array(path.utf8))
        let back = ExportedName.key(of: names)
        #expect(back == Array(key.utf8))
    }

    @Test func aKeyThatIsAFolderTooStandsBesideIt() {
        let file = ExportedName.components(of: Array("a/b".utf8), hasKeysBelow: true)
        #expect(file == ["a", "b%."])
        let back = ExportedName.key(of: file)
        #expect(back == Array("a/b".utf8))
    }

    @Test(arguments: [241, 480, 1_023])
    func aLongPartIsCutAndPutTogether(length: Int) {
        for end in ["", "..", "é", "%"] {
            let key = Array((String(repeating: "x", count: length - end.utf8.count) + end).utf8)
            let names = ExportedName.components(of: key, hasKeysBelow: true)
            let longest = names.map(\.utf8.count).max() ?? 0
            #expect(names.count > 1)
            #expect(longest <= 255)
            let back = ExportedName.key(of: names)
            #expect(back == key)
        }
    }

    @Test(arguments: ["a%20b.txt", "100%.txt", "%zz", "x%2f", "%2E", "%~", "a%00b"])
    func aNameThatNoExportWritesStandsForItself(name: String) {
        let key = ExportedName.key(of: [name, "file"])
        let expected = name == "%2E" ? "./file" : name == "%~" ? "%~/file" : name + "/file"
        #expect(key == Array(expected.utf8))
    }

    @Test func randomKeysComeBackAndNeverCollide() {
        var generator = SystemRandomNumberGenerator()
        let seed = UInt64.random(in: 0 ... .max, using: &generator)
        var random = Random(state: seed)
        let alphabet: [UInt8] = Array("ab./%~\u{1}.é2E0".utf8.filter { $0 < 0x80 })
        var paths: [String: [UInt8]] = [:]
        for _ in 0..<20_000 {
            let key = (0..<Int(random.next() % 9 + 1)).map { _ in alphabet[Int(random.next() % UInt64(alphabet.count))]
            }
            let hasKeysBelow = random.next() % 2 == 0
            let names = ExportedName.components(of: key, hasKeysBelow: hasKeysBelow)
            #expect(!names.contains(where: { ["", ".", ".."].contains($0) || $0.contains("/") }), "seed \(seed)")
            let back = ExportedName.key(of: names)
            #expect(back == key, "seed \(seed)")
            let path = names.joined(separator: "/")
            #expect(paths[path] ?? key == key, "seed \(seed)")
            paths[path] = key
        }
    }
}

private struct Random {
    var state: UInt64

    mutating func next() -> UInt64 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return state >> 33
    }
}
