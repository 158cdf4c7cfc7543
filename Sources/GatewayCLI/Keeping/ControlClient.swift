import CommandKit
import Foundation
import NIOCore
import NIOPosix

/// Asks the server that has a data folder to do a task.
enum ControlClient {
    private typealias Connection = NIOAsyncChannel<ByteBuffer, ByteBuffer>

    /// Has a task done, and hands on what is told until its end.
    ///
    /// - Throws: `FailureReport` if nobody answers, or if the server ends in the middle; what `take` throws.
    static func run(
        _ task: FolderTask, in folder: DataFolder, take: @Sendable (FolderNews) async throws -> Void
    ) async throws {
        let connection = try await connect(to: folder)
        let wasEnded = try await connection.executeThenClose { inbound, outbound in
            try await outbound.write(ControlSocket.line(task))
            var lines = LineGatherer()
            for try await piece in inbound {
                for line in try lines.take(piece) {
                    let news = try JSONDecoder().decode(FolderNews.self, from: Data(line))
                    try await take(news)
                    if case .end = news { return true }
                }
            }
            return false
        }
        try Task.checkCancellation()
        guard wasEnded else {
            throw FailureReport(.unavailable, "the server ended before the work was done", hint: "try again")
        }
    }

    private static func connect(to folder: DataFolder) async throws -> Connection {
        do {
            return try await ControlSocket.withPath(in: folder) { path in
                try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
                    .connect(unixDomainSocketPath: path) { channel in
                        channel.eventLoop.makeCompletedFuture {
                            try Connection(wrappingChannelSynchronously: channel)
                        }
                    }
            }
        } catch is IOError {
            throw FolderInUse(path: folder.lockFile)
        }
    }
}
