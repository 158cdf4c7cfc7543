import GRDB
import OSSKit

/// What is said beyond one bucket, kept in memory until any of it changes.
extension DiskStore {
    /// The bucket of each name that buckets gave to configurations of a kind, such as their domains.
    package func bucketsByName(of kind: ConfigurationKind) async throws -> [String: String] {
        try await gathered(kind) { try ConfigurationTable.bucketsByName(of: kind, in: $0) } ?? [:]
    }

    /// What an account says of a kind about all of its buckets; nil if it says nothing.
    package func configuration(_ kind: ConfigurationKind, ofAccount ownerID: String) async throws -> [UInt8]? {
        try await gathered(kind) { try AccountConfigurationTable.all(kind, in: $0) }?[ownerID]
    }

    /// Sets what an account says of a kind; nil removes it.
    package func setConfiguration(
        _ kind: ConfigurationKind, ofAccount ownerID: String, to bytes: [UInt8]?
    ) async throws {
        try await requireWritable(0)
        try await commit { database in
            if let bytes {
                try AccountConfigurationTable.set(kind, ofAccount: ownerID, to: bytes, in: database)
            } else {
                try AccountConfigurationTable.delete(kind, ofAccount: ownerID, in: database)
            }
            return Change(value: ())
        }
    }

    /// One value of several rows of a kind; each kind is gathered in one way only.
    private func gathered<Value: Sendable>(
        _ kind: ConfigurationKind, _ read: @escaping @Sendable (Database) throws -> Value
    ) async throws -> Value? {
        try requireOpen()
        let cached = try await caches.configurations.value(
            of: .everywhere(kind), costBytes: RowCaches.costBytes
        ) {
            CachedConfiguration(stored: nil, value: try await database.read { try read($0) })
        }
        return cached.value as? Value
    }
}
