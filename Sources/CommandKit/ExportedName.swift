import OSSKit

/// The names of files that stand for keys of any kind, and the way back.
///
/// Names are the parts of the key between slashes. What a file system does not take, or takes for something else, is
/// escaped, so that each key has a path of its own, none leads out of the folder, and `key(of:)` finds the key again:
/// `%25` is a percent sign, `%01` to `%1F` and `%7F` are control characters, `%2E` and `%2E%2E` stand for `.` and `..`,
/// `%00` for a part that is empty, `%~` at the end of a name says that the part goes on in the next one, and `%.` at the
/// end of the last one that the key is also the folder of other keys.
package enum ExportedName {
    /// How many bytes a name may have before it is cut, with room for what is appended.
    private static let nameBytes = 240

    private static let percent = UInt8(ascii: "%")
    private static let goesOn = Array("%~".utf8)
    private static let isFolderToo = Array("%.".utf8)
    private static let nothing = Array("%00".utf8)

    /// The names on the way to the file of a key; the key is UTF-8, as all are.
    ///
    /// - Parameters:
    ///   - key: the key, or what follows a prefix in it.
    ///   - hasKeysBelow: whether there are keys that begin with this one and a slash.
    package static func components(of key: some Collection<UInt8>, hasKeysBelow: Bool) -> [String] {
        let parts = key.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        var names = parts.flatMap { Self.names(of: Array($0)) }
        if hasKeysBelow, let last = names.popLast() { names.append(last + isFolderToo) }
        return names.map { String(decoding: $0, as: UTF8.self) }
    }

    /// The key of a file that an export has written; names that none would have written stand for themselves.
    package static func key(of components: [String]) -> [UInt8] {
        let names = components.map { Array($0.utf8) }
        guard let (key, hasKeysBelow) = decoded(names),
            Self.components(of: key, hasKeysBelow: hasKeysBelow).map({ Array($0.utf8) }) == names
        else { return Array(names.joined(separator: [UInt8(ascii: "/")])) }
        return key
    }

    private static func names(of part: [UInt8]) -> [[UInt8]] {
        guard !part.isEmpty else { return [nothing] }
        var names: [[UInt8]] = [[]]
        for scalar in String(decoding: part, as: UTF8.self).unicodeScalars {
            let unit = Array(String(scalar).utf8).flatMap(escaped)
            if names[names.count - 1].count + unit.count > nameBytes { names.append([]) }
            names[names.count - 1] += unit
        }
        return names.enumerated().map { index, name in
            let isDots = name == [UInt8(ascii: ".")] || name == Array("..".utf8)
            let plain = isDots ? name.flatMap { _ in Array("%2E".utf8) } : name
            return index == names.count - 1 ? plain : plain + goesOn
        }
    }

    private static func escaped(_ byte: UInt8) -> [UInt8] {
        guard byte < 0x20 || byte == 0x7F || byte == percent else { return [byte] }
        return [percent] + Array(Hexadecimal.upper([byte]).utf8)
    }

    private static func decoded(_ names: [[UInt8]]) -> (key: [UInt8], hasKeysBelow: Bool)? {
        var (key, hasKeysBelow, startsPart) = ([UInt8](), false, false)
        for (index, name) in names.enumerated() {
            var name = name[...]
            if startsPart { key.append(UInt8(ascii: "/")) }
            startsPart = true
            if name.suffix(2).elementsEqual(goesOn) {
                name = name.dropLast(2)
                startsPart = false
            } else if index == names.count - 1, name.suffix(2).elementsEqual(isFolderToo) {
                name = name.dropLast(2)
                hasKeysBelow = true
            }
            guard !name.elementsEqual(nothing) else { continue }
            guard let bytes = PercentCoding.decodePath(name), !bytes.contains(0) else { return nil }
            key += bytes
        }
        return startsPart ? (key, hasKeysBelow) : nil
    }
}
