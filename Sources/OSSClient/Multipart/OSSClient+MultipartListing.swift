import OSSKit

/// Which uploads are listed, and how.
public struct ListMultipartUploadsOptions: Sendable {
    /// The prefix of the keys.
    public var prefix: String
    /// The text up to which keys are rolled up into common prefixes, such as `/`; nil for none.
    public var delimiter: String?
    /// The most entries of one page: 1 to 1,000.
    public var maxUploads = ListMultipartUploadsResult.Question.usualMaximumUploads

    /// Makes options.
    public init(prefix: String = "", delimiter: String? = nil) {
        self.prefix = prefix
        self.delimiter = delimiter
    }
}

extension OSSClient {
    /// One page of an upload's parts.
    ///
    /// - Parameters:
    ///   - upload: the upload.
    ///   - partNumberMarker: the number after which the page begins; 0 for the first page.
    ///   - maxParts: the most parts of the page: 1 to 1,000.
    /// - Throws: `ServiceError`, such as `NoSuchUpload`; `OSSClientError`.
    public func listParts(
        _ upload: MultipartUpload, after partNumberMarker: Int,
        maxParts: Int = ListPartsResult.Question.usualMaximumParts
    ) async throws -> ListPartsResult {
        let query = [
            QueryItem("encoding-type", "url"), QueryItem("max-parts", String(maxParts)),
            QueryItem("part-number-marker", String(partNumberMarker)),
        ]
        return try await send(upload.request("GET", query: query)) { response in
            let result = try ListPartsResult(document: try await response.document())
            // The parts of another upload, or those of the page before, must not pass for what was asked for.
            let ascends = zip(result.parts, result.parts.dropFirst()).allSatisfy { $0.number < $1.number }
            guard result.question.uploadID == upload.uploadID, result.question.key == upload.key, ascends,
                result.parts.first.map({ $0.number.value > partNumberMarker }) ?? true
            else { throw OSSClientError.malformedAnswer }
            return result
        }
    }

    /// All parts of an upload, in the order of their numbers; pages are fetched as needed.
    public func parts(of upload: MultipartUpload) -> PagedSequence<ListPartsResult.Part> {
        PagedSequence(order: .numbers) { marker in
            let after = marker.flatMap { DecimalNumber.parse($0) } ?? 0
            let page = try await listParts(upload, after: Int(after))
            return (page.parts, page.isTruncated ? String(page.nextPartNumberMarker) : nil)
        }
    }

    /// One page of the bucket's uploads that were neither completed nor aborted.
    ///
    /// - Parameters:
    ///   - options: which uploads.
    ///   - marker: where the page before said that the next one begins.
    /// - Throws: `ServiceError`; `OSSClientError`.
    public func listMultipartUploads(
        _ options: ListMultipartUploadsOptions = ListMultipartUploadsOptions(),
        after marker: ListMultipartUploadsResult.Marker = .start
    ) async throws -> ListMultipartUploadsResult {
        let texts = [
            ("prefix", options.prefix), ("delimiter", options.delimiter ?? ""), ("key-marker", marker.key),
            ("upload-id-marker", marker.uploadID),
        ]
        let query =
            [
                QueryItem("uploads"), QueryItem("encoding-type", "url"),
                QueryItem("max-uploads", String(options.maxUploads)),
            ] + texts.filter { !$0.1.isEmpty }.map { QueryItem($0.0, $0.1) }
        return try await send(OSSRequest(method: "GET", query: query)) { response in
            try ListMultipartUploadsResult(document: try await response.document())
        }
    }

    /// All of the bucket's uploads that were neither completed nor aborted, by key and then by ID.
    ///
    /// Pages are fetched as needed. Common prefixes are only in the pages of `listMultipartUploads(_:after:)`.
    public func multipartUploads(
        _ options: ListMultipartUploadsOptions = ListMultipartUploadsOptions()
    ) -> PagedSequence<ListMultipartUploadsResult.Upload> {
        PagedSequence(order: .keysWithSuffix) { marker in
            let page = try await listMultipartUploads(
                options, after: marker.map(ListMultipartUploadsResult.Marker.init(joined:)) ?? .start)
            return (page.uploads, page.next?.joined)
        }
    }
}

extension ListMultipartUploadsResult.Marker {
    /// Both parts as one text; no key and no ID holds the character between them.
    fileprivate var joined: String { key + "\0" + uploadID }

    fileprivate init(joined: String) {
        let parts = joined.split(separator: "\0", maxSplits: 1, omittingEmptySubsequences: false)
        self.init(key: String(parts[0]), uploadID: parts.count > 1 ? String(parts[1]) : "")
    }
}
