/// Writes an XML document as OSS does: a declaration, two blanks of indent, LF, and a final LF.
///
/// Characters that XML 1.0 cannot hold, which are most control characters and U+FFFE and U+FFFF, are written as
/// U+FFFD, the replacement character. The document stays readable, and a reader sees that something stood there; who
/// has keys with such characters lists them with `encoding-type=url`. Source: oss-wire fact 5.
public struct XMLWriter {
    private var written = #"<?xml version="1.0" encoding="UTF-8"?>"# + "\n"
    private var openElements: [String] = []

    /// Starts a document.
    public init() {}

    /// Writes a whole document.
    ///
    /// - Parameters:
    ///   - root: the name of the root element.
    ///   - content: writes what is inside the root.
    public static func document(_ root: String, _ content: (inout XMLWriter) -> Void) -> String {
        var writer = XMLWriter()
        writer.element(root, content)
        return writer.written
    }

    /// The document as written so far.
    public func finished() -> String { written }

    /// Writes an element with text inside; an empty text gives `<Name></Name>`.
    public mutating func element(_ name: String, _ text: String) {
        indent()
        written += "<\(name)>"
        written += Self.escaped(text)
        written += "</\(name)>\n"
    }

    /// Writes an element with text inside, and nothing at all if the text is nil.
    public mutating func element(_ name: String, ifPresent text: String?) {
        if let text {
            element(name, text)
        }
    }

    /// Writes an element with a number inside.
    public mutating func element(_ name: String, _ number: some BinaryInteger) {
        element(name, String(number))
    }

    /// Writes an element with `true` or `false` inside.
    public mutating func element(_ name: String, _ flag: Bool) {
        element(name, flag ? "true" : "false")
    }

    /// Writes an element with elements inside.
    public mutating func element(_ name: String, _ content: (inout XMLWriter) -> Void) {
        indent()
        written += "<\(name)>\n"
        openElements.append(name)
        content(&self)
        openElements.removeLast()
        indent()
        written += "</\(name)>\n"
    }

    /// Writes an element as it was read, with its children or, if it has none, with its text.
    mutating func element(_ element: XMLElement) {
        guard !element.children.isEmpty else {
            self.element(element.name, element.text)
            return
        }
        self.element(element.name) { writer in
            for child in element.children {
                writer.element(child)
            }
        }
    }

    /// Whether a text comes back as it is from a document: it holds nothing that XML 1.0 cannot hold.
    public static func canHold(_ text: String) -> Bool {
        text.unicodeScalars.allSatisfy(isAllowed)
    }

    /// The text with the characters that mean something in XML written as entities.
    static func escaped(_ text: String) -> String {
        // Nearly every text stays as it is. From 0xEF on, bytes may begin a character that is not allowed.
        guard !text.utf8.allSatisfy({ $0 >= 0x20 && $0 < 0xEF && !$0.isMarkup }) else { return text }
        var escaped = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": escaped.append(contentsOf: "&amp;".unicodeScalars)
            case "<": escaped.append(contentsOf: "&lt;".unicodeScalars)
            case ">": escaped.append(contentsOf: "&gt;".unicodeScalars)
            // A reader turns a bare carriage return into a line feed.
            case "\r": escaped.append(contentsOf: "&#13;".unicodeScalars)
            default: escaped.append(isAllowed(scalar) ? scalar : "\u{FFFD}")
            }
        }
        return String(escaped)
    }

    private mutating func indent() {
        written += String(repeating: "  ", count: openElements.count)
    }

    /// Whether XML 1.0 can hold the character; Swift has no surrogates in a text.
    private static func isAllowed(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x9, 0xA, 0xD: true
        case 0x20...0xFFFD: true
        case 0x1_0000...0x10_FFFF: true
        default: false
        }
    }
}

extension UInt8 {
    /// Whether the byte begins something in the text of an XML document.
    fileprivate var isMarkup: Bool {
        self == UInt8(ascii: "&") || self == UInt8(ascii: "<") || self == UInt8(ascii: ">")
    }
}
