import OSSKit

/// How keys stand on the command line and in what commands print.
package enum KeyEncoding: String, Sendable, CaseIterable {
    /// As they are.
    ///
    /// Only a key with characters that would change what a terminal shows is printed in percent form as a whole.
    case plain
    /// In percent form, `/` kept, in arguments and in output: every key can be read back.
    case url

    /// The bytes of a key as it was given; nil if it is not in percent form though it should be.
    package func bytes(of text: some Collection<UInt8>) -> [UInt8]? {
        switch self {
        case .plain: Array(text)
        case .url: PercentCoding.decodePath(text)
        }
    }

    /// A key as it is printed.
    package func shown(_ key: some Collection<UInt8>) -> String {
        guard self == .plain, let text = String(validating: key, as: UTF8.self), Printable.isPrintable(text) else {
            return PercentCoding.encode(key, keepingSlash: true)
        }
        return text
    }
}

/// Texts from elsewhere, made safe for a terminal and for a line.
package enum Printable {
    /// Whether a text holds nothing that would move a cursor, end a line, or turn the direction of writing.
    package static func isPrintable(_ text: String) -> Bool {
        text.unicodeScalars.allSatisfy { !isHidden($0) }
    }

    /// A text with `?` in place of everything that is not printable.
    package static func text(_ text: String) -> String {
        guard !isPrintable(text) else { return text }
        return String(String.UnicodeScalarView(text.unicodeScalars.map { isHidden($0) ? "?" : $0 }))
    }

    static func isHidden(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        // Controls; marks, embeddings, overrides and isolates of writing direction; line and paragraph separators.
        case 0..<0x20, 0x7F...0x9F, 0x061C, 0x200E...0x200F, 0x2028...0x202E, 0x2066...0x2069: true
        default: false
        }
    }
}
