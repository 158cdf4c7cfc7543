import Logging
import NIOCore
import OSSKit
import ObjectStore
import Synchronization

/// The access logs of buckets: lines wait in memory until they are written into the buckets that take them.
///
/// No request waits for a log. What comes while too much waits, and what cannot be written, is dropped and counted, as
/// OSS says that its logs may miss requests. Source: assumption A-136.
package final class AccessLogs: Sendable {
    /// Where lines go.
    private struct Target: Hashable {
        let source: String
        let ownerID: String
        let bucket: String
        let prefix: String
    }

    private struct State {
        var lines: [Target: [UInt8]] = [:]
        var waitingBytes = 0
        var droppedCount: Int64 = 0
        var reportedCount: Int64 = 0
    }

    private let store: DiskStore
    private let environment: SurfaceEnvironment
    private let limitBytes: Int
    private let logger: Logger
    private let state = Mutex(State())

    /// Makes empty logs.
    ///
    /// - Parameter limitBytes: how many bytes may wait in memory.
    package init(
        store: DiskStore, environment: SurfaceEnvironment, limitBytes: Int = Limits.waitingLogBytes, logger: Logger
    ) {
        self.store = store
        self.environment = environment
        self.limitBytes = limitBytes
        self.logger = logger
    }

    /// How many lines were dropped.
    package var droppedCount: Int64 { state.withLock { $0.droppedCount } }

    /// Takes a request whose bucket wants its requests logged; all others are passed over.
    func note(_ entry: AccessLogEntry) async {
        // A bucket that cannot be looked up has no log; the answer is none the worse for it.
        guard let name = entry.resource.bucket.flatMap({ try? BucketName($0) }),
            let bucket = try? await store.bucket(name),
            let target = try? await store.configuration(
                .logging, of: bucket, read: { try BucketLoggingStatus(document: $0).target })
        else { return }
        guard let target else { return }
        let place = Target(
            source: bucket.name.text, ownerID: bucket.ownerID, bucket: target.bucket, prefix: target.prefix)
        let line = Array(entry.line(ownerID: bucket.ownerID).utf8)
        state.withLock { state in
            guard state.waitingBytes + line.count <= limitBytes else {
                state.droppedCount += 1
                return
            }
            state.waitingBytes += line.count
            state.lines[place, default: []] += line
        }
    }

    /// Writes everything that waits.
    package func write() async {
        let lines = state.withLock { state in
            defer {
                state.lines = [:]
                state.waitingBytes = 0
            }
            return state.lines
        }
        for (target, bytes) in lines {
            do {
                try await write(bytes, to: target)
            } catch {
                let count = Int64(bytes.count { $0 == UInt8(ascii: "\n") })
                state.withLock { $0.droppedCount += count }
                logger.warning(
                    "access log not written", metadata: ["bucket": "\(target.source)", "error": "\(error)"])
            }
        }
        let (dropped, isNews) = state.withLock { state in
            defer { state.reportedCount = state.droppedCount }
            return (state.droppedCount, state.droppedCount > state.reportedCount)
        }
        if isNews { logger.warning("access log lines dropped", metadata: ["count": "\(dropped)"]) }
    }

    private func write(_ bytes: [UInt8], to target: Target) async throws {
        let bucket = try await store.bucket(BucketName(target.bucket))
        // It may have been deleted and made by somebody else since.
        guard bucket.ownerID == target.ownerID else { throw OSSError(.invalidTargetBucketForLogging) }
        let upload = try await store.beginUpload(expectedBytes: Int64(bytes.count), in: bucket)
        do {
            try await upload.append(ByteBuffer(bytes: bytes))
            _ = try await upload.finish()
            _ = try await store.put(
                upload, in: bucket, key: try ObjectKey(key(for: target)),
                attributes: ObjectAttributes(contentType: "text/plain", storageClass: bucket.storageClass))
        } catch {
            await upload.discard()
            throw error
        }
    }

    /// The key of a log: prefix, bucket, time and a text that no other log of the second has.
    private func key(for target: Target) -> String {
        // 2021-07-13T10:57:51.000Z
        let time = ISO8601.format(unixMilliseconds: environment.now()).prefix(19)
            .map { $0 == "T" || $0 == ":" ? "-" : String($0) }.joined()
        return target.prefix + target.source + time + "-"
            + Identifier.make(environment.randomBits).prefix(16).uppercased()
    }
}
