import OSSKit

/// Moves files and objects of any length between this side and a bucket, in parts that run side by side.
///
/// Parts are streamed: memory grows with `Settings.parallelParts`, at most about 1 MiB for each, and neither with the
/// length of the object nor with that of a part. What arrives is compared with what was sent by CRC-64, each part and
/// the whole. A part that fails is repeated as the client's `RetryPolicy` says.
public struct OSSTransfers: Sendable {
    /// How transfers are done.
    public struct Settings: Sendable {
        /// The length that parts should have, 100 KiB to 5 GiB; they get longer if 10,000 would not suffice.
        public var partSizeBytes: Int64 = 8 * 1_048_576
        /// How many parts are under way at the same time; no more than `OSSConnections` has connections.
        public var parallelParts = 4
        /// Up to which length a file is sent in one piece.
        public var singleUploadBytes: Int64 = 8 * 1_048_576
        /// Up to which length an object is copied in one piece.
        ///
        /// Source: oss-wire facts 15 and 17.
        public var singleCopyBytes: Int64 = 200 * 1_048_576
        /// The length of the parts of a copy.
        public var copyPartSizeBytes: Int64 = 64 * 1_048_576
        /// How many bytes a second may pass; nil for no limit.
        ///
        /// A limit can be shared with other transfers.
        public var bandwidthLimit: BandwidthLimit?

        /// The settings that suit most networks.
        public init() {}
    }

    let client: OSSClient
    let settings: Settings
    let now: @Sendable () -> Duration

    /// Makes transfers to and from the bucket of a client.
    ///
    /// - Parameters:
    ///   - client: the client, with its credentials and retries.
    ///   - settings: how transfers are done.
    ///   - now: the time since any fixed moment, which never goes back; for rates and for the bandwidth limit.
    public init(client: OSSClient, settings: Settings = Settings(), now: (@Sendable () -> Duration)? = nil) {
        self.client = client
        self.settings = settings
        let start = ContinuousClock.now
        self.now = now ?? { ContinuousClock.now - start }
    }

    /// An upload of a file.
    ///
    /// A file that is changed or replaced while it is sent makes the upload fail, and no object is stored.
    ///
    /// - Parameters:
    ///   - path: the file.
    ///   - key: the object's key; an object that is there is replaced in one moment, at the end.
    ///   - options: what is stored with it, and whether it can be resumed.
    public func upload(
        file path: String, to key: ObjectKey, _ options: UploadOptions = UploadOptions()
    ) -> Transfer<UploadOutcome> {
        Transfer(meter: TransferMeter(now: now)) { meter in
            try await FileUpload(transfers: self, path: path, key: key, options: options, meter: meter).run()
        }
    }

    /// A download into a file.
    ///
    /// The file appears or is replaced when all bytes are there and their checksum is right. Until then they are in a
    /// file beside it whose name ends in `.part`. An object that is replaced meanwhile makes the download fail.
    ///
    /// - Parameters:
    ///   - key: the object's key.
    ///   - path: the file.
    ///   - options: which version, and whether it can be resumed.
    public func download(
        _ key: ObjectKey, toFile path: String, _ options: DownloadOptions = DownloadOptions()
    ) -> Transfer<DownloadOutcome> {
        Transfer(meter: TransferMeter(now: now)) { meter in
            try await FileDownload(transfers: self, key: key, path: path, options: options, meter: meter).run()
        }
    }

    /// A copy of an object inside the endpoint, however long it is.
    ///
    /// Content type, other headers and metadata of the source are taken over, unless `options` replaces them; its ACL
    /// never is, and its tags are only where the object is short enough to be copied in one piece.
    public func copy(
        from source: CopySource, to key: ObjectKey, _ options: CopyObjectOptions = CopyObjectOptions()
    ) -> Transfer<CopyOutcome> {
        Transfer(meter: TransferMeter(now: now)) { meter in
            try await ObjectCopy(transfers: self, source: source, key: key, options: options, meter: meter).run()
        }
    }

    /// Gives up what a transfer with a checkpoint left behind.
    ///
    /// That is the upload at the endpoint or the unfinished file, and the checkpoint itself. A checkpoint that is not
    /// there, or that is none, leaves nothing to give up.
    ///
    /// - Throws: `ServiceError`; `OSSClientError`.
    public func abandon(checkpoint path: String) async throws {
        let file = CheckpointFile(path)
        if let found: UploadCheckpoint = try await file.read(), found.isFor(client), let upload = found.upload {
            try await client.abortMultipartUpload(upload)
            try await file.remove()
        } else if let found: DownloadCheckpoint = try await file.read() {
            try await LocalFile.remove(found.unfinishedPath)
            try await file.remove()
        }
    }

    /// Waits until bytes may pass by the bandwidth limit, a little at a time, so that all parts get their turn.
    func pace(_ bytes: Int) async throws {
        guard let limit = settings.bandwidthLimit else { return }
        var rest = bytes
        while rest > 0 {
            let taken = min(rest, limit.pieceBytes)
            let pause = limit.take(taken, now: now())
            if pause > .zero {
                try await client.sender.surroundings.pause(pause)
            }
            rest -= taken
        }
    }
}

/// How a file is uploaded.
public struct UploadOptions: Sendable {
    /// What is stored beside the content.
    public var properties: ObjectProperties
    /// Whether an object that is there stays, and the upload fails with `FileAlreadyExists`.
    public var forbidsOverwrite = false
    /// What the endpoint tells an application after the upload; nil for nothing.
    public var callback: UploadCallback?
    /// A file that remembers how far the upload has come; nil for none.
    ///
    /// With it, an upload that fails, is cancelled or is killed keeps its parts at the endpoint, and the next upload of
    /// the same file to the same key with the same checkpoint goes on from there. Files that are sent in one piece have
    /// no use for it.
    public var checkpoint: String?

    /// Makes options.
    public init(_ properties: ObjectProperties = ObjectProperties(), checkpoint: String? = nil) {
        self.properties = properties
        self.checkpoint = checkpoint
    }
}

/// What became of an upload.
public struct UploadOutcome: Sendable, Equatable {
    /// The object's ETag with its quotes; nil if a callback's answer took the place of the endpoint's.
    public let eTag: String?
    /// The CRC-64 of the content, as counted here.
    public let crc64: UInt64
    /// The length of the content.
    public let sizeBytes: Int64
    /// The version that was made; nil in a bucket without versions.
    public let versionID: String?
    /// What the application answered to the callback, byte for byte; nil if none was asked for.
    public let callbackAnswer: [UInt8]?
}

/// How an object is downloaded.
public struct DownloadOptions: Sendable {
    /// The version; nil for the current one.
    public var versionID: String?
    /// A file that remembers how far the download has come; nil for none.
    ///
    /// With it, a download that fails, is cancelled or is killed keeps its unfinished file, and the next download of the
    /// same object to the same file with the same checkpoint goes on from there.
    public var checkpoint: String?

    /// Makes options.
    public init(versionID: String? = nil, checkpoint: String? = nil) {
        self.versionID = versionID
        self.checkpoint = checkpoint
    }
}

/// What became of a download.
public struct DownloadOutcome: Sendable, Equatable {
    /// What the endpoint says about the object.
    public let metadata: ObjectMetadata
    /// The CRC-64 of the content, as counted here.
    public let crc64: UInt64
}

/// What became of a copy.
public struct CopyOutcome: Sendable, Equatable {
    /// The ETag of the copy, with its quotes.
    public let eTag: String?
    /// The CRC-64 of the content; nil if the endpoint does not tell.
    public let crc64: UInt64?
    /// The length of the content.
    public let sizeBytes: Int64
    /// The version that was made; nil in a bucket without versions.
    public let versionID: String?
}
