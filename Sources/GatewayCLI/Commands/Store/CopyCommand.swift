import ArgumentParser
import CommandKit
import Foundation
import OSSClient
import OSSKit

/// `cp`: uploads, downloads, or copies inside the store, by what its two words are.
struct CopyCommand: StoreCommand {
    static let configuration = CommandConfiguration(
        commandName: "cp", abstract: "Copy: from file to object, from object to file, or inside the store.",
        discussion: """
            A file and an address are a put, an address and a file a get. Between two addresses the bytes stay inside \
            the store; what is stored beside the content comes with it, unless it is given anew.

              storage-gateway cp oss://bucket/a.txt oss://other/b.txt
              storage-gateway cp --recursive oss://bucket/2025/ oss://archive/2025/
            """)

    @Argument(help: ArgumentHelp("What is copied: a file, a folder, - or an address.", valueName: "source"))
    var source: String
    @Argument(help: ArgumentHelp("Where it goes: a file, a folder, - or an address.", valueName: "target"))
    var target: String

    @Option(help: ArgumentHelp("The version of the object that is copied.", valueName: "id"))
    var versionID: String?

    @OptionGroup(title: "What is stored") var properties: PropertyOptions
    @OptionGroup(title: "How it is moved") var transfer: TransferOptions
    @OptionGroup(title: "Output") var output: OutputOptions
    @OptionGroup(title: "The store") var store: StoreOptions

    mutating func validate() throws {
        switch (StoreAddress.isAddress(source), StoreAddress.isAddress(target)) {
        case (false, false): throw ValidationError("one of the two must be an address such as oss://bucket/key")
        case (false, true):
            try UploadPlan.check([source], target: try address(target), isRecursive: transfer.recursive)
        case (true, false): try DownloadPlan.check(try address(source), target: target, transfer: transfer)
        case (true, true):
            let from = try address(source)
            let to = try address(target)
            guard from.bucket != nil, to.bucket != nil else { throw ValidationError("oss:// names no bucket") }
            guard transfer.recursive || !from.isFolder else {
                throw ValidationError("\(source) is a folder: --recursive copies what is in it")
            }
            guard !transfer.recursive || versionID == nil else {
                throw ValidationError("--version-id is for one object")
            }
        }
    }

    func run(in session: StoreSession) async throws {
        switch (StoreAddress.isAddress(source), StoreAddress.isAddress(target)) {
        case (true, true): try await copy(in: session)
        case (true, false):
            try await DownloadPlan(
                source: try address(source), target: target, get: GetObjectOptions(versionID: versionID),
                transfer: transfer
            ).run(in: session)
        case (false, _):
            try await UploadPlan(
                files: [source], target: try address(target), transfer: transfer, properties: properties
            ).run(in: session)
        }
    }

    private func copy(in session: StoreSession) async throws {
        let from = try address(source)
        let to = try address(target)
        guard transfer.recursive else {
            let mover = Mover(session: session, options: transfer, properties: properties)
            let key = to.isFolder ? to.key + Array(from.lastName.utf8) : to.key
            return try await mover.copy(from, versionID: versionID, to: to.with(key: key))
        }
        let mover = Mover(session: session, options: transfer, properties: properties, isForMany: true)
        let (prefix, targetPrefix) = (from.folderPrefix, to.folderPrefix)
        guard from.bucket != to.bucket || !targetPrefix.starts(with: prefix) else {
            throw FailureReport(
                .refused, "a folder cannot be copied into itself: the copies would be copied again",
                subject: to.shown())
        }
        let objects = try session.bucket(of: from).objects(
            ListObjectsOptions(prefix: String(decoding: prefix, as: UTF8.self)))
        let batch = Batch(session: session, width: transfer.parallel, subject: from.shown(session.console.encoding))
        let count = try await batch.run(objects) { entry in
            guard case .object(let object) = entry else { return }
            let rest = object.key.bytes.dropFirst(prefix.count)
            // The mark of the folder itself is no object of it, unless someone gave it content.
            guard !rest.isEmpty || object.sizeBytes > 0 else { return }
            try await mover.copy(
                from.with(key: object.key.bytes), versionID: nil, to: to.with(key: targetPrefix + rest))
        }
        guard count > 0 else {
            throw FailureReport(.notFound, "there is no object in this folder", subject: from.shown())
        }
        session.console.note("\(count) copied")
    }
}
