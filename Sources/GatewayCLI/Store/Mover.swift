import CommandKit
import Foundation
import NIOCore
import OSSClient
import OSSKit

/// Moves content between this side and a store, for put, get and cp.
struct Mover: Sendable {
    /// The command's connection.
    let session: StoreSession
    private let options: TransferOptions
    private let properties: PropertyOptions
    private let settings: OSSTransfers.Settings
    private let display: TransferDisplay

    /// Takes what the command line says.
    ///
    /// - Parameter isForMany: whether several files are moved at the same time, so that each has fewer parts.
    init(
        session: StoreSession, options: TransferOptions, properties: PropertyOptions = PropertyOptions(),
        isForMany: Bool = false
    ) {
        self.session = session
        self.options = options
        self.properties = properties
        var settings = options.settings()
        if isForMany { settings.parallelParts = max(settings.parallelParts / 2, 1) }
        self.settings = settings
        display = TransferDisplay(console: session.console)
    }

    private var console: Console { session.console }

    /// How an address is printed.
    private func shown(_ address: StoreAddress) -> String { address.shown(console.encoding) }

    // MARK: Uploads

    /// Uploads a file.
    func upload(_ path: String, to address: StoreAddress) async throws {
        try await session.telling(about: "\(path) -> \(shown(address))") {
            try await LocalFiles.checkSource(path)
            let key = try Self.key(of: address)
            session.unfinished.note(options.checkpointDir == nil ? .takenBack : .kept)
            var upload = UploadOptions(properties.properties(fileName: path))
            upload.forbidsOverwrite = options.ifNoneExists
            upload.checkpoint = try options.checkpoint(of: [
                "put", path, shown(address), "\(session.settings.endpoint)",
            ])
            let transfers = OSSTransfers(client: try session.bucket(of: address), settings: settings)
            let outcome = try await display.watching(
                transfers.upload(file: path, to: key, upload), name: LocalPath.lastName(path))
            var line = line("put", address)
            line.add("file", path)
            line.add("bytes", outcome.sizeBytes)
            line.add("etag", outcome.eTag)
            line.add("crc64", String(outcome.crc64))
            line.add("versionId", outcome.versionID)
            try await console.result(
                "\(Printable.text(path)) -> \(shown(address))  \(ByteAmount.text(outcome.sizeBytes))",
                json: line.text)
        }
    }

    /// Uploads standard input, as long as it is.
    func uploadStandardInput(to address: StoreAddress) async throws {
        try await session.telling(about: shown(address)) {
            let key = try Self.key(of: address)
            session.unfinished.note(.takenBack)
            var put = PutObjectOptions(properties.properties(fileName: address.lastName))
            put.forbidsOverwrite = options.ifNoneExists
            let input = StandardInput(
                bytesPerSecond: settings.bandwidthLimit?.bytesPerSecond,
                maximumBytes: StandardInput.maximumPutBytes)
            let result = try await session.bucket(of: address)
                .putObject(key, .stream(input, lengthBytes: nil), put)
            var line = line("put", address)
            line.add("etag", result.eTag)
            line.add("crc64", String(result.crc64))
            line.add("versionId", result.versionID)
            try await console.result("- -> \(shown(address))", json: line.text)
        }
    }

    // MARK: Downloads

    /// Downloads an object into a file, which appears when all of it is there.
    func download(_ address: StoreAddress, _ get: GetObjectOptions, toFile path: String) async throws {
        try await session.telling(about: "\(shown(address)) -> \(path)") {
            let key = try Self.key(of: address)
            if options.ifNoneExists, access(path, F_OK) == 0 {
                throw FailureReport(.refused, "it is there already, and was left as it is", subject: path)
            }
            try await LocalFiles.checkFolder(of: path)
            let mode = try await LocalFiles.modeToGive(path)
            let metadata: ObjectMetadata
            if get.range != nil {
                session.unfinished.note(.takenBack)
                metadata = try await session.bucket(of: address).getObject(key, intoFile: path, get)
            } else {
                session.unfinished.note(options.checkpointDir == nil ? .takenBack : .kept)
                let checkpoint = try options.checkpoint(of: [
                    "get", path, shown(address), "\(session.settings.endpoint)",
                ])
                let transfers = OSSTransfers(client: try session.bucket(of: address), settings: settings)
                metadata = try await display.watching(
                    transfers.download(
                        key, toFile: path, DownloadOptions(versionID: get.versionID, checkpoint: checkpoint)),
                    name: address.lastName
                ).metadata
            }
            try await LocalFiles.setMode(mode, of: path)
            var line = line("get", address)
            line.add("file", path)
            line.add("bytes", metadata.sizeBytes)
            line.add("etag", metadata.eTag)
            line.add("crc64", metadata.crc64.map { String($0) })
            line.add("versionId", metadata.versionID)
            try await console.result(
                "\(shown(address)) -> \(Printable.text(path))  \(ByteAmount.text(metadata.sizeBytes))",
                json: line.text)
        }
    }

    /// Writes an object to standard output, and nothing else there.
    func downloadToStandardOutput(_ address: StoreAddress, _ get: GetObjectOptions) async throws {
        try await session.telling(about: shown(address)) {
            let (_, content) = try await session.bucket(of: address).streamObject(try Self.key(of: address), get)
            var limit = settings.bandwidthLimit.map { RateLimit(bytesPerSecond: $0.bytesPerSecond) }
            for try await piece in content {
                try await limit?.wait(for: piece.readableBytes)
                try await StandardOutput.write(Array(piece.readableBytesView))
            }
        }
    }

    // MARK: Copies

    /// Copies an object inside the store.
    func copy(_ source: StoreAddress, versionID: String?, to address: StoreAddress) async throws {
        try await session.telling(about: "\(shown(source)) -> \(shown(address))") {
            session.unfinished.note(.takenBack)
            let copySource = CopySource(
                bucket: source.bucket, key: try Self.key(of: source), versionID: versionID)
            let given = properties.properties(fileName: nil)
            var copy = CopyObjectOptions(replacingProperties: properties.replacesProperties ? given : nil)
            if !given.tags.isEmpty { copy.replacingTags = given.tags }
            copy.acl = given.acl
            copy.storageClass = given.storageClass
            copy.forbidsOverwrite = options.ifNoneExists
            let transfers = OSSTransfers(client: try session.bucket(of: address), settings: settings)
            let outcome = try await display.watching(
                transfers.copy(from: copySource, to: try Self.key(of: address), copy), name: source.lastName)
            var line = line("cp", address)
            line.add("source", shown(source))
            line.add("bytes", outcome.sizeBytes)
            line.add("etag", outcome.eTag)
            line.add("versionId", outcome.versionID)
            try await console.result(
                "\(shown(source)) -> \(shown(address))  \(ByteAmount.text(outcome.sizeBytes))", json: line.text)
        }
    }

    // MARK: Parts

    private func line(_ operation: String, _ address: StoreAddress) -> JSONLine {
        var line = JSONLine()
        line.add("operation", operation)
        line.add("bucket", address.bucket?.text)
        line.add("key", console.encoding.jsonText(address.key))
        return line
    }

    private static func key(of address: StoreAddress) throws -> ObjectKey {
        guard let key = address.objectKey else {
            throw FailureReport(.refused, "a key is missing after the bucket", subject: address.shown())
        }
        return key
    }
}

/// Lets so many bytes a second pass.
struct RateLimit {
    private let bytesPerSecond: Int64
    private let start = ContinuousClock.now
    private var passedBytes: Int64 = 0

    /// Makes a limit.
    init(bytesPerSecond: Int64) {
        self.bytesPerSecond = bytesPerSecond
    }

    /// Waits until so many more bytes may pass.
    mutating func wait(for bytes: Int) async throws {
        let due = Duration.seconds(Double(passedBytes) / Double(bytesPerSecond))
        passedBytes += Int64(bytes)
        let elapsed = ContinuousClock.now - start
        if due > elapsed { try await Task.sleep(for: due - elapsed) }
    }
}
