/// Takes a body of `multipart/form-data` apart while it comes, for PostObject.
///
/// The fields before the file are gathered, the file's bytes are handed on as they come, and what follows the file is
/// passed over. No more than the fields and one delimiter are kept. Whatever is not exactly a form is refused: a parser
/// that guesses lets two readers of one body see two forms. Source: oss-wire fact 4; RFC 7578; RFC 2046, section 5.1.1.
public struct FormDataReader: Sendable {
    /// The head of a part.
    public struct Part: Sendable, Equatable {
        /// The name of the field.
        public let name: String
        /// The name of the file, as it was sent; nil if there is none.
        public let filename: String?
        /// The type of the content; nil if there is none.
        public let contentType: String?
    }

    /// What was found in the body, in its order.
    public enum Piece: Sendable, Equatable {
        /// A field before the file.
        case field(name: String, value: String)
        /// The file begins.
        case fileBegins(Part)
        /// The next bytes of the file.
        case fileBytes([UInt8])
        /// The file is over.
        case fileEnds
    }

    private enum Stage {
        case opening
        case afterDelimiter
        case head
        case field(String)
        case file
        case passedOver
        case over
    }

    private static let lineEnd: [UInt8] = [0x0D, 0x0A]
    private static let headEnd: [UInt8] = [0x0D, 0x0A, 0x0D, 0x0A]

    private let delimiter: [UInt8]
    private var stage = Stage.opening
    /// Bytes that are not yet understood; the first delimiter is made to stand at the begin of a line too.
    private var pending = lineEnd
    /// How much of a head that is not yet whole was looked through.
    private var searchedBytes = 0
    private var value: [UInt8] = []
    private var partCount = 0
    private var bytesBesideFile = 0
    private var hasFile = false

    /// Begins with the request's content type.
    ///
    /// - Throws: `RequestIsNotMultiPartContent`, and `MalformedPOSTRequest` if it tells no boundary.
    public init(contentType: String?) throws(OSSError) {
        guard let contentType, ASCII.isEqualIgnoringCase(contentType.prefix { $0 != ";" && $0 != " " }, Self.mediaType)
        else { throw OSSError(.requestIsNotMultiPartContent) }
        guard let boundary = HeaderParameters(contentType)?["boundary"],
            (1...Limits.maximumFormBoundaryBytes).contains(boundary.utf8.count),
            boundary.utf8.allSatisfy({ $0 > ASCII.blank && $0 < ASCII.delete })
        else { throw OSSError(.malformedPOSTRequest) }
        delimiter = Self.lineEnd + Array("--\(boundary)".utf8)
    }

    private static let mediaType = "multipart/form-data"

    /// Takes the next bytes of the body.
    ///
    /// - Throws: `MalformedPOSTRequest`, `FieldItemTooLong`, `MaxPOSTPreDataLengthExceededError`,
    ///   `IncorrectNumberOfFilesInPOSTRequest`.
    public mutating func take(_ bytes: some Sequence<UInt8>) throws(OSSError) -> [Piece] {
        pending.append(contentsOf: bytes)
        var pieces: [Piece] = []
        var position = 0
        while try advance(&position, &pieces) {}
        pending.removeFirst(position)
        return pieces
    }

    /// Ends the body.
    ///
    /// - Throws: `MalformedPOSTRequest` if its last delimiter did not come, `IncorrectNumberOfFilesInPOSTRequest` if no
    ///   file did.
    public func finish() throws(OSSError) {
        guard case .over = stage else { throw OSSError(.malformedPOSTRequest) }
        guard hasFile else { throw OSSError(.incorrectNumberOfFilesInPOSTRequest) }
    }

    /// Understands a little more; false if more bytes are needed.
    private mutating func advance(_ position: inout Int, _ pieces: inout [Piece]) throws(OSSError) -> Bool {
        switch stage {
        case .opening: return try readOpening(&position)
        case .afterDelimiter: return try endDelimiter(&position)
        case .head: return try readHead(&position, &pieces)
        case .field, .file, .passedOver: return try readContent(&position, &pieces)
        case .over:
            // One line end may follow the last delimiter.
            let rest = pending[position...]
            guard Self.lineEnd.starts(with: rest) else { throw OSSError(.malformedPOSTRequest) }
            return false
        }
    }

    private mutating func readOpening(_ position: inout Int) throws(OSSError) -> Bool {
        for opening in [delimiter, Self.lineEnd + delimiter] {
            if pending.starts(with: opening) {
                position = opening.count
                stage = .afterDelimiter
                return true
            }
        }
        let mayBecome = delimiter.starts(with: pending) || (Self.lineEnd + delimiter).starts(with: pending)
        guard mayBecome else { throw OSSError(.malformedPOSTRequest) }
        return false
    }

    private mutating func endDelimiter(_ position: inout Int) throws(OSSError) -> Bool {
        guard pending.count - position >= 2 else { return false }
        let ending = pending[position..<position + 2]
        position += 2
        if ending.elementsEqual(Self.lineEnd) {
            stage = .head
        } else if ending.elementsEqual([ASCII.hyphen, ASCII.hyphen]) {
            stage = .over
        } else {
            throw OSSError(.malformedPOSTRequest)
        }
        return true
    }

    private mutating func readHead(_ position: inout Int, _ pieces: inout [Piece]) throws(OSSError) -> Bool {
        let from = position + max(0, searchedBytes - Self.headEnd.count)
        guard let end = Self.find(Self.headEnd, in: pending, from: from) else {
            searchedBytes = pending.count - position
            guard searchedBytes <= Limits.maximumFormPartHeadBytes else {
                throw OSSError(.fieldItemTooLong, message: "Your name of form field is too long.")
            }
            return false
        }
        searchedBytes = 0
        guard end - position <= Limits.maximumFormPartHeadBytes else {
            throw OSSError(.fieldItemTooLong, message: "Your name of form field is too long.")
        }
        try count(end - position)
        partCount += 1
        guard partCount <= Limits.maximumFormParts else { throw OSSError(.maxPOSTPreDataLengthExceededError) }
        let part = try Self.part(pending[position..<end])
        // An empty content is told from the next delimiter's line end by leaving the head's own in place.
        position = end + Self.headEnd.count
        let isFile = ASCII.isEqualIgnoringCase(part.name, "file")
        guard !isFile || !hasFile else { throw OSSError(.incorrectNumberOfFilesInPOSTRequest) }
        if isFile {
            hasFile = true
            stage = .file
            pieces.append(.fileBegins(part))
        } else {
            stage = hasFile ? .passedOver : .field(part.name)
        }
        return true
    }

    private mutating func readContent(_ position: inout Int, _ pieces: inout [Piece]) throws(OSSError) -> Bool {
        let found = Self.find(delimiter, in: pending, from: position)
        // The end of what is there may be the beginning of a delimiter.
        let end = found ?? max(position, pending.count - delimiter.count + 1)
        try takeContent(pending[position..<end], &pieces)
        guard found != nil else {
            position = end
            return false
        }
        position = end + delimiter.count
        try endContent(&pieces)
        stage = .afterDelimiter
        return true
    }

    private mutating func takeContent(_ bytes: ArraySlice<UInt8>, _ pieces: inout [Piece]) throws(OSSError) {
        guard !bytes.isEmpty else { return }
        switch stage {
        case .file:
            pieces.append(.fileBytes(Array(bytes)))
        case .field:
            try count(bytes.count)
            value += bytes
        default:
            try count(bytes.count)
        }
    }

    private mutating func endContent(_ pieces: inout [Piece]) throws(OSSError) {
        switch stage {
        case .file:
            pieces.append(.fileEnds)
        case .field(let name):
            guard let text = String(validating: value, as: UTF8.self) else { throw OSSError(.malformedPOSTRequest) }
            pieces.append(.field(name: name, value: text))
            value = []
        default:
            break
        }
    }

    private mutating func count(_ bytes: Int) throws(OSSError) {
        bytesBesideFile += bytes
        guard bytesBesideFile <= Limits.maximumFormBytesBesideFile else {
            throw OSSError(.maxPOSTPreDataLengthExceededError)
        }
    }
}

extension FormDataReader {
    /// Where a run of bytes that begins with a carriage return stands.
    private static func find(_ wanted: [UInt8], in bytes: [UInt8], from start: Int) -> Int? {
        bytes.withUnsafeBufferPointer { bytes in
            var position = start
            while position + wanted.count <= bytes.count {
                if bytes[position] == 0x0D, bytes[position...].starts(with: wanted) { return position }
                position += 1
            }
            return nil
        }
    }

    /// Reads the head of a part: one disposition with a name, and at most one type.
    private static func part(_ head: ArraySlice<UInt8>) throws(OSSError) -> Part {
        guard let text = String(validating: head, as: UTF8.self) else { throw OSSError(.malformedPOSTRequest) }
        var disposition: HeaderParameters?
        var contentType: String?
        // A carriage return and a line feed are one character for Swift, so that a bare one of them splits nothing.
        for line in text.split(separator: "\r\n", omittingEmptySubsequences: false) {
            guard let colon = line.firstIndex(of: ":"), line.first != " ", line.first != "\t",
                line.unicodeScalars.allSatisfy({ $0.value >= 0x20 && $0.value != 0x7F || $0 == "\t" })
            else { throw OSSError(.malformedPOSTRequest) }
            let value = String(
                decoding: ASCII.trimmed(line[line.index(after: colon)...].utf8), as: UTF8.self)
            if ASCII.isEqualIgnoringCase(line[..<colon], "content-disposition") {
                guard disposition == nil, let read = HeaderParameters(value) else {
                    throw OSSError(.malformedPOSTRequest)
                }
                disposition = read
            } else if ASCII.isEqualIgnoringCase(line[..<colon], "content-type") {
                guard contentType == nil else { throw OSSError(.malformedPOSTRequest) }
                contentType = value
            } else if ASCII.isEqualIgnoringCase(line[..<colon], "content-transfer-encoding") {
                let plain = ["binary", "8bit", "7bit"]
                guard plain.contains(where: { ASCII.isEqualIgnoringCase(value, $0) }) else {
                    throw OSSError(.malformedPOSTRequest)
                }
            }
        }
        guard let disposition, ASCII.isEqualIgnoringCase(disposition.value, "form-data"),
            let name = disposition["name"], !name.isEmpty
        else { throw OSSError(.malformedPOSTRequest) }
        guard name.utf8.count <= Limits.maximumFormNameBytes else {
            throw OSSError(.fieldItemTooLong, message: "Your name of form field is too long.")
        }
        return Part(name: name, filename: disposition["filename"], contentType: contentType)
    }
}
