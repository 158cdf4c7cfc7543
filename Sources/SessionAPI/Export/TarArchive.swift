/// Writes an archive in the USTAR format: files that anybody may read, of nobody in particular.
///
/// The same files make the same bytes. Source: POSIX.1-2017, pax, "ustar Interchange Format".
struct TarArchive {
    /// A name does not fit into the header.
    struct NameTooLong: Error {}

    private static let blockBytes = 512
    private static let maximumNameBytes = 100

    private var bytes: [UInt8] = []

    /// Adds a file.
    ///
    /// - Parameters:
    ///   - name: its path, parts apart by `/`; at most 100 bytes.
    ///   - modifiedAtSeconds: when it was written, in seconds since 1970, not negative.
    /// - Throws: `NameTooLong`.
    mutating func add(_ name: String, _ content: some Collection<UInt8>, modifiedAtSeconds: Int64) throws(NameTooLong) {
        guard name.utf8.count <= Self.maximumNameBytes else { throw NameTooLong() }
        var header = [UInt8](repeating: 0, count: Self.blockBytes)
        func put(_ text: some Sequence<UInt8>, at offset: Int) {
            for (index, byte) in text.enumerated() { header[offset + index] = byte }
        }
        put(name.utf8, at: 0)
        put(Self.octal(0o644, digits: 7), at: 100)
        put(Self.octal(0, digits: 7), at: 108)
        put(Self.octal(0, digits: 7), at: 116)
        put(Self.octal(Int64(content.count), digits: 11), at: 124)
        put(Self.octal(max(0, modifiedAtSeconds), digits: 11), at: 136)
        // While the sum is taken its own field holds blanks.
        put([UInt8](repeating: UInt8(ascii: " "), count: 8), at: 148)
        header[156] = UInt8(ascii: "0")
        put("ustar\u{0}00".utf8, at: 257)
        let sum = header.reduce(Int64(0)) { $0 + Int64($1) }
        put(Self.octal(sum, digits: 6) + [0, UInt8(ascii: " ")], at: 148)
        bytes.append(contentsOf: header)
        bytes.append(contentsOf: content)
        pad()
    }

    /// The archive with its end.
    consuming func finish() -> [UInt8] {
        bytes.append(contentsOf: [UInt8](repeating: 0, count: 2 * Self.blockBytes))
        return bytes
    }

    private mutating func pad() {
        let rest = bytes.count % Self.blockBytes
        if rest > 0 { bytes.append(contentsOf: [UInt8](repeating: 0, count: Self.blockBytes - rest)) }
    }

    /// A number in base 8, with zeros before it.
    private static func octal(_ value: Int64, digits: Int) -> [UInt8] {
        let text = String(value, radix: 8)
        return Array((String(repeating: "0", count: max(0, digits - text.utf8.count)) + text).utf8.suffix(digits))
    }
}
