import ArgumentParser
import CommandKit
import Foundation
import OSSKit

/// `import`: stores the files of a folder as objects.
struct ImportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import", abstract: "Store the files of a folder as objects of the built-in store.",
        discussion: """
            Unlike put it needs no access key and no HTTP, and an object gets the time of its file as its Last-Modified. \
            The content type is that of the file's attribute user.mime_type, or is guessed by its name. Names that export \
            has escaped become the keys that they were. A file whose object is there with its length and time is passed \
            over, so that the same command goes on where an earlier one stopped. A server on the folder does the work \
            itself, and must be able to read the files.

              storage-gateway import photos oss://bucket/photos/
            """)

    @Argument(help: ArgumentHelp("The folder of the files.", valueName: "folder")) var source: String
    @Argument(help: ArgumentHelp("The bucket, or a folder in it.", valueName: "address")) var target: String

    @Flag(help: "Take names as they are, though they look as if export had escaped them.")
    var plainNames = false

    @OptionGroup(title: "The data folder") var folder: FolderOptions
    @OptionGroup(title: "Output") var output: OutputOptions

    mutating func validate() throws {
        _ = try ObjectsAndFolder(folder: source, address: target, encoding: output.encodingType)
    }

    func run() async throws {
        let plan = try ObjectsAndFolder(folder: source, address: target, encoding: output.encodingType)
        let task = FolderTask.importFolder(plan, namesArePlain: plainNames)
        try await FolderSession.running(output) { session in
            guard case .folder = try await LocalFiles.kind(of: plan.folder) else {
                throw FailureReport(.notFound, "there is no such folder", subject: plan.folder)
            }
            try await session.run(task, in: try folder.folder())
        }
    }
}

/// `export`: writes objects into the files of a folder.
struct ExportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export", abstract: "Write objects of the built-in store into the files of a folder.",
        discussion: """
            Every key gets a file of its own, and none leads out of the folder: what a file system does not take is \
            escaped with %, in such a way that import finds the key again. A file has the time of its object, and its \
            content type in the attribute user.mime_type where there is such a thing. A file that is there with the \
            length and time of its object is passed over.

              storage-gateway export oss://bucket/photos/ photos
            """)

    @Argument(help: ArgumentHelp("The bucket, or a folder in it.", valueName: "address")) var source: String
    @Argument(help: ArgumentHelp("The folder of the files.", valueName: "folder")) var target: String

    @OptionGroup(title: "The data folder") var folder: FolderOptions
    @OptionGroup(title: "Output") var output: OutputOptions

    mutating func validate() throws {
        _ = try ObjectsAndFolder(folder: target, address: source, encoding: output.encodingType)
    }

    func run() async throws {
        let plan = try ObjectsAndFolder(folder: target, address: source, encoding: output.encodingType)
        try await FolderSession.running(output) { try await $0.run(.exportFolder(plan), in: try folder.folder()) }
    }
}

extension ObjectsAndFolder {
    /// Reads both from a command line.
    ///
    /// - Throws: `ValidationError`, which is answered with how the command is used.
    fileprivate init(folder: String, address: String, encoding: KeyEncoding) throws {
        let place: StoreAddress
        do {
            place = try StoreAddress(address, encoding: encoding)
        } catch {
            throw ValidationError("\(error)")
        }
        guard let bucket = place.bucket else { throw ValidationError("\(address) has no bucket") }
        self.init(folder: AbsolutePath.of(folder), bucket: bucket.text, prefix: place.folderPrefix)
    }
}
