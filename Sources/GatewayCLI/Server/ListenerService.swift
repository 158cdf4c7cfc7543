import HTTPFront
import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import NIOPosix
import ServiceLifecycle

/// An address that cannot be listened on.
struct ListenProblem: Error, CustomStringConvertible {
    /// What was to listen there.
    let name: String
    /// The address.
    let address: ListenAddress
    /// What the system said.
    let reason: String

    var description: String { "\(name) cannot listen on \(address): \(reason)" }
}

/// One listening HTTP server, which tells when it listens and on which port.
struct ListenerService<Responder: HTTPResponder>: Service
where Responder.Context: InitializableFromSource<ApplicationRequestContextSource> {
    /// What the server is called in messages.
    let name: String
    /// Where it listens.
    let address: ListenAddress
    /// What answers.
    let responder: Responder
    /// What it has in common with the other listeners.
    let front: FrontDoor
    /// Where the requests of a connection are answered.
    let placement: TaskPlacement
    /// Words a refusal of the connection guard.
    let refusalBody: @Sendable (FrontRefusal) -> FrontRefusalBody
    /// Told the port once the server listens.
    let onListening: @Sendable (Int) async -> Void
    /// The logger of the server library.
    let logger: Logger

    /// How many connections beyond the limit may be open until they are closed.
    private static var connectionsBeingClosed: Int { 32 }

    func run() async throws {
        // Connections that are closed at once are there for a moment; the system's queue holds the rest.
        let mostOpen = front.admission.limits.connections + Self.connectionsBeingClosed
        let application = Application(
            responder: responder,
            server: GuardedHTTP1Channel.builder(front: front, placement: placement, refusalBody: refusalBody),
            configuration: ApplicationConfiguration(
                address: .hostname(address.host, port: address.port), backlog: 1_024,
                availableConnectionsDelegate: MaximumAvailableConnections(mostOpen)),
            onServerRunning: { channel in
                await onListening(channel.localAddress?.port ?? address.port)
            },
            logger: logger)
        do {
            try await application.run()
        } catch let error as IOError {
            throw ListenProblem(name: name, address: address, reason: String(describing: error))
        } catch let error as SocketAddressError {
            throw ListenProblem(name: name, address: address, reason: String(describing: error))
        } catch let error as SocketAddressError.UnknownHost {
            throw ListenProblem(name: name, address: address, reason: "there is no host \(error.host)")
        } catch let error as NIOConnectionError {
            throw ListenProblem(name: name, address: address, reason: String(describing: error))
        }
    }
}
