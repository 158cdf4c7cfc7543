/// Why a transfer could not go on, where neither the endpoint nor the network is the reason.
public enum TransferError: Error, Sendable, Equatable {
    /// The file is not one that can be sent: a folder, a pipe, a device.
    case notARegularFile(path: String)
    /// The file was changed, replaced or cut while it was sent; nothing of it was stored as an object.
    case sourceFileChanged(path: String)
    /// The object was replaced or deleted while it was fetched or copied.
    case objectChanged
    /// There are more bytes than an object of 10,000 parts can hold.
    case tooLong(sizeBytes: Int64)
    /// Something that cannot be replaced by a file stands where the file is to be, such as a folder.
    case targetNotReplaceable(path: String)
    /// Another transfer works with the same checkpoint.
    case checkpointInUse(path: String)
}

/// A transfer failed, and what it had begun could not be taken away again.
public struct UntidyTransferError: Error, Sendable {
    /// Why the transfer failed.
    public let cause: any Error
    /// Why something is left: an upload at the endpoint, an unfinished file, a checkpoint.
    public let tidyingFailure: any Error

    /// Pairs the two reasons.
    package init(cause: any Error, tidyingFailure: any Error) {
        self.cause = cause
        self.tidyingFailure = tidyingFailure
    }
}
