/// Looks over the bytes of a document before a parser does: what costs a parser much is refused for nothing.
///
/// It need not know whether a document is well-formed; it only has to find every document type and every element that
/// is over a limit in a document that is.
enum XMLScreening {
    /// What is wrong with a document, for its `ErrorDetail`; nil if a parser may have it.
    static func objection(to bytes: [UInt8]) -> String? {
        var screening = Screening(rest: bytes[...])
        return screening.run()
    }

    private struct Screening {
        private var rest: ArraySlice<UInt8>
        private var depth = 0
        private var elementCount = 0

        init(rest: ArraySlice<UInt8>) {
            self.rest = rest
        }

        mutating func run() -> String? {
            while let start = rest.firstIndex(of: UInt8(ascii: "<")) {
                rest = rest[start...]
                if let objection = markup() {
                    return objection
                }
            }
            return nil
        }

        /// Goes over one piece of markup, which `rest` begins with.
        private mutating func markup() -> String? {
            if rest.starts(with: "<!--".utf8) {
                skip(past: "-->", from: "<!--")
            } else if rest.starts(with: "<![CDATA[".utf8) {
                skip(past: "]]>", from: "<![CDATA[")
            } else if rest.starts(with: "<!".utf8) {
                return "a document type is not allowed."
            } else if rest.starts(with: "<?".utf8) {
                let instruction = rest
                skip(past: "?>", from: "<?")
                return declarationObjection(instruction[instruction.startIndex..<rest.startIndex])
            } else if rest.starts(with: "</".utf8) {
                depth -= 1
                skip(past: ">", from: "</")
            } else {
                return startTag()
            }
            return nil
        }

        private mutating func startTag() -> String? {
            var quote: UInt8?
            var attributeCount = 0
            var position = rest.startIndex + 1
            while position < rest.endIndex {
                let byte = rest[position]
                if let open = quote {
                    quote = byte == open ? nil : open
                } else if byte == UInt8(ascii: ">") {
                    break
                } else if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") {
                    quote = byte
                } else if byte == ASCII.equals {
                    attributeCount += 1
                    guard attributeCount <= Limits.maximumXMLAttributes else {
                        return "an element has too many attributes."
                    }
                }
                position += 1
            }
            return elementObjection(isEmpty: rest[position - 1] == ASCII.slash, end: position)
        }

        private mutating func elementObjection(isEmpty: Bool, end: Int) -> String? {
            rest = rest[min(end + 1, rest.endIndex)...]
            elementCount += 1
            guard elementCount <= Limits.maximumXMLElements else { return "the document has too many elements." }
            guard depth < Limits.maximumXMLDepth else { return "the elements are nested too deeply." }
            if !isEmpty {
                depth += 1
            }
            return nil
        }

        /// What is wrong with an XML declaration; nil for every other instruction.
        private func declarationObjection(_ instruction: ArraySlice<UInt8>) -> String? {
            guard instruction.starts(with: "<?xml".utf8), let encoding = encodingName(instruction) else { return nil }
            let isUTF8 = ASCII.isEqualIgnoringCase(String(decoding: encoding, as: UTF8.self), "UTF-8")
            return isUTF8 ? nil : "the encoding is not UTF-8."
        }

        /// The text in quotes behind `encoding`; nil if the declaration names no encoding.
        private func encodingName(_ declaration: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
            let word = Array("encoding".utf8)
            for position in declaration.indices where declaration[position...].starts(with: word) {
                let behind = declaration[(position + word.count)...]
                guard let open = behind.firstIndex(where: { $0 == UInt8(ascii: "\"") || $0 == UInt8(ascii: "'") }),
                    let close = behind[(open + 1)...].firstIndex(of: behind[open])
                else { return [] }
                return behind[(open + 1)..<close]
            }
            return nil
        }

        /// Goes on behind the first `end` that follows `start`, which `rest` begins with; to the end if there is none.
        private mutating func skip(past end: StaticString, from start: StaticString) {
            let wanted = UnsafeBufferPointer(start: end.utf8Start, count: end.utf8CodeUnitCount)
            var position = rest.startIndex + start.utf8CodeUnitCount
            while position < rest.endIndex {
                if rest[position] == wanted[0], rest[position...].starts(with: wanted) {
                    rest = rest[(position + wanted.count)...]
                    return
                }
                position += 1
            }
            rest = rest[rest.endIndex...]
        }
    }
}
