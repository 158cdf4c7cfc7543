/// The target of a request, parsed once from what stood in the request line.
///
/// Everything later uses what was decoded here: routing, signatures, authorisation and storage see the same bytes.
/// Nothing is normalised: `//`, `.` and `..` are parts of keys. Source: oss-wire facts 0.1, 0.2, 1.2 and 1.3.
public struct RequestTarget: Sendable, Hashable {
    /// The path as it was sent, still encoded; it begins with `/`.
    public let rawPath: String
    /// The parameters in the order in which they were sent.
    public let query: [QueryItem]
    /// How many pieces of the query string are empty, such as the one after a last `&`.
    let emptyPieceCount: Int

    /// Takes a target in origin form.
    ///
    /// - Throws: `InvalidRequest` if it is in another form, holds `#`, a blank or a control character, or is too long;
    ///   `InvalidArgument` if a parameter is malformed or there are too many.
    public init(_ raw: String) throws(OSSError) {
        let bytes = Array(raw.utf8)
        guard bytes.count <= Limits.maximumTargetBytes else {
            throw OSSError(.invalidRequest, message: "The request target is too long.")
        }
        guard bytes.first == ASCII.slash else {
            throw OSSError(.invalidRequest, message: "The request target must begin with a slash.")
        }
        guard bytes.allSatisfy({ $0 > ASCII.blank && $0 != ASCII.delete && $0 != UInt8(ascii: "#") }) else {
            throw OSSError(.invalidRequest, message: "The request target holds a character that must be encoded.")
        }
        let pathEnd = bytes.firstIndex(of: ASCII.question) ?? bytes.endIndex
        rawPath = String(decoding: bytes[..<pathEnd], as: UTF8.self)
        (query, emptyPieceCount) = try Self.parseQuery(bytes[pathEnd...].dropFirst())
    }

    private init(rawPath: String, query: [QueryItem]) {
        self.rawPath = rawPath
        self.query = query
        emptyPieceCount = 0
    }

    /// The same path with other parameters, for a request that is put into other words once its signature was verified.
    package func replacingQuery(_ query: [QueryItem]) -> RequestTarget {
        RequestTarget(rawPath: rawPath, query: query)
    }

    /// The first parameter of this name; nil if there is none.
    public func first(_ name: String) -> QueryItem? {
        query.first { $0.isNamed(name) }
    }

    /// The value of the first parameter of this name: empty if it stands without one, nil if it is not there.
    public func value(of name: String) -> String? {
        first(name)?.value
    }

    /// Whether a parameter of this name is there, with a value or without.
    public func contains(_ name: String) -> Bool {
        query.contains { $0.isNamed(name) }
    }

    /// How many parameters of this name there are.
    public func count(of name: String) -> Int {
        query.count { $0.isNamed(name) }
    }

    /// Bucket and key of a request in path style, split on the raw path and then decoded once.
    ///
    /// Both `/bucket` and `/bucket/` name a bucket; `/` names neither.
    ///
    /// - Throws: `InvalidBucketName` or `InvalidObjectName` if the percent-coding is malformed.
    public func pathStyleResource() throws(OSSError) -> SignedResource {
        let path = Array(rawPath.utf8.dropFirst())[...]
        guard !path.isEmpty else { return .service }
        let bucketEnd = path.firstIndex(of: ASCII.slash) ?? path.endIndex
        let rawBucket = path[..<bucketEnd]
        guard let decoded = PercentCoding.decodePath(rawBucket), !decoded.isEmpty,
            let bucket = ASCII.text(decoded)
        else {
            throw OSSError(.invalidBucketName, fields: [("BucketName", String(decoding: rawBucket, as: UTF8.self))])
        }
        return SignedResource(bucket: bucket, key: try Self.decodeKey(path[bucketEnd...].dropFirst()))
    }

    /// The resource of a request whose host names the bucket: the whole path is the key.
    ///
    /// - Throws: `InvalidObjectName` if the percent-coding is malformed.
    public func hostStyleResource(bucket: String) throws(OSSError) -> SignedResource {
        SignedResource(bucket: bucket, key: try Self.decodeKey(Array(rawPath.utf8.dropFirst())[...]))
    }

    private static func decodeKey(_ raw: ArraySlice<UInt8>) throws(OSSError) -> [UInt8]? {
        guard !raw.isEmpty else { return nil }
        guard let key = PercentCoding.decodePath(raw) else {
            throw OSSError(
                .invalidObjectName, message: "The percent-encoding of the Object name is malformed.",
                ec: "0016-00000004")
        }
        return key
    }

    /// Reads a query string; an empty one has no pieces, and one of `&` alone has two that are empty.
    private static func parseQuery(
        _ raw: ArraySlice<UInt8>
    ) throws(OSSError) -> (items: [QueryItem], emptyPieceCount: Int) {
        guard !raw.isEmpty else { return ([], 0) }
        var items: [QueryItem] = []
        items.reserveCapacity(8)
        var emptyPieceCount = 0
        var start = raw.startIndex
        while start <= raw.endIndex {
            let end = raw[start...].firstIndex(of: ASCII.ampersand) ?? raw.endIndex
            if start == end {
                emptyPieceCount += 1
            } else {
                guard items.count < Limits.maximumQueryItems else {
                    throw OSSError(.invalidArgument, message: "The query string has too many parameters.")
                }
                items.append(try parseItem(raw[start..<end]))
            }
            start = end + 1
        }
        return (items, emptyPieceCount)
    }

    private static func parseItem(_ piece: ArraySlice<UInt8>) throws(OSSError) -> QueryItem {
        let nameEnd = piece.firstIndex(of: ASCII.equals) ?? piece.endIndex
        let rawValue = nameEnd == piece.endIndex ? nil : piece[piece.index(after: nameEnd)...]
        guard let name = decodeText(piece[..<nameEnd]) else {
            throw OSSError(.invalidArgument, message: "The name of a query parameter is not valid.")
        }
        guard name.count <= Limits.maximumQueryNameBytes else {
            throw OSSError(.invalidArgument, message: "The name of a query parameter is too long.")
        }
        guard let rawValue else { return QueryItem(nameBytes: name, valueBytes: nil) }
        guard let value = decodeText(rawValue) else {
            throw .invalidArgument(
                String(decoding: name, as: UTF8.self), String(decoding: rawValue, as: UTF8.self),
                message: "The value of a query parameter is not valid.")
        }
        guard value.count <= Limits.maximumQueryValueBytes else {
            throw OSSError(
                .invalidArgument, message: "The value of a query parameter is too long.",
                fields: [("ArgumentName", String(decoding: name, as: UTF8.self))])
        }
        return QueryItem(nameBytes: name, valueBytes: value)
    }

    /// Decodes form data; nil if the percent-coding is malformed or the bytes are not UTF-8.
    private static func decodeText(_ raw: ArraySlice<UInt8>) -> [UInt8]? {
        guard let bytes = PercentCoding.decodeForm(raw),
            ASCII.isASCII(bytes) || String(validating: bytes, as: UTF8.self) != nil
        else { return nil }
        return bytes
    }
}
