/// The form of a document that is kept as it stands: its elements, in the order in which they are written.
///
/// For documents that nothing here acts upon a form says all there is to say; the others have a type of their own.
/// Elements that the form does not name are passed over, as OSS does.
public struct DocumentShape: Sendable {
    /// What an element holds.
    public indirect enum Content: Sendable {
        /// A text of at most so many bytes.
        case text(maximumBytes: Int)
        /// A whole number in a range.
        case number(ClosedRange<Int>)
        /// One of these words.
        case word([String])
        /// Elements.
        case elements([Field])
    }

    /// One element.
    public struct Field: Sendable {
        /// How often an element may stand.
        public enum Count: Sendable {
            /// Once.
            case one
            /// Once or not at all.
            case optional
            /// At most so many times.
            case several(Int)
        }

        let name: String
        let content: Content
        let count: Count

        /// Describes an element.
        public init(_ name: String, _ content: Content, _ count: Count = .one) {
            self.name = name
            self.content = content
            self.count = count
        }
    }

    /// The name of the root element.
    public let rootName: String
    private let fields: [Field]

    /// Describes a document.
    public init(_ rootName: String, _ fields: [Field]) {
        self.rootName = rootName
        self.fields = fields
    }

    /// Reads a document, and gives what the form names of it.
    ///
    /// - Throws: `MalformedXML` if it has not the form; `InvalidArgument` for a number outside its range.
    public func read(_ document: some Collection<UInt8>) throws(OSSError) -> XMLElement {
        let root = try XMLReader.read(document, root: rootName)
        return XMLElement(rootName, children: try Self.children(of: root, fields))
    }

    private static func children(of element: XMLElement, _ fields: [Field]) throws(OSSError) -> [XMLElement] {
        var kept: [XMLElement] = []
        for field in fields {
            let found = element.all(field.name)
            switch field.count {
            case .one where found.count != 1:
                throw XMLReader.refusal("the element \(field.name) has to be there once.")
            case .optional where found.count > 1:
                throw XMLReader.refusal("the element \(field.name) is there more than once.")
            case .several(let most) where found.count > most:
                throw XMLReader.refusal("the element \(field.name) is there more than \(most) times.")
            default: break
            }
            for child in found {
                kept.append(try read(child, field.content))
            }
        }
        return kept
    }

    private static func read(_ element: XMLElement, _ content: Content) throws(OSSError) -> XMLElement {
        switch content {
        case .text(let maximumBytes):
            guard element.text.utf8.count <= maximumBytes else {
                throw XMLReader.refusal("the element \(element.name) is too long.")
            }
        case .number(let range):
            guard let number = number(element.text), range.contains(number) else {
                throw .invalidArgument(
                    element.name, element.text, message: "The value of \(element.name) is not valid.")
            }
        case .word(let words):
            guard words.contains(where: { $0.utf8.elementsEqual(element.text.utf8) }) else {
                throw XMLReader.refusal("the element \(element.name) holds a word that is not known.")
            }
        case .elements(let fields):
            return XMLElement(element.name, children: try children(of: element, fields))
        }
        return XMLElement(element.name, text: element.text)
    }

    /// A number with or without a minus before it.
    private static func number(_ text: String) -> Int? {
        guard text.utf8.first == UInt8(ascii: "-") else { return DecimalNumber.parse(text).map { Int($0) } }
        return DecimalNumber.parse(text.dropFirst()).map { -Int($0) }
    }
}

extension XMLElement {
    /// The element as a document of its own.
    public func document() -> String {
        XMLWriter.document(name) { writer in
            for child in children {
                writer.element(child)
            }
        }
    }

    /// The element with this text in the first child of this name, which is added in front if there is none.
    public func setting(_ name: String, to text: String) -> XMLElement {
        var changed = self
        let child = XMLElement(name, text: text)
        if let index = changed.children.firstIndex(where: { $0.isNamed(name) }) {
            changed.children[index] = child
        } else {
            changed.children.insert(child, at: 0)
        }
        return changed
    }
}
