import OSSKit

/// The content type of a form on the first line, and its body behind.
struct FormInput {
    private let contentType: String
    private let body: [UInt8]

    init(_ bytes: [UInt8]) {
        let end = bytes.firstIndex(of: UInt8(ascii: "\n")) ?? bytes.endIndex
        contentType = bytes[..<end].inputText
        body = Array(bytes[end...].dropFirst())
    }

    func run() throws {
        guard let start = try? FormDataReader(contentType: contentType) else { return }
        let whole = Self.read(start, [body])
        let single = Self.read(start, body.map { [$0] })
        try promise(whole == single, "where the network cuts a form changes nothing")
    }

    /// What a form holds; nil if it is refused.
    private static func read(_ start: FormDataReader, _ chunks: [[UInt8]]) -> [FormDataReader.Piece]? {
        var reader = start
        var pieces: [FormDataReader.Piece] = []
        do {
            for chunk in chunks {
                for piece in try reader.take(chunk) {
                    if case .fileBytes(let more) = piece, case .fileBytes(let bytes)? = pieces.last {
                        pieces[pieces.count - 1] = .fileBytes(bytes + more)
                    } else {
                        pieces.append(piece)
                    }
                }
            }
            try reader.finish()
            return pieces
        } catch {
            return nil
        }
    }
}

/// A body in chunks, read in each of the ways in which it can be announced.
struct ChunksInput {
    private let body: [UInt8]

    init(_ bytes: [UInt8]) {
        body = bytes
    }

    func run() throws {
        for streaming in SignedPayload.Streaming.allCases {
            let whole = read(streaming, [body])
            let single = read(streaming, body.map { [$0] })
            try promise(whole?.content == single?.content, "where the network cuts chunks changes nothing")
            try promise(whole?.trailers == single?.trailers, "where the network cuts trailers changes nothing")
            try promise((whole?.content.count ?? 0) <= body.count, "no byte comes from nowhere")
        }
    }

    private func read(
        _ streaming: SignedPayload.Streaming, _ chunks: [[UInt8]]
    ) -> (content: [UInt8], trailers: [String])? {
        var reader = ChunkedPayloadReader(streaming, signatures: nil)
        var content: [UInt8] = []
        do {
            for chunk in chunks { content += try reader.take(chunk) }
            try reader.finish()
            return (content, reader.trailers.map { "\($0.name): \($0.value)" })
        } catch {
            return nil
        }
    }
}
