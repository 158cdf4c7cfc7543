import OSSKit
import ObjectStore

/// How objects are said to be encrypted: what a write asks for, or else what its bucket asks for, is kept and told.
///
/// Source: oss-wire facts 8.1 and 11.6; that nothing is encrypted by it is assumption A-084, what is not looked at A-125.
enum ObjectEncryption {
    private static let algorithm = "x-oss-server-side-encryption"
    private static let dataAlgorithm = "x-oss-server-side-data-encryption"
    private static let keyID = "x-oss-server-side-encryption-key-id"

    /// What is kept with an object that a call writes.
    ///
    /// - Throws: `InvalidEncryptionAlgorithmError`, `InvalidEncryptionRequest`.
    static func pairs(_ call: OSSCall, in bucket: BucketRecord) async throws -> [AttributePair] {
        if let asked = try asked(call) { return pairs(of: asked, in: bucket) }
        let rule = try await call.store.configuration(.encryption, of: bucket) {
            try ServerSideEncryptionRule(document: $0)
        }
        return rule.map { pairs(of: $0, in: bucket) } ?? []
    }

    /// Whether a kept header is one of these.
    static func isOne(_ pair: AttributePair) -> Bool {
        [algorithm, dataAlgorithm, keyID].contains(pair.name)
    }

    /// What a call asks for; nil if it asks for nothing.
    ///
    /// - Throws: `InvalidEncryptionAlgorithmError`, `InvalidEncryptionRequest`.
    static func asked(_ call: OSSCall) throws(OSSError) -> ServerSideEncryptionRule? {
        guard let name = call.header(algorithm) else {
            if call.header(keyID) != nil { throw refusal(keyID) }
            return nil
        }
        guard ServerSideEncryptionRule.algorithms.contains(name) else {
            throw OSSError(.invalidEncryptionAlgorithmError)
        }
        // How the data are encrypted is a question only with keys of the key service; else it is not looked at.
        let rule = ServerSideEncryptionRule(
            algorithm: name, masterKeyID: call.header(keyID),
            dataEncryption: name == "KMS" ? call.header(dataAlgorithm) : nil)
        if rule.masterKeyID != nil, name != "KMS" { throw refusal(keyID) }
        if let data = rule.dataEncryption, data != "SM4" { throw refusal(dataAlgorithm) }
        return rule
    }

    /// Refuses a part, or the end of an upload, that says how to encrypt: the beginning of its upload has said it.
    ///
    /// Source: assumption A-125.
    /// - Throws: `InvalidArgument`, naming the header.
    static func refuseLate(_ call: OSSCall) throws(OSSError) {
        for name in [algorithm, dataAlgorithm, keyID] {
            guard let value = call.header(name) else { continue }
            throw .invalidArgument(name, value, message: "\(name) is not applicable to a part or the end of an upload.")
        }
    }

    private static func pairs(of rule: ServerSideEncryptionRule, in bucket: BucketRecord) -> [AttributePair] {
        var pairs = [AttributePair(name: algorithm, value: rule.algorithm)]
        guard rule.algorithm == "KMS" else { return pairs }
        if let data = rule.dataEncryption, !data.isEmpty {
            pairs.append(AttributePair(name: dataAlgorithm, value: data))
        }
        let key = rule.masterKeyID.flatMap { $0.isEmpty ? nil : $0 } ?? usualKeyID(of: bucket.ownerID)
        pairs.append(AttributePair(name: keyID, value: key))
        return pairs
    }

    /// The ID of the key that OSS itself has in the key service for an account: the same each time, in the form of one.
    private static func usualKeyID(of ownerID: String) -> String {
        let digits = Array(Hexadecimal.lower(MD5Digest.of(Array("key of \(ownerID)".utf8))).utf8)
        let groups = [0..<8, 8..<12, 12..<16, 16..<20, 20..<32].map { String(decoding: digits[$0], as: UTF8.self) }
        return groups.joined(separator: "-")
    }

    private static func refusal(_ header: String) -> OSSError {
        OSSError(.invalidEncryptionRequest, fields: [("Header", header)])
    }
}

extension ObjectAttributes {
    /// Completes what a write says by what its bucket says: the storage class, and how objects are encrypted.
    ///
    /// - Throws: as `ObjectEncryption.pairs`.
    mutating func complete(_ call: OSSCall, in bucket: BucketRecord) async throws {
        if call.header("x-oss-storage-class") == nil { storageClass = bucket.storageClass }
        headers.removeAll(where: ObjectEncryption.isOne)
        headers += try await ObjectEncryption.pairs(call, in: bucket)
    }

    /// The headers that tell how the object is encrypted.
    var encryptionHeaders: [(name: String, value: String)] {
        headers.filter(ObjectEncryption.isOne).map { ($0.name, $0.value) }
    }
}
