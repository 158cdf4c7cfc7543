import OSSKit
import SessionModels

/// A date in any of the forms.
struct DateInput {
    private let text: String

    init(_ bytes: [UInt8]) {
        text = bytes.inputText
    }

    func run() throws {
        for moment in [HTTPDate.parse(text), HTTPDate.parseAnyForm(text)].compactMap({ $0 }) {
            let written = HTTPDate.format(unixSeconds: moment)
            try promise(HTTPDate.parse(written) == moment, "the moment survives: \(text)")
        }
        if let moment = ISO8601.parseBasic(text) {
            try promise(
                ISO8601.parseBasic(ISO8601.formatBasic(unixSeconds: moment)) == moment, "the moment survives: \(text)")
        }
        if let moment = ISO8601.parse(text) {
            let second = ISO8601.parse(ISO8601.format(unixMilliseconds: moment))
            try promise(second.map { (0..<1_000).contains(moment - $0) } ?? false, "the second survives: \(text)")
        }
        if let number = DecimalNumber.parse(text) {
            try promise(Int64(text) == number, "the number is what it says: \(text)")
        }
        if let number = DecimalNumber.parseUnsigned64(text) {
            try promise(UInt64(text) == number, "the number is what it says: \(text)")
        }
    }
}

/// An answer of a server: its content type on the first line, `x-oss-err` on the second, then its body.
struct ErrorInput {
    private let headers: [WireHeader]
    private let body: ArraySlice<UInt8>

    init(_ bytes: [UInt8]) {
        let lines = bytes.split(separator: UInt8(ascii: "\n"), maxSplits: 2, omittingEmptySubsequences: false)
        headers = [
            WireHeader("Content-Type", lines[0].inputText),
            WireHeader("x-oss-err", lines.count > 1 ? lines[1].inputText : ""),
        ]
        body = lines.count > 2 ? lines[2] : []
    }

    func run() throws {
        let error = ServiceError(status: 403, headers: headers, body: body)
        try promise(!error.code.isEmpty || error.isParsed, "an error has a code, or a document that names none")
    }
}

/// A JSON text.
struct JSONInput {
    private let bytes: [UInt8]

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    func run() throws {
        guard let document = try? JSONDocument(bytes) else { return }
        let compact = Array(document.root.compact)
        guard let again = try? JSONDocument(compact) else {
            throw FuzzTarget.BrokenPromise(description: "what was kept can be read again")
        }
        try promise(Array(again.root.compact) == compact, "what was kept does not change any more")
        walk(document.root)
    }

    /// Opens every value; the scanner's own limit on depth ends it.
    private func walk(_ value: JSONValue) {
        _ = value.string
        _ = value.last("id")
        for element in value.elements ?? [] { walk(element) }
        for member in value.members ?? [] { walk(member.value) }
    }
}
