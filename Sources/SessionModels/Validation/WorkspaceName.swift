/// The names that become part of an object's key: a file's, and each segment of a chapter's.
///
/// Source: upload-gateway.md 2.6. Names are not normalised.
package enum WorkspaceName {
    /// Whether a file may have that name.
    package static func isFileName(_ text: String) -> Bool {
        isSegment(Array(text.utf8)[...])
    }

    /// Whether every segment of a chapter may stand in a key.
    package static func isChapter(_ text: String) -> Bool {
        Array(text.utf8).split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).allSatisfy(isSegment)
    }

    private static func isSegment(_ bytes: ArraySlice<UInt8>) -> Bool {
        guard SessionLimits.nameBytes.contains(bytes.count) else { return false }
        guard !bytes.elementsEqual(".".utf8), !bytes.elementsEqual("..".utf8) else { return false }
        guard bytes.allSatisfy({ $0 >= 0x20 && $0 != 0x7F && !forbidden.contains($0) }) else { return false }
        // The replacement character stands for a NUL or half a surrogate that was sent: a name with another meaning.
        return !String(decoding: bytes, as: UTF8.self).unicodeScalars.contains("\u{FFFD}")
    }

    private static let forbidden = Array("/\\?#".utf8)
}
