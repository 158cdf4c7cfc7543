import ArgumentParser
import CommandKit
import Foundation

/// `put`: uploads files, or standard input.
struct PutCommand: StoreCommand {
    static let configuration = CommandConfiguration(
        commandName: "put", abstract: "Upload files, or standard input.",
        discussion: """
            An address that ends with / is a folder: each file keeps its name in it. With --recursive the files are \
            folders, and all files below them are uploaded under their paths. - is standard input, 5 GiB at most.

              storage-gateway put photo.jpg oss://bucket/photos/
              storage-gateway put --recursive site oss://bucket/www/
              tar c folder | storage-gateway put - oss://bucket/folder.tar
            """)

    @Argument(help: ArgumentHelp("The files, and the address behind them.", valueName: "file… address"))
    var words: [String]

    @OptionGroup(title: "What is stored") var properties: PropertyOptions
    @OptionGroup(title: "How it is moved") var transfer: TransferOptions
    @OptionGroup(title: "Output") var output: OutputOptions
    @OptionGroup(title: "The store") var store: StoreOptions

    mutating func validate() throws {
        guard let last = words.last, words.count >= 2 else {
            throw ValidationError("put takes one or more files, and then an address such as oss://bucket/folder/")
        }
        try UploadPlan.check(words.dropLast(), target: try address(last), isRecursive: transfer.recursive)
    }

    func run(in session: StoreSession) async throws {
        let target = try address(words.last ?? "")
        try await UploadPlan(
            files: Array(words.dropLast()), target: target, transfer: transfer, properties: properties
        ).run(in: session)
    }
}

/// Which files become which objects.
struct UploadPlan: Sendable {
    /// The files or folders.
    let files: [String]
    /// Where they go.
    let target: StoreAddress
    /// How they are moved.
    let transfer: TransferOptions
    /// What is stored beside them.
    let properties: PropertyOptions

    /// Refuses what cannot be meant.
    ///
    /// - Throws: `ValidationError`.
    static func check(_ files: some Collection<String>, target: StoreAddress, isRecursive: Bool) throws {
        guard target.bucket != nil else { throw ValidationError("oss:// names no bucket to upload to") }
        if let file = files.first(where: { StoreAddress.isAddress($0) }) {
            throw ValidationError("\(file) is an address; put uploads files, and cp copies objects")
        }
        if let file = files.first(where: \.isEmpty) { throw ValidationError("a file has no name: \"\(file)\"") }
        if files.contains("-") {
            guard files.count == 1, !isRecursive else {
                throw ValidationError("standard input is uploaded alone")
            }
            guard !target.isFolder else {
                throw ValidationError("standard input has no name: the address must have a key")
            }
        }
        guard files.count == 1 || isRecursive || target.isFolder else {
            throw ValidationError("several files need a folder: an address that ends with /")
        }
    }

    /// Uploads them.
    func run(in session: StoreSession) async throws {
        if transfer.recursive { return try await runRecursively(in: session) }
        let isForMany = files.count > 1
        let mover = Mover(session: session, options: transfer, properties: properties, isForMany: isForMany)
        try Self.refuseTwins(files.map(LocalPath.lastName))
        if files == ["-"] { return try await mover.uploadStandardInput(to: target) }
        let target = target
        try await Batch(session: session, width: transfer.parallel).run(files) { file in
            try await mover.upload(file, to: Self.address(of: LocalPath.lastName(file), in: target))
        }
    }

    /// Refuses files of which one would take the place of another.
    private static func refuseTwins(_ names: [String]) throws {
        var seen: Set<[UInt8]> = []
        if let twin = names.first(where: { !seen.insert(Array($0.utf8)).inserted }) {
            throw FailureReport(.refused, "two of the files would become the same object", subject: twin)
        }
    }

    private static func address(of name: String, in target: StoreAddress) -> StoreAddress {
        target.isFolder ? target.with(key: target.key + Array(name.utf8)) : target
    }

    private func runRecursively(in session: StoreSession) async throws {
        var found: [LocalFiles.Found] = []
        for folder in files {
            guard case .folder = try await LocalFiles.kind(of: folder) else {
                throw FailureReport(.notFound, "it is not a folder", subject: folder)
            }
            found += try await LocalFiles.files(below: folder)
        }
        try Self.refuseTwins(found.map(\.relativePath))
        let mover = Mover(session: session, options: transfer, properties: properties, isForMany: true)
        let prefix = target.folderPrefix
        let target = target
        let count = try await Batch(session: session, width: transfer.parallel).run(found) { file in
            if let problem = file.problem { throw FailureReport(.refused, problem, subject: file.path) }
            try await mover.upload(file.path, to: target.with(key: prefix + Array(file.relativePath.utf8)))
        }
        session.console.note("\(count) uploaded")
    }
}
