import ServiceLifecycle
import StorageGateway

/// Writes the access logs of buckets every so often, and once more when the server stops.
struct AccessLogWriter: Service {
    /// What waits to be written.
    let logs: AccessLogs
    /// Seconds between two writings.
    let periodSeconds: Int64

    func run() async throws {
        await cancelWhenGracefulShutdown {
            while (try? await Task.sleep(for: .seconds(periodSeconds))) != nil { await logs.write() }
        }
        // A task that was cancelled could not write: what is left is written by one of its own.
        await Task { await logs.write() }.value
    }
}
