import Foundation
import SessionModels

/// Answers standard input line by line: one JSON object in, one out, in the same order.
enum JSONLines {
    /// The code of an answer to a line that cannot be read.
    static let unreadableCode = "UnreadableLine"

    /// Answers every line until the end of standard input.
    ///
    /// - Parameter answer: makes the members of an answer but for its `id`; what it throws is the answer to that line.
    static func answerAll(_ answer: (JSONValue) throws(LineProblem) -> [(String, JSONOutput)]) throws {
        var lines = StandardInputLines()
        do {
            while let line = try lines.next() {
                let members =
                    switch line {
                    case .tooLong: tooLong
                    case .bytes(let bytes): members(of: bytes, answer)
                    }
                let json = JSONOutput.object(members).bytes + [UInt8(ascii: "\n")]
                try FileHandle.standardOutput.write(contentsOf: Data(json))
            }
        } catch is StandardInputLines.ReadProblem {
            StandardError.print("storage-gateway: standard input cannot be read")
            throw ExitStatus.unavailable
        }
    }

    private static func members(
        of bytes: [UInt8], _ answer: (JSONValue) throws(LineProblem) -> [(String, JSONOutput)]
    ) -> [(String, JSONOutput)] {
        guard let document = try? JSONDocument(bytes) else { return unreadable("The line is not JSON.", id: .null) }
        let id = document.root.last("id").flatMap { value -> JSONOutput? in
            [.string, .number].contains(value.kind) ? .verbatim(Array(value.compact)) : nil
        }
        guard !document.isSanitized else {
            return unreadable("The line holds U+0000 or half a surrogate pair.", id: id ?? .null)
        }
        guard document.root.kind == .object else { return unreadable("The line is not a JSON object.", id: .null) }
        do {
            return [("id", id ?? .null)] + (try answer(document.root))
        } catch {
            return unreadable(error.message, id: id ?? .null)
        }
    }

    private static var tooLong: [(String, JSONOutput)] {
        unreadable("The line is longer than \(StandardInputLines.maximumLineBytes) bytes.", id: .null)
    }

    private static func unreadable(_ message: String, id: JSONOutput) -> [(String, JSONOutput)] {
        [("id", id), ("ok", false), ("code", .string(unreadableCode)), ("message", .string(message))]
    }
}
