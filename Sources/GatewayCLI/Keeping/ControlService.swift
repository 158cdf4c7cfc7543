import CommandKit
import Foundation
import Logging
import NIOCore
import NIOPosix
import ServiceLifecycle
import Synchronization

/// Does the tasks of commands that find the data folder in use by this server.
struct ControlService: Service {
    private typealias Connection = NIOAsyncChannel<ByteBuffer, ByteBuffer>

    /// The folder.
    let open: OpenFolder
    /// Where it is told what is done.
    let logger: Logger

    func run() async throws {
        do {
            try await ControlSocket.withPath(in: open.folder) { path in
                try await cancelWhenGracefulShutdown { try await listen(path) }
                unlink(path)
            }
        } catch is CancellationError {
            return
        } catch let error as IOError {
            // The server is of use without it; the commands say that they reach nobody.
            logger.warning("the control socket cannot be used", metadata: ["error": "\(error)"])
            try await gracefulShutdown()
        }
    }

    private func listen(_ path: String) async throws {
        let server = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .bind(unixDomainSocketPath: path, cleanupExistingSocketFile: true) { channel in
                channel.eventLoop.makeCompletedFuture { try Connection(wrappingChannelSynchronously: channel) }
            }
        // The folder's own mode keeps others away until then.
        chmod(path, 0o600)
        try await server.executeThenClose { connections in
            try await withThrowingDiscardingTaskGroup { group in
                for try await connection in connections {
                    group.addTask { await serve(connection) }
                }
            }
        }
    }

    private func serve(_ connection: Connection) async {
        do {
            try await connection.executeThenClose { inbound, outbound in
                let (requests, continuation) = AsyncThrowingStream<[UInt8], any Error>.makeStream()
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask {
                        // It ends when the client goes away, and the work with it.
                        var lines = LineGatherer()
                        for try await piece in inbound {
                            for line in try lines.take(piece) { continuation.yield(line) }
                        }
                    }
                    group.addTask {
                        for try await line in requests {
                            return try await answer(line) { try await outbound.write(ControlSocket.line($0)) }
                        }
                    }
                    try await group.next()
                    group.cancelAll()
                }
            }
        } catch is CancellationError {
            return
        } catch {
            logger.debug("a command went away", metadata: ["error": "\(error)"])
        }
    }

    private func answer(
        _ line: [UInt8], _ tell: @escaping @Sendable (FolderNews) async throws -> Void
    ) async throws {
        guard let task = try? JSONDecoder().decode(FolderTask.self, from: Data(line)) else {
            let report = FailureReport(.refused, "the server is of another version and does not know this")
            try await tell(.failure(FolderFailure(report)))
            return try await tell(.end(status: ExitStatus.of(report.kind).rawValue, text: "", json: ""))
        }
        logger.notice("folder task began", metadata: ["task": "\(task.name)"])
        let runner = FolderTaskRunner(open: open) { news in
            if case .end(let status, _, _) = news {
                logger.notice("folder task ended", metadata: ["task": "\(task.name)", "status": "\(status)"])
            }
            try await tell(news)
        }
        try await runner.run(task)
    }
}

extension FolderTask {
    /// The name of the command.
    var name: String {
        switch self {
        case .check: "check"
        case .scrub: "scrub"
        case .reconcile: "reconcile"
        case .backup: "backup"
        case .importFolder: "import"
        case .exportFolder: "export"
        }
    }
}
