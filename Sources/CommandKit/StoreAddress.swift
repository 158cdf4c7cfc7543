import OSSKit

/// What a command is about at a store: all buckets, a bucket, or an object in it.
///
/// `oss://` is the store, `oss://bucket` a bucket, `oss://bucket/key` an object, or all whose keys begin so.
package struct StoreAddress: Sendable, Equatable {
    /// The bucket; nil for the store itself.
    package let bucket: BucketName?
    /// The bytes of the key, or of the beginning of keys; empty for the bucket itself.
    package let key: [UInt8]

    /// Names a place in a bucket.
    package init(bucket: BucketName?, key: [UInt8] = []) {
        self.bucket = bucket
        self.key = key
    }

    /// Reads an address from a command line.
    ///
    /// - Parameters:
    ///   - text: the address.
    ///   - encoding: how its key is written; the bucket's name is always plain.
    /// - Throws: `AddressProblem`.
    package init(_ text: String, encoding: KeyEncoding = .plain) throws(AddressProblem) {
        guard Self.isAddress(text) else {
            throw AddressProblem(text, "an address begins with oss://, such as oss://bucket/key")
        }
        let rest = text.utf8.dropFirst(Self.scheme.utf8.count)
        let name = rest.prefix { $0 != UInt8(ascii: "/") }
        guard !name.isEmpty else {
            guard rest.isEmpty else { throw AddressProblem(text, "the name of the bucket is missing after oss://") }
            bucket = nil
            key = []
            return
        }
        do {
            bucket = try BucketName(String(decoding: name, as: UTF8.self))
        } catch {
            throw AddressProblem(text, "a bucket's name is 3 to 63 of a-z, 0-9 and -, with no - at either end")
        }
        guard let key = encoding.bytes(of: rest.dropFirst(name.count + 1)) else {
            throw AddressProblem(text, "a % in it is not followed by two hexadecimal digits")
        }
        guard key.isEmpty || Self.isKey(key) else {
            throw AddressProblem(
                text, "a key is 1 to 1023 bytes of UTF-8, does not begin with / or \\, and holds no NUL")
        }
        self.key = key
    }

    /// Whether a word of a command line is meant as an address, and not as a file.
    package static func isAddress(_ text: String) -> Bool {
        text.utf8.starts(with: scheme.utf8)
    }

    /// The object that is meant; nil if the address has no key.
    package var objectKey: ObjectKey? { try? ObjectKey(bytes: key) }

    /// Whether the address ends like a folder: with `/`, or with the bucket itself.
    package var isFolder: Bool { key.isEmpty || key.last == UInt8(ascii: "/") }

    /// The beginning of all keys in the folder that is meant: the key with a `/` at its end, or nothing.
    package var folderPrefix: [UInt8] { isFolder ? key : key + [UInt8(ascii: "/")] }

    /// The address of another key in the same bucket.
    package func with(key: [UInt8]) -> StoreAddress { StoreAddress(bucket: bucket, key: key) }

    /// The address as it is printed.
    package func shown(_ encoding: KeyEncoding = .plain) -> String {
        let name = bucket?.text ?? ""
        return key.isEmpty ? Self.scheme + name : "\(Self.scheme)\(name)/\(encoding.shown(key))"
    }

    private static let scheme = "oss://"

    private static func isKey(_ bytes: [UInt8]) -> Bool { (try? ObjectKey(bytes: bytes)) != nil }
}

/// An address that cannot be read.
package struct AddressProblem: Error, Sendable, Equatable, CustomStringConvertible {
    /// The address as it was given.
    package let text: String
    /// What is wrong with it.
    package let reason: String

    init(_ text: String, _ reason: String) {
        self.text = text
        self.reason = reason
    }

    package var description: String { "\(Printable.text(text)): \(reason)" }
}
