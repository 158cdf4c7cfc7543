/// Where below a folder an object is stored when a whole prefix is fetched.
///
/// A key is what someone else wrote. It becomes names below the folder, or it is refused; it never leads out of it.
package struct LocalName: Sendable, Equatable {
    /// The names on the way, each one a plain name of a file or a folder.
    package let components: [String]
    /// Whether the key stands for a folder: it ends with `/`, as consoles mark empty folders.
    package let isFolder: Bool

    /// Makes names of what follows a prefix in a key.
    ///
    /// - Parameters:
    ///   - key: the object's key.
    ///   - prefix: what the key begins with; nothing of it becomes part of the names.
    /// - Throws: `UnsafeKey`, unless every part between slashes is a name that means nothing else to the system.
    package init(of key: [UInt8], below prefix: [UInt8]) throws(UnsafeKey) {
        guard key.starts(with: prefix) else { throw UnsafeKey(reason: "it does not begin with the prefix") }
        var parts = key.dropFirst(prefix.count).split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        isFolder = parts.last?.isEmpty ?? true
        if isFolder { parts = parts.dropLast() }
        var components: [String] = []
        for part in parts {
            components.append(try Self.name(part))
        }
        self.components = components
    }

    /// The path below a folder.
    package func path(below folder: String) -> String {
        components.reduce(folder) { $0.hasSuffix("/") ? $0 + $1 : $0 + "/" + $1 }
    }

    /// One part of a key as the name of a file.
    package static func name(_ part: some Collection<UInt8>) throws(UnsafeKey) -> String {
        guard !part.isEmpty else { throw UnsafeKey(reason: "it has two slashes in a row, or begins with one") }
        guard !part.elementsEqual(".".utf8), !part.elementsEqual("..".utf8) else {
            throw UnsafeKey(reason: "it has . or .. for a name")
        }
        guard part.count <= maximumNameBytes else {
            throw UnsafeKey(reason: "a name in it is over \(maximumNameBytes) bytes")
        }
        guard !part.contains(0), let name = String(validating: part, as: UTF8.self) else {
            throw UnsafeKey(reason: "it holds NUL, or is not UTF-8")
        }
        return name
    }

    /// The longest name of a file, in bytes, on the file systems that people have.
    private static let maximumNameBytes = 255
}

/// A key that cannot be stored below a folder by its own name.
package struct UnsafeKey: Error, Sendable, Equatable {
    /// Why not, as a sentence goes on after the key.
    package let reason: String
}
