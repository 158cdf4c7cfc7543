/// Names in paths on this side.
package enum LocalPath {
    /// The last name of a path, without slashes at its end; the path itself if there is none.
    package static func lastName(_ path: String) -> String {
        let names = path.utf8.split(separator: UInt8(ascii: "/"))
        return names.last.map { String(decoding: $0, as: UTF8.self) } ?? path
    }

    /// The path of a name in a folder.
    package static func path(of name: String, in folder: String) -> String {
        folder.utf8.last == UInt8(ascii: "/") ? folder + name : folder + "/" + name
    }
}

extension StoreAddress {
    /// What stands behind the last slash of the key, not counting one at its end; the whole key if nothing does.
    package var lastName: String {
        let names = key.split(separator: UInt8(ascii: "/"))
        return String(decoding: names.last ?? key[...], as: UTF8.self)
    }
}
