import CommandKit
import Foundation
import NIOCore
import NIOPosix

/// The socket in a data folder by which commands reach the server that has the folder.
///
/// Requests and answers are lines of JSON. Whoever may open the socket may read the folder too: its mode is 0600, in a
/// folder of mode 0700.
enum ControlSocket {
    /// The name of the socket in the folder.
    static let name = "control.sock"
    /// The longest line that is read.
    static let maximumLineBytes = 1_048_576

    /// Does something with a path of the socket that is short enough for the system, whatever the folder's path is.
    static func withPath<Value>(in folder: DataFolder, _ body: (String) async throws -> Value) async throws -> Value {
        // The system takes at most 107 bytes for the path of a socket; the folder is named by its descriptor.
        let descriptor = open(folder.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw FolderProblem(path: folder.path, reason: "it cannot be opened") }
        defer { close(descriptor) }
        return try await body("/proc/self/fd/\(descriptor)/\(name)")
    }

    /// A message as a line.
    static func line(_ message: some Encodable) throws -> ByteBuffer {
        var line = ByteBuffer(bytes: try JSONEncoder().encode(message))
        line.writeInteger(UInt8(ascii: "\n"))
        return line
    }
}

/// Gathers lines out of pieces.
struct LineGatherer {
    private var gathered = ByteBuffer()

    /// Takes a piece, and returns the lines that are whole by then.
    ///
    /// - Throws: `FailureReport` for a line that is too long.
    mutating func take(_ piece: ByteBuffer) throws -> [[UInt8]] {
        gathered.writeImmutableBuffer(piece)
        var lines: [[UInt8]] = []
        while let end = gathered.readableBytesView.firstIndex(of: UInt8(ascii: "\n")) {
            lines.append(gathered.readBytes(length: end - gathered.readerIndex) ?? [])
            gathered.moveReaderIndex(forwardBy: 1)
        }
        gathered.discardReadBytes()
        guard gathered.readableBytes <= ControlSocket.maximumLineBytes else {
            throw FailureReport(.integrity, "a line of the control socket is too long")
        }
        return lines
    }
}
