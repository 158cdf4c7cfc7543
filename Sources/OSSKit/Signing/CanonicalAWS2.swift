/// The string to sign of AWS's V2, as the S3 dialect has it; its signature is that of V1.
///
/// Source: oss-wire fact 16.
enum CanonicalAWS2 {
    /// The parameter that holds the security token in a URL, and its header otherwise.
    static let securityToken = "x-amz-security-token"

    /// Builds the string to sign.
    ///
    /// - Parameters:
    ///   - parts: the request; of its query, the sub-resources are taken.
    ///   - rawPath: the path as it was sent.
    ///   - date: the date line: `Date`, or `Expires` of a URL, or nothing beside `x-amz-date`.
    ///   - closesBucket: whether a slash follows the path, which some clients sign and do not send.
    ///   - tokenInQuery: the security token of a URL, which is covered as if it were a header.
    static func stringToSign(
        _ parts: SignedParts, rawPath: String, date: some Sequence<UInt8>, tokenInQuery: [UInt8]? = nil,
        closesBucket: Bool = false
    ) -> [UInt8] {
        var headers = parts.headers.entries.filter { CanonicalAWS4.isAWSHeader($0.name) }
        if let tokenInQuery {
            headers.append(
                .init(name: Array(securityToken.utf8), value: String(decoding: tokenInQuery, as: UTF8.self)))
            headers.sort { $0.name.lexicographicallyPrecedes($1.name) }
        }
        var text = parts.openingLines(date: date) + headers.lines
        if let bucket = parts.resource.bucket, isBucketInHost(parts.resource, rawPath: rawPath) {
            text += [ASCII.slash] + Array(bucket.utf8)
        }
        text += Array(rawPath.utf8)
        if closesBucket { text.append(ASCII.slash) }
        let covered = parts.query.filter { subresources.contains($0.nameBytes) }
            .map { (name: $0.nameBytes, value: $0.valueOrEmpty) }
        CanonicalQuery.append(covered, start: ASCII.question, to: &text)
        return text
    }

    /// Whether the path is a bucket's in path style without the slash behind it, as boto3 sends it and does not sign it.
    static func isOpenBucket(_ parts: SignedParts, rawPath: String) -> Bool {
        parts.resource.bucket != nil && parts.resource.key == nil && rawPath.utf8.last != ASCII.slash
    }

    /// Whether AWS's V2 covers the parameter of this name.
    static func covers(parameter name: [UInt8]) -> Bool { subresources.contains(name) }

    /// Whether a path holds the key alone, since the host named the bucket.
    ///
    /// A path that holds the bucket too is longer than the key, so that no path can be taken for the other kind.
    private static func isBucketInHost(_ resource: SignedResource, rawPath: String) -> Bool {
        PercentCoding.decodePath(rawPath.utf8.dropFirst()) == (resource.key ?? [])
    }

    private static let subresources: Set<[UInt8]> = Set(
        """
        accelerate acl analytics cors defaultObjectAcl delete inventory lifecycle location logging metrics notification \
        object-lock partNumber policy replication requestPayment response-cache-control response-content-disposition \
        response-content-encoding response-content-language response-content-type response-expires restore select \
        select-type storageClass tagging torrent uploadId uploads versionId versioning versions website
        """.split(separator: " ").map { Array($0.utf8) })
}
