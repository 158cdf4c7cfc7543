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
        let bytes = raw.utf8
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
        rawPath = String(raw[..<pathEnd])
        let pieces = bytes[pathEnd...].dropFirst().split(
            separator: ASCII.ampersand, omittingEmptySubsequences: false)
        emptyPieceCount = pieces.count == 1 ? 0 : pieces.count { $0.isEmpty }
        query = try Self.parseQuery(pieces.filter { !$0.isEmpty })
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
        let path = rawPath.utf8.dropFirst()
        guard !path.isEmpty else { return .service }
        let bucketEnd = path.firstIndex(of: ASCII.slash) ?? path.endIndex
        let rawBucket = path[..<bucketEnd]
        guard let decoded = PercentCoding.decodePath(rawBucket), !decoded.isEmpty,
            let bucket = String(validating: decoded, as: UTF8.self)
        else {
            throw OSSError(.invalidBucketName, fields: [("BucketName", String(decoding: rawBucket, as: UTF8.self))])
        }
        return SignedResource(bucket: bucket, key: try Self.decodeKey(path[bucketEnd...].dropFirst()))
    }

    /// The resource of a request whose host names the bucket: the whole path is the key.
    ///
    /// - Throws: `InvalidObjectName` if the percent-coding is malformed.
    public func hostStyleResource(bucket: String) throws(OSSError) -> SignedResource {
        SignedResource(bucket: bucket, key: try Self.decodeKey(rawPath.utf8.dropFirst()))
    }

    private static func decodeKey(_ raw: Substring.UTF8View) throws(OSSError) -> [UInt8]? {
        guard !raw.isEmpty else { return nil }
        guard let key = PercentCoding.decodePath(raw) else {
            throw OSSError(
                .invalidObjectName, message: "The percent-encoding of the Object name is malformed.",
                ec: "0016-00000004")
        }
        return key
    }

    private static func parseQuery(_ pieces: [Substring.UTF8View]) throws(OSSError) -> [QueryItem] {
        var items: [QueryItem] = []
        for piece in pieces {
            guard items.count < Limits.maximumQueryItems else {
                throw OSSError(.invalidArgument, message: "The query string has too many parameters.")
            }
            items.append(try parseItem(piece))
        }
        return items
    }

    private static func parseItem(_ piece: Substring.UTF8View) throws(OSSError) -> QueryItem {
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
    private static func decodeText(_ raw: Substring.UTF8View) -> [UInt8]? {
        guard let bytes = PercentCoding.decodeForm(raw), String(validating: bytes, as: UTF8.self) != nil else {
            return nil
        }
        return bytes
    }
}
