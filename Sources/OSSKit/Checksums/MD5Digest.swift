import Crypto

/// MD5, which OSS uses for entity tags and `Content-MD5`; it protects against accidents, not against people.
public enum MD5Digest {
    /// The 16 bytes of the digest.
    public static func of(_ bytes: some Sequence<UInt8>) -> [UInt8] {
        Array(Insecure.MD5.hash(data: Array(bytes)))
    }
}
