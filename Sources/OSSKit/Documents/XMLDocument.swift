/// A document of OSS that is read in one place and written in one place, for servers and clients alike.
///
/// What a document holds that is not known here is passed over, as OSS does; what has to be there and is not, or is no
/// number where there has to be one, is `MalformedXML`.
public protocol XMLDocument: Sendable, Equatable {
    /// The name of the root element.
    static var rootName: String { get }

    /// Reads what the root element holds.
    ///
    /// - Throws: `MalformedXML` if that is not a document of this kind.
    init(root: XMLElement) throws(OSSError)

    /// Writes what the root element holds.
    func writeContent(to writer: inout XMLWriter)
}

extension XMLDocument {
    /// Reads a document.
    ///
    /// - Throws: `MalformedXML` if it is not one of this kind.
    public init(document: some Collection<UInt8>) throws(OSSError) {
        try self.init(root: try XMLReader.read(document, root: Self.rootName))
    }

    /// Writes the document.
    public func write() -> String {
        XMLWriter.document(Self.rootName) { writeContent(to: &$0) }
    }
}

extension XMLElement {
    /// The element without the text between its children, which is but indent.
    var withoutBlanks: XMLElement {
        // An element is at most as deep as the reader lets a document be.
        children.isEmpty ? self : XMLElement(name, children: children.map(\.withoutBlanks))
    }

    /// The elements of this name as values, in order.
    func values<Value>(
        _ name: String, _ read: (XMLElement) throws(OSSError) -> Value
    ) throws(OSSError) -> [Value] {
        var values: [Value] = []
        for element in all(name) {
            values.append(try read(element))
        }
        return values
    }

    /// The texts of all children of this name, in order.
    func texts(_ name: String) -> [String] {
        all(name).map(\.text)
    }

    /// The first child of this name as a value; nil if there is none.
    func value<Value>(
        _ name: String, _ read: (XMLElement) throws(OSSError) -> Value
    ) throws(OSSError) -> Value? {
        guard let child = child(name) else { return nil }
        return try read(child)
    }

    /// The first child of this name, which has to be there.
    ///
    /// - Throws: `MalformedXML` if it is not.
    func required(_ name: String) throws(OSSError) -> XMLElement {
        guard let child = child(name) else { throw XMLReader.refusal("the element \(name) is missing.") }
        return child
    }

    /// The number in a child, which has to be there.
    ///
    /// - Throws: `MalformedXML` if it is not, or is anything but a number of at most 18 digits.
    func requiredNumber(of name: String) throws(OSSError) -> Int {
        guard let number = try number(of: name) else { throw XMLReader.refusal("the element \(name) is missing.") }
        return number
    }

    /// The flag in a child, which has to be there.
    ///
    /// - Throws: `MalformedXML` if it is not, or is neither `true` nor `false`.
    func requiredFlag(of name: String) throws(OSSError) -> Bool {
        guard let flag = try flag(of: name) else { throw XMLReader.refusal("the element \(name) is missing.") }
        return flag
    }

    /// The word in a child, which has to be one of those that a type knows.
    ///
    /// - Throws: `MalformedXML` if the child is missing or holds another word.
    func requiredWord<Word: RawRepresentable>(
        of name: String, _ type: Word.Type = Word.self
    ) throws(OSSError) -> Word where Word.RawValue == String {
        guard let word = Word(rawValue: try requiredText(of: name)) else {
            throw XMLReader.refusal("the element \(name) holds a word that is not known.")
        }
        return word
    }

    /// The date in a child, in unix milliseconds; nil if there is no such child or nothing in it.
    ///
    /// - Throws: `MalformedXML` if there is anything but a date.
    func date(ifPresent name: String) throws(OSSError) -> Int64? {
        guard let text = text(of: name), !text.isEmpty else { return nil }
        return try date(of: name)
    }
}

extension XMLWriter {
    /// Writes an element for each text, in order.
    mutating func elements(_ name: String, _ texts: [String]) {
        for text in texts {
            element(name, text)
        }
    }

    /// Writes an element with a number inside, and nothing at all if it is nil.
    mutating func element(_ name: String, ifPresent number: (some BinaryInteger)?) {
        if let number {
            element(name, number)
        }
    }

    /// Writes an element with `true` or `false` inside, and nothing at all if the flag is nil.
    mutating func element(_ name: String, ifPresent flag: Bool?) {
        if let flag {
            element(name, flag)
        }
    }

    /// Writes an element with a date inside, and nothing at all if it is nil.
    mutating func element(_ name: String, dateIfPresent unixMilliseconds: Int64?) {
        if let unixMilliseconds {
            element(name, ISO8601.format(unixMilliseconds: unixMilliseconds))
        }
    }
}
