import OSSKit
import ObjectStore

extension ObjectAttributes {
    /// What an answer tells of an object's encryption, in the order in which it is told.
    private static let encryptionHeaders = (
        algorithm: "x-oss-server-side-encryption", data: "x-oss-server-side-data-encryption",
        keyID: "x-oss-server-side-encryption-key-id"
    )

    /// Whether a kept header tells of encryption.
    static func isOfEncryption(_ name: String) -> Bool {
        [encryptionHeaders.algorithm, encryptionHeaders.data, encryptionHeaders.keyID].contains(name)
    }

    /// The encryption that a write asks for: it is told to readers and changes nothing on disk.
    ///
    /// Source: assumption A-111.
    /// - Throws: `InvalidEncryptionAlgorithmError`; `InvalidArgument` for a key where none is used.
    static func encryption(_ call: OSSCall) throws(OSSError) -> [AttributePair] {
        let names = encryptionHeaders
        let algorithm = call.header(names.algorithm)
        let data = call.header(names.data)
        let keyID = call.header(names.keyID)
        guard let algorithm else {
            for (name, value) in [(names.data, data), (names.keyID, keyID)] where value != nil {
                throw .invalidArgument(
                    name, value ?? "", message: "The header needs x-oss-server-side-encryption: KMS.")
            }
            return []
        }
        guard ["AES256", "KMS", "SM4"].contains(algorithm), data == nil || data == "SM4" else {
            throw OSSError(.invalidEncryptionAlgorithmError)
        }
        guard algorithm == "KMS" || (data == nil && keyID == nil) else {
            throw .invalidArgument(
                names.keyID, keyID ?? "", message: "The header needs x-oss-server-side-encryption: KMS.")
        }
        let pairs = [(names.algorithm, algorithm), (names.data, data), (names.keyID, keyID)]
        return pairs.compactMap { pair in pair.1.map { AttributePair(name: pair.0, value: $0) } }
    }
}
