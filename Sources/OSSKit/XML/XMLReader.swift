import CLibXML2

/// Reads XML documents that came from outside into small trees.
///
/// It takes UTF-8 and well-formed documents without a document type, so that nothing is expanded and nothing is loaded.
/// What can be refused from the bytes is refused before libxml2 sees them. Source: SECURITY 32.
public enum XMLReader {
    /// Reads a document and gives its root element.
    ///
    /// - Throws: `MalformedXML` for anything that is not a document within the limits.
    public static func read(_ document: some Collection<UInt8>) throws(OSSError) -> XMLElement {
        guard document.count <= Limits.maximumXMLBytes else { throw refusal("the document is too long.") }
        var bytes = Array(document)
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) {
            bytes.removeFirst(3)
        }
        guard !bytes.isEmpty else { throw refusal("the document is empty.") }
        guard !bytes.contains(0), String(validating: bytes, as: UTF8.self) != nil else {
            throw refusal("the document is not UTF-8.")
        }
        if let detail = XMLScreening.objection(to: bytes) {
            throw refusal(detail)
        }
        guard let root = parse(bytes) else { throw refusal("the document is not well-formed.") }
        return root
    }

    /// Reads a document whose root element has to have this name.
    ///
    /// - Throws: `MalformedXML`, as `read(_:)`, and for another root.
    public static func read(_ document: some Collection<UInt8>, root name: String) throws(OSSError) -> XMLElement {
        let root = try read(document)
        guard root.isNamed(name) else { throw refusal("the root node is not named \(name).") }
        return root
    }

    /// The refusal of a document, with a sentence on what is wrong with it.
    static func refusal(_ detail: String) -> OSSError {
        OSSError(.malformedXML, fields: [("ErrorDetail", detail)])
    }

    /// libxml2 wants its tables made once, before threads use it.
    private static let prepared: Void = xmlInitParser()

    private static func parse(_ bytes: [UInt8]) -> XMLElement? {
        _ = prepared
        // libxml2 is to be silent, to load nothing, and never to repair.
        let options = XML_PARSE_NONET.rawValue | XML_PARSE_NOERROR.rawValue | XML_PARSE_NOWARNING.rawValue
        return bytes.withUnsafeBytes { buffer -> XMLElement? in
            guard let start = buffer.baseAddress?.assumingMemoryBound(to: CChar.self),
                let length = Int32(exactly: buffer.count),
                let reader = xmlReaderForMemory(start, length, nil, "UTF-8", Int32(options))
            else { return nil }
            defer { xmlFreeTextReader(reader) }
            return tree(reader)
        }
    }

    private static func tree(_ reader: xmlTextReaderPtr) -> XMLElement? {
        var tree = XMLTreeBuilder()
        var outcome = xmlTextReaderRead(reader)
        while outcome == 1 {
            guard take(reader, into: &tree) else { return nil }
            outcome = xmlTextReaderRead(reader)
        }
        return outcome == 0 ? tree.root : nil
    }

    /// Takes in the node that the reader stands on; false if it may not be there.
    private static func take(_ reader: xmlTextReaderPtr, into tree: inout XMLTreeBuilder) -> Bool {
        guard let type = UInt32(exactly: xmlTextReaderNodeType(reader)) else { return false }
        switch xmlReaderTypes(rawValue: type) {
        case XML_READER_TYPE_ELEMENT:
            guard let name = xmlTextReaderConstLocalName(reader),
                xmlTextReaderAttributeCount(reader) <= Limits.maximumXMLAttributes
            else { return false }
            guard tree.open(String(cString: name)) else { return false }
            if xmlTextReaderIsEmptyElement(reader) == 1 {
                tree.close()
            }
        case XML_READER_TYPE_END_ELEMENT:
            tree.close()
        case XML_READER_TYPE_TEXT, XML_READER_TYPE_CDATA, XML_READER_TYPE_WHITESPACE,
            XML_READER_TYPE_SIGNIFICANT_WHITESPACE:
            guard let text = xmlTextReaderConstValue(reader) else { return false }
            tree.append(String(cString: text))
        case XML_READER_TYPE_COMMENT, XML_READER_TYPE_PROCESSING_INSTRUCTION, XML_READER_TYPE_XML_DECLARATION:
            break
        default:
            return false
        }
        return true
    }
}

/// Puts elements together into a tree, without recursion.
private struct XMLTreeBuilder {
    /// The finished root element; nil while it is open.
    private(set) var root: XMLElement?
    private var openElements: [XMLElement] = []
    private var elementCount = 0

    /// Opens an element; false if there are too many, or too many in one another.
    mutating func open(_ name: String) -> Bool {
        elementCount += 1
        guard openElements.count < Limits.maximumXMLDepth, elementCount <= Limits.maximumXMLElements else {
            return false
        }
        openElements.append(XMLElement(name))
        return true
    }

    mutating func append(_ text: String) {
        guard !openElements.isEmpty else { return }
        openElements[openElements.count - 1].text += text
    }

    mutating func close() {
        guard let closed = openElements.popLast() else { return }
        if openElements.isEmpty {
            root = closed
        } else {
            openElements[openElements.count - 1].children.append(closed)
        }
    }
}
