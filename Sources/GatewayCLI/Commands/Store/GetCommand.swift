import ArgumentParser
import CommandKit
import Foundation
import OSSClient
import OSSKit

/// `get`: downloads objects.
struct GetCommand: StoreCommand {
    static let configuration = CommandConfiguration(
        commandName: "get", abstract: "Download an object, or all of a folder.",
        discussion: """
            A file appears when all of it is there and its checksum is right. Without a file, or with a folder, the \
            object keeps its name; - is standard output. With --recursive all objects whose keys begin with the \
            folder's are stored below the local folder; a key that would lead out of it is refused.

              storage-gateway get oss://bucket/photos/photo.jpg
              storage-gateway get --recursive oss://bucket/photos/ photos
              storage-gateway get oss://bucket/log.gz - | zcat
            """)

    @Argument(help: ArgumentHelp("The object, or the folder.", valueName: "address")) var source: String
    @Argument(help: ArgumentHelp("The file, a folder, or -. (default: the object's name)", valueName: "file"))
    var target: String?

    @Option(help: ArgumentHelp("The bytes to get, such as 0-499, 500- or -500.", valueName: "first-last"))
    var range: ObjectRange?

    @Option(help: ArgumentHelp("The version of the object.", valueName: "id"))
    var versionID: String?

    @OptionGroup(title: "How it is moved") var transfer: TransferOptions
    @OptionGroup(title: "Output") var output: OutputOptions
    @OptionGroup(title: "The store") var store: StoreOptions

    mutating func validate() throws {
        try DownloadPlan.check(try address(source), target: target, transfer: transfer)
        if transfer.recursive, range != nil || versionID != nil {
            throw ValidationError("--range and --version-id are for one object")
        }
    }

    func run(in session: StoreSession) async throws {
        try await DownloadPlan(
            source: try address(source), target: target,
            get: GetObjectOptions(range: range, versionID: versionID), transfer: transfer
        ).run(in: session)
    }
}

/// Which objects become which files.
struct DownloadPlan: Sendable {
    /// The object, or the folder.
    let source: StoreAddress
    /// The file, the folder, or `-`; nil for the object's own name.
    let target: String?
    /// Which part and which version.
    let get: GetObjectOptions
    /// How it is moved.
    let transfer: TransferOptions

    /// Refuses what cannot be meant.
    ///
    /// - Throws: `ValidationError`.
    static func check(_ source: StoreAddress, target: String?, transfer: TransferOptions) throws {
        guard source.bucket != nil else { throw ValidationError("oss:// names no bucket to download from") }
        if let target, StoreAddress.isAddress(target) {
            throw ValidationError("\(target) is an address; get downloads to files, and cp copies objects")
        }
        guard target.map({ !$0.isEmpty }) ?? true else { throw ValidationError("the file has no name") }
        if transfer.recursive {
            guard target != "-" else { throw ValidationError("a folder cannot be written to standard output") }
        } else if source.isFolder {
            throw ValidationError("\(source.shown()) is a folder: --recursive downloads what is in it")
        }
    }

    /// Downloads them.
    func run(in session: StoreSession) async throws {
        if transfer.recursive { return try await runRecursively(in: session) }
        let mover = Mover(session: session, options: transfer)
        if target == "-" { return try await mover.downloadToStandardOutput(source, get) }
        try await mover.download(source, get, toFile: try await path())
    }

    private func path() async throws -> String {
        if let target {
            let isFolder: Bool
            if case .folder = try await LocalFiles.kind(of: target) { isFolder = true } else { isFolder = false }
            guard isFolder || target.hasSuffix("/") else { return target }
            if !isFolder { try await LocalFiles.makeFolder(target) }
            return LocalPath.path(of: try ownName(), in: target)
        }
        return try ownName()
    }

    /// The name that the object has for itself: a plain one, which leads nowhere else.
    private func ownName() throws -> String {
        do {
            return try LocalName.name(Array(source.lastName.utf8))
        } catch {
            throw FailureReport(
                .refused, "it gives no name for a file: \(error.reason)", subject: source.shown(),
                hint: "name a file behind the address")
        }
    }

    private func runRecursively(in session: StoreSession) async throws {
        let folder = target ?? "."
        let prefix = source.folderPrefix
        let mover = Mover(session: session, options: transfer, isForMany: true)
        let objects = try session.bucket(of: source).objects(
            ListObjectsOptions(prefix: String(decoding: prefix, as: UTF8.self)))
        let source = source
        let batch = Batch(session: session, width: transfer.parallel, subject: source.shown(session.console.encoding))
        let count = try await batch.run(objects) { entry in
            guard case .object(let object) = entry else { return }
            let address = source.with(key: object.key.bytes)
            let name = try Self.localName(of: object.key, below: prefix, address, session)
            guard !name.isFolder || object.sizeBytes == 0 else {
                throw FailureReport(
                    .refused, "its key ends with /, which is a folder here, but it has content",
                    subject: address.shown(session.console.encoding), hint: "get it alone, and name a file")
            }
            let folders = name.isFolder ? name.components : name.components.dropLast()
            try await LocalFiles.makeFolder(folder)
            try await LocalFiles.makeFolders(Array(folders), below: folder)
            guard !name.isFolder else { return }
            try await mover.download(address, GetObjectOptions(), toFile: name.path(below: folder))
        }
        guard count > 0 else {
            throw FailureReport(.notFound, "there is no object in this folder", subject: source.shown())
        }
        session.console.note("\(count) downloaded")
    }
}

extension DownloadPlan {
    fileprivate static func localName(
        of key: ObjectKey, below prefix: [UInt8], _ address: StoreAddress, _ session: StoreSession
    ) throws -> LocalName {
        do {
            return try LocalName(of: key.bytes, below: prefix)
        } catch {
            throw FailureReport(
                .refused, "its key is no path below a folder: \(error.reason)",
                subject: address.shown(session.console.encoding))
        }
    }
}

extension ObjectRange: ExpressibleByArgument {
    public init?(argument: String) {
        let sides = argument.split(separator: "-", omittingEmptySubsequences: false)
        guard sides.count == 2 else { return nil }
        let numbers = sides.map { DecimalNumber.parse($0) }
        switch (numbers[0], numbers[1]) {
        case (let first?, let last?):
            guard first <= last else { return nil }
            self = .bytes(first...last)
        case (let first?, nil):
            guard sides[1].isEmpty else { return nil }
            self = .from(first)
        case (nil, let count?):
            guard sides[0].isEmpty, count > 0 else { return nil }
            self = .last(count)
        case (nil, nil): return nil
        }
    }
}
