import OSSKit
import ObjectStore

/// `/?worm`: for how long a bucket keeps its objects from being changed.
///
/// Source: oss-wire fact 11.6.
enum BucketWorm {
    /// Makes a configuration that is not locked yet.
    static func initiate(_ call: OSSCall) async throws -> OSSAnswer {
        let bucket = try await call.bucket()
        let asked = try InitiateWormConfiguration(document: try await RequestBodyReader.document(of: call) ?? [])
        let (now, id) = (call.environment.now(), Identifier.make(call.environment.randomBits).uppercased())
        try await change(call, bucket) { current in
            guard current == nil else { throw OSSError(.wormConfigurationAlreadyExists) }
            return WormConfiguration(
                id: id, state: .inProgress, retentionDays: asked.retentionDays, createdAtMilliseconds: now)
        }
        return OSSAnswer(headers: [("x-oss-worm-id", id)])
    }

    /// Locks the configuration.
    static func complete(_ call: OSSCall) async throws -> OSSAnswer {
        let bucket = try await call.bucket()
        let id = call.request.target.value(of: "wormId") ?? ""
        try await change(call, bucket) { current in
            let current = try require(current, id)
            guard current.state == .inProgress else { throw OSSError(.wormConfigurationLocked) }
            return WormConfiguration(
                id: current.id, state: .locked, retentionDays: current.retentionDays,
                createdAtMilliseconds: current.createdAtMilliseconds)
        }
        return OSSAnswer()
    }

    /// Keeps objects for longer.
    static func extend(_ call: OSSCall) async throws -> OSSAnswer {
        let bucket = try await call.bucket()
        let id = call.request.target.value(of: "wormId") ?? ""
        let asked = try ExtendWormConfiguration(document: try await RequestBodyReader.document(of: call) ?? [])
        try await change(call, bucket) { current in
            let current = try require(current, id)
            guard current.state == .locked, asked.retentionDays > current.retentionDays else {
                throw OSSError(.invalidWORMConfiguration)
            }
            return WormConfiguration(
                id: current.id, state: .locked, retentionDays: asked.retentionDays,
                createdAtMilliseconds: current.createdAtMilliseconds)
        }
        return OSSAnswer()
    }

    /// Gives up a configuration that is not locked.
    static func abort(_ call: OSSCall) async throws -> OSSAnswer {
        try await change(call, call.bucket()) { current in
            guard let current else { throw OSSError(.noSuchWORMConfiguration) }
            guard current.state == .inProgress else { throw OSSError(.wormConfigurationLocked) }
            return nil
        }
        return OSSAnswer(status: 204)
    }

    /// Tells the configuration.
    static func tell(_ call: OSSCall) async throws -> OSSAnswer {
        let bucket = try await call.bucket()
        let stored = try await call.store.configuration(.worm, of: bucket) { try WormConfiguration(document: $0) }
        guard var found = stored, Retention.isAlive(found, call.environment.now()) else {
            throw OSSError(.noSuchWORMConfiguration, fields: [("BucketName", bucket.name.text)])
        }
        if found.state == .inProgress {
            found.expiresAtMilliseconds = found.createdAtMilliseconds + Retention.graceMilliseconds
        }
        return OSSAnswer(document: found.write())
    }

    private static func change(
        _ call: OSSCall, _ bucket: BucketRecord,
        _ change: @escaping @Sendable (WormConfiguration?) throws -> WormConfiguration?
    ) async throws {
        let now = call.environment.now()
        try await call.store.changeConfiguration(.worm, of: bucket) { former in
            let current = try former.current.map { try WormConfiguration(document: $0.bytes) }
            let alive = current.flatMap { Retention.isAlive($0, now) ? $0 : nil }
            return try change(alive).map { Array($0.write().utf8) }
        }
    }

    private static func require(_ current: WormConfiguration?, _ id: String) throws(OSSError) -> WormConfiguration {
        guard let current, current.id.utf8.elementsEqual(id.utf8) else {
            throw OSSError(.noSuchWORMConfiguration, message: "The specified WORM ID does not exist.")
        }
        return current
    }
}
