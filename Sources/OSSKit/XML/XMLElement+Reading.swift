extension XMLElement {
    /// The text of a child that has to be there.
    ///
    /// - Throws: `MalformedXML` if it is not.
    func requiredText(of name: String) throws(OSSError) -> String {
        guard let text = text(of: name) else { throw XMLReader.refusal("the element \(name) is missing.") }
        return text
    }

    /// The number in a child; nil if there is no such child or nothing in it.
    ///
    /// - Throws: `MalformedXML` if there is anything but a number of at most 18 digits.
    func number(of name: String) throws(OSSError) -> Int? {
        guard let text = text(of: name), !text.isEmpty else { return nil }
        guard let number = DecimalNumber.parse(text) else {
            throw XMLReader.refusal("the element \(name) is not a number.")
        }
        return Int(number)
    }

    /// The date in a child, which has to be there, in unix milliseconds.
    ///
    /// - Throws: `MalformedXML` if there is none.
    func date(of name: String) throws(OSSError) -> Int64 {
        guard let date = ISO8601.parse(try requiredText(of: name)) else {
            throw XMLReader.refusal("the element \(name) is not a date.")
        }
        return date
    }

    /// The flag in a child; nil if there is no such child.
    ///
    /// The case of its letters does not matter: oss2 sends `True` in places, and OSS takes it.
    ///
    /// - Throws: `MalformedXML` if there is anything but `true` or `false`.
    func flag(of name: String) throws(OSSError) -> Bool? {
        guard let text = text(of: name) else { return nil }
        switch ASCII.lowercased(text) {
        case Array("true".utf8): return true
        case Array("false".utf8): return false
        default: throw XMLReader.refusal("the element \(name) is neither true nor false.")
        }
    }
}
