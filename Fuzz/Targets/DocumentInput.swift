import OSSKit

/// A document that every reader of documents is given.
struct DocumentInput {
    private let bytes: [UInt8]

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    func run() throws {
        _ = try? XMLReader.read(bytes)
        _ = try? LocationConstraint.read(bytes)
        _ = try? CreateBucketConfiguration(document: bytes)
        try checkRoundTrip(
            "a bucket's description", read: { try BucketInfo(document: $0) }, write: { $0.write() })
        try checkRoundTrip(
            "the result of a copy", read: { try CopyObjectResult(document: $0) }, write: { $0.write() })
        try checkRoundTrip("a deletion", read: { try DeleteRequest(document: $0) }, write: { $0.write() })
        try checkRoundTrip(
            "the result of a deletion", read: { try DeleteResult(document: $0) }, write: { $0.write() })
        try checkRoundTrip(
            "a list of buckets", read: { try ListAllMyBucketsResult(document: $0) }, write: { $0.write() })
        try checkRoundTrip(
            "a list of objects", read: { try ListBucketResult(document: $0) }, write: { $0.write() })
    }

    /// What a reader takes, its writer can write, and from then on reading and writing change nothing.
    ///
    /// The first writing may: a name of control characters was told as an escape, and is told as U+FFFD.
    private func checkRoundTrip<Document: Equatable>(
        _ what: String, read: ([UInt8]) throws -> Document, write: (Document) -> String
    ) throws {
        guard let document = try? read(bytes) else { return }
        let written = write(document)
        guard let again = try? read(Array(written.utf8)) else {
            throw FuzzTarget.BrokenPromise(description: "\(what) that we wrote can be read: \(written)")
        }
        let settled = write(again)
        try promise(write(try read(Array(settled.utf8))) == settled, "\(what) settles: \(settled)")
    }
}
