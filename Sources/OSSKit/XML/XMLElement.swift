/// One element of an XML document, as a reader of OSS documents wants it: local names and text, no name spaces.
public struct XMLElement: Sendable, Equatable {
    /// The name without its prefix.
    public let name: String
    /// The text directly inside the element, entities and CDATA resolved, not trimmed.
    public internal(set) var text: String
    /// The elements directly inside, in order.
    public internal(set) var children: [XMLElement]

    /// Makes an element.
    public init(_ name: String, text: String = "", children: [XMLElement] = []) {
        self.name = name
        self.text = text
        self.children = children
    }

    /// Whether the local name is this one, byte for byte.
    public func isNamed(_ wanted: String) -> Bool {
        name.utf8.elementsEqual(wanted.utf8)
    }

    /// The first child of this name; nil if there is none.
    public func child(_ name: String) -> XMLElement? {
        children.first { $0.isNamed(name) }
    }

    /// All children of this name, in order.
    public func all(_ name: String) -> [XMLElement] {
        children.filter { $0.isNamed(name) }
    }

    /// The text of the first child of this name; nil if there is none.
    public func text(of name: String) -> String? {
        child(name)?.text
    }

    /// The text of the first child of this name; empty if there is none.
    func textOrEmpty(of name: String) -> String {
        text(of: name) ?? ""
    }
}
