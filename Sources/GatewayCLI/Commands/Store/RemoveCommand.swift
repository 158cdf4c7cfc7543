import ArgumentParser
import CommandKit
import Foundation
import OSSClient
import OSSKit

/// `rm`: deletes objects.
struct RemoveCommand: StoreCommand {
    static let configuration = CommandConfiguration(
        commandName: "rm", abstract: "Delete objects; one that is not there is deleted too.",
        discussion: """
            With --recursive all objects whose keys begin with the folder's are deleted; that is asked back on a \
            terminal, and needs --force everywhere else. In a bucket with versions a mark hides each object, and its \
            versions stay; elsewhere it is gone for good. --version-id deletes one version for good, --all-versions \
            all of them and the marks.

              storage-gateway rm oss://bucket/a.txt oss://bucket/b.txt
              storage-gateway rm --recursive --dry-run oss://bucket/old/
              storage-gateway rm --recursive --all-versions --force oss://bucket/old/
            """)

    @Argument(help: ArgumentHelp("The objects, or the folders.", valueName: "address")) var places: [String]

    @Flag(name: .shortAndLong, help: "All objects whose keys begin with the folder's.") var recursive = false
    @Flag(name: .shortAndLong, help: "Do not ask back.") var force = false
    @Flag(name: [.customShort("n"), .long], help: "Only print what would be deleted.") var dryRun = false
    @Option(help: ArgumentHelp("The version of the object.", valueName: "id")) var versionID: String?
    @Flag(help: "All versions and delete markers, for good.") var allVersions = false

    @OptionGroup(title: "Output") var output: OutputOptions
    @OptionGroup(title: "The store") var store: StoreOptions

    mutating func validate() throws {
        for place in places {
            let address = try address(place)
            guard address.bucket != nil else { throw ValidationError("oss:// names no bucket") }
            guard recursive || !address.key.isEmpty else {
                throw ValidationError("\(place) is a bucket: rb deletes an empty one, rm --recursive its objects")
            }
        }
        if recursive, versionID != nil { throw ValidationError("--version-id is for one object") }
        if versionID != nil, places.count > 1 { throw ValidationError("--version-id is for one object") }
        if versionID != nil, allVersions { throw ValidationError("--version-id is for one version") }
    }

    func run(in session: StoreSession) async throws {
        let addresses = try places.map(address)
        guard recursive || allVersions else {
            let (isDryRun, versionID) = (dryRun, versionID)
            try await Batch(session: session, width: 4).run(addresses) { address in
                try await Self.remove(address, versionID: versionID, isDryRun: isDryRun, in: session)
            }
            return
        }
        for address in addresses where recursive {
            try await confirm(address, session)
        }
        for address in addresses {
            try await session.telling(about: address.shown(session.console.encoding)) {
                try await removeAll(of: address, session)
            }
        }
    }

    private static func remove(
        _ address: StoreAddress, versionID: String?, isDryRun: Bool, in session: StoreSession
    ) async throws {
        let shown = address.shown(session.console.encoding)
        guard let key = address.objectKey else { throw FailureReport(.refused, "it has no key", subject: shown) }
        if !isDryRun {
            _ = try await session.telling(about: shown) {
                try await session.bucket(of: address).deleteObject(key, versionID: versionID)
            }
        }
        try await told(address, DeleteRequest.Object(key: key), isDryRun: isDryRun, session)
    }

    private static func told(
        _ address: StoreAddress, _ object: DeleteRequest.Object, isDryRun: Bool, _ session: StoreSession
    ) async throws {
        var shown = address.with(key: object.key.bytes).shown(session.console.encoding)
        if let version = object.versionID { shown += "  " + version }
        var line = JSONLine()
        line.add("operation", isDryRun ? "would-rm" : "rm")
        line.add("bucket", address.bucket?.text)
        line.add("key", session.console.encoding.jsonText(object.key.bytes))
        line.add("versionId", object.versionID)
        try await session.console.result("\(isDryRun ? "would delete" : "deleted")  \(shown)", json: line.text)
    }

    /// Asks back before a folder is deleted.
    private func confirm(_ address: StoreAddress, _ session: StoreSession) async throws {
        guard !force, !dryRun else { return }
        let folder = address.with(key: address.folderPrefix).shown(session.console.encoding)
        guard isatty(STDIN_FILENO) != 0, isatty(STDERR_FILENO) != 0 else {
            throw FailureReport(
                .refused, "all objects in it would be deleted", subject: folder,
                hint: "--force does it, and --dry-run shows them")
        }
        StandardError.print("Delete all objects in \(folder)? [y/N]")
        let answer = try await StandardInput.line().lowercased()
        guard answer == "y" || answer == "yes" else {
            throw FailureReport(.cancelled, "nothing was deleted", subject: folder)
        }
    }

    /// Deletes the objects of a folder, or the versions of a folder or of a key, a request's worth at a time.
    private func removeAll(of address: StoreAddress, _ session: StoreSession) async throws {
        let bucket = try session.bucket(of: address)
        let prefix = recursive ? address.folderPrefix : address.key
        let options = ListObjectsOptions(prefix: String(decoding: prefix, as: UTF8.self))
        var batch: [DeleteRequest.Object] = []
        var count = 0
        func add(_ object: DeleteRequest.Object) async throws {
            batch.append(object)
            guard batch.count == Limits.maximumKeysPerDelete else { return }
            count += try await remove(batch, from: bucket, address, session)
            batch.removeAll(keepingCapacity: true)
        }
        if allVersions {
            for try await entry in bucket.versions(options) {
                guard case .version(let version) = entry else { continue }
                // Of the keys with this beginning the key itself comes first.
                guard recursive || version.key.bytes == address.key else { break }
                try await add(DeleteRequest.Object(key: version.key, versionID: version.versionID))
            }
        } else {
            for try await entry in bucket.objects(options) {
                guard case .object(let object) = entry else { continue }
                try await add(DeleteRequest.Object(key: object.key))
            }
        }
        count += try await remove(batch, from: bucket, address, session)
        session.console.note("\(count) \(dryRun ? "would be deleted" : "deleted")")
    }

    private func remove(
        _ objects: [DeleteRequest.Object], from bucket: OSSClient, _ address: StoreAddress, _ session: StoreSession
    ) async throws -> Int {
        guard !objects.isEmpty else { return 0 }
        var gone = objects
        var unconfirmedCount = 0
        if !dryRun {
            let result = try await bucket.deleteObjects(objects)
            gone = result.deleted.map { DeleteRequest.Object(key: $0.key, versionID: $0.versionID) }
            unconfirmedCount = result.unconfirmed.count
        }
        for object in gone {
            try await Self.told(address, object, isDryRun: dryRun, session)
        }
        guard unconfirmedCount == 0 else {
            throw FailureReport(
                .refused, "\(unconfirmedCount) objects were not deleted, and the store does not say why")
        }
        return gone.count
    }
}
