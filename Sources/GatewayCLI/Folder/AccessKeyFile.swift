/// The file names under which access keys lie in a data folder.
///
/// A key is a file of mode 0600 that holds its secret and a newline. Its name is the access key id, and ends in
/// `.disabled` while the key is switched off.
enum AccessKeyFile {
    /// What the name of a disabled key's file ends in.
    static let disabledSuffix = ".disabled"

    /// Whether a text can be an access key id: 1 to 128 letters, digits, `-`, `_` or `.`, not beginning with a dot.
    static func isAccessKeyID(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        guard (1...128).contains(bytes.count), bytes.first != UInt8(ascii: "."), !text.hasSuffix(disabledSuffix) else {
            return false
        }
        return bytes.allSatisfy { byte in
            isLetterOrDigit(byte) || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_")
                || byte == UInt8(ascii: ".")
        }
    }

    /// The id and state that a file name stands for; nil for a name that is no key's.
    static func parse(fileName: String) -> (id: String, isEnabled: Bool)? {
        let isEnabled = !fileName.hasSuffix(disabledSuffix)
        let id = isEnabled ? fileName : String(fileName.dropLast(disabledSuffix.count))
        return isAccessKeyID(id) ? (id, isEnabled) : nil
    }

    private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
        let lower = byte | 0x20
        return (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(lower)
            || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }
}
