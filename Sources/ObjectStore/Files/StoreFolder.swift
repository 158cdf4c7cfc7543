import Glibc

/// The folder of a store: what lies where on its disk; its methods block.
enum StoreFolder {
    /// The mark of the format that this version reads and writes.
    static let version = "1"
    /// The name of the database file.
    static let databaseName = "meta.sqlite"
    /// The folder of all blobs.
    static let blobsName = "blobs"

    /// The file that says which format a folder has, written last.
    static let versionName = "VERSION"

    /// Makes what is missing in a folder that was locked before.
    ///
    /// `VERSION` is written last: a folder without it was never finished, and is made anew unless it has a database.
    /// - Throws: `StoreFailure.unknownFormat`, or the failed system call.
    static func prepare(_ disk: any Disk) throws {
        if try !hasVersion(disk) {
            try initialise(disk)
        }
        // SQLite makes its file with the usual mode; the log and the shared memory take over the mode of this one.
        _ = try disk.open(databaseName, .writing)
    }

    private static func hasVersion(_ disk: any Disk) throws -> Bool {
        do {
            let file = try disk.open(versionName, .reading)
            var bytes = [UInt8](repeating: 0, count: 64)
            let count = try bytes.withUnsafeMutableBytes { try file.read(into: $0, at: 0) }
            let text = String(decoding: bytes[..<count], as: UTF8.self)
            guard text == version + "\n" else { throw StoreFailure.unknownFormat("VERSION is not \(version)") }
            return true
        } catch StoreFailure.system(_, errorNumber: ENOENT) {
            guard try disk.status(of: databaseName) == nil else {
                throw StoreFailure.unknownFormat("meta.sqlite without VERSION")
            }
            return false
        }
    }

    private static func initialise(_ disk: any Disk) throws {
        try disk.makeFolder(blobsName)
        for number in 0..<BlobID.folderCount {
            try disk.makeFolder(blobsName + "/" + BlobID.folderName(number))
        }
        try disk.syncFolder(blobsName)
        let newName = versionName + ".new"
        let file = try disk.open(newName, .writing)
        try file.truncate(to: 0)
        try Array((version + "\n").utf8).withUnsafeBytes { try file.write($0, at: 0) }
        try file.syncEverything()
        // The file is there whole or not at all: an empty one would lock the folder for ever.
        try disk.rename(newName, to: versionName)
        try disk.syncFolder("")
        try disk.syncFolder("..")
    }
}
