import ArgumentParser
import CommandKit
import OSSClient
import OSSKit

/// `ls`: lists buckets, or objects.
struct ListCommand: StoreCommand {
    static let configuration = CommandConfiguration(
        commandName: "ls", abstract: "List buckets, or the objects whose keys begin like the address.",
        discussion: """
            Keys are rolled up into folders at the next /, unless --recursive is given. Times are UTC, sizes are in \
            bytes.

              storage-gateway ls
              storage-gateway ls -h oss://bucket/photos/
            """,
        // -h is for sizes here, as it is for the ls of every system.
        helpNames: .long)

    @Argument(help: ArgumentHelp("oss:// for the buckets, oss://bucket, or oss://bucket/prefix.", valueName: "address"))
    var place = "oss://"

    @Flag(name: .shortAndLong, help: "All keys, not rolled up into folders.") var recursive = false
    @Flag(name: [.customShort("h"), .long], help: "Sizes in KiB, MiB and so on.") var humanReadable = false
    @Flag(help: "All versions of each key, and what stands for its deletion.") var versions = false
    @Option(help: ArgumentHelp("The most entries to list.", valueName: "count")) var limit: Int?
    @Option(help: ArgumentHelp("The text after which the list begins.", valueName: "key")) var startAfter: String?

    @OptionGroup(title: "Output") var output: OutputOptions
    @OptionGroup(title: "The store") var store: StoreOptions

    mutating func validate() throws {
        let bucket = try address(place).bucket
        if versions, bucket == nil { throw ValidationError("--versions is for a bucket") }
        if let limit, limit < 1 { throw ValidationError("--limit is 1 at least") }
    }

    func run(in session: StoreSession) async throws {
        let address = try address(place)
        try await session.telling(about: address.shown(session.console.encoding)) { try await list(address, session) }
    }

    private func list(_ address: StoreAddress, _ session: StoreSession) async throws {
        var page = ListingPage(console: session.console, hasUnits: humanReadable, limit: limit ?? .max)
        guard let bucket = address.bucket else {
            for try await bucket in session.buckets.buckets() {
                guard
                    try await page.add(
                        .bucket(
                            name: bucket.name, createdAtMilliseconds: bucket.createdAtMilliseconds,
                            region: bucket.region, storageClass: bucket.storageClass))
                else { break }
            }
            return try await page.end()
        }
        let startAfter = startAfter.flatMap { output.encodingType.bytes(of: $0.utf8) }
        var options = ListObjectsOptions(
            prefix: String(decoding: address.key, as: UTF8.self), delimiter: recursive ? nil : "/",
            startAfter: startAfter.map { String(decoding: $0, as: UTF8.self) })
        options.maxKeys = min(limit ?? options.maxKeys, options.maxKeys)
        if versions {
            for try await entry in session.bucket(bucket).versions(options) {
                guard try await page.add(Self.row(entry, bucket: bucket.text)) else { break }
            }
        } else {
            for try await entry in session.bucket(bucket).objects(options) {
                guard try await page.add(Self.row(entry, bucket: bucket.text)) else { break }
            }
        }
        try await page.end()
    }

    private static func row(_ entry: VersionEntry, bucket: String) -> ListingRow {
        switch entry {
        case .commonPrefix(let prefix): return .folder(bucket: bucket, prefix: Array(prefix.utf8))
        case .version(let version):
            var listed = ListedObject(
                bucket: bucket, key: version.key.bytes, sizeBytes: version.content?.sizeBytes ?? 0,
                lastModifiedMilliseconds: version.lastModifiedMilliseconds)
            listed.eTag = version.content?.eTag
            listed.storageClass = version.content?.storageClass
            listed.versionID = version.versionID
            listed.isLatest = version.isLatest
            listed.isDeleteMarker = version.isDeleteMarker
            return .object(listed)
        }
    }

    private static func row(_ entry: ListEntry, bucket: String) -> ListingRow {
        switch entry {
        case .commonPrefix(let prefix): return .folder(bucket: bucket, prefix: Array(prefix.utf8))
        case .object(let object):
            var listed = ListedObject(
                bucket: bucket, key: object.key.bytes, sizeBytes: object.sizeBytes,
                lastModifiedMilliseconds: object.lastModifiedMilliseconds)
            listed.eTag = object.eTag
            listed.storageClass = object.storageClass
            return .object(listed)
        }
    }
}

/// Prints rows, many with one write.
private struct ListingPage {
    let console: Console
    let hasUnits: Bool
    let limit: Int
    private var rows: [ListingRow] = []
    private var count = 0
    private var sumBytes: Int64 = 0

    init(console: Console, hasUnits: Bool, limit: Int) {
        self.console = console
        self.hasUnits = hasUnits
        self.limit = limit
    }

    /// The rows that are printed with one write.
    private static let rowsPerWrite = 200

    /// Takes in a row; false if no more are wanted.
    mutating func add(_ row: ListingRow) async throws -> Bool {
        rows.append(row)
        count += 1
        if case .object(let object) = row { sumBytes = sumBytes.addingReportingOverflow(object.sizeBytes).partialValue }
        if rows.count == Self.rowsPerWrite { try await write() }
        return count < limit
    }

    /// Prints what is left, and on a terminal how much it was.
    mutating func end() async throws {
        try await write()
        if console.showsProgress {
            console.note("\(count) \(count == 1 ? "entry" : "entries"), \(ByteAmount.text(sumBytes))")
        }
    }

    private mutating func write() async throws {
        let (console, hasUnits) = (console, hasUnits)
        if console.isJSON || !console.isQuiet {
            try await console.lines(
                rows.map { row in
                    console.isJSON ? row.json(console.encoding) : row.text(console.encoding, hasUnits: hasUnits)
                })
        }
        rows.removeAll(keepingCapacity: true)
    }
}
