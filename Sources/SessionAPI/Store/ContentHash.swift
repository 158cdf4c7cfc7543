import Crypto
import SessionModels

/// What makes two contents the same, however a client spells its JSON.
///
/// Source: session-api.md 5.10.
enum ContentHash {
    /// The hash of a turn: a tag, then each part after its length as 8 bytes, highest first.
    static func turn(userMessage: String, companionResponse: String, outcome: JSONValue?) -> [UInt8] {
        var hash = SHA256()
        hash.update(data: Array("T1".utf8))
        let canonical = outcome.map(JSONCanonicalForm.bytes) ?? Array("{}".utf8)
        for part in [Array(userMessage.utf8), Array(companionResponse.utf8), canonical] {
            let length = UInt64(part.count)
            hash.update(data: (0..<8).map { UInt8(truncatingIfNeeded: length >> (56 - 8 * $0)) })
            hash.update(data: part)
        }
        return Array(hash.finalize())
    }

    /// The hash of a JSON document.
    static func document(_ value: JSONValue) -> [UInt8] {
        Array(SHA256.hash(data: JSONCanonicalForm.bytes(of: value)))
    }

    /// The hash of a text.
    static func text(_ text: String) -> [UInt8] {
        Array(SHA256.hash(data: Array(text.utf8)))
    }
}
