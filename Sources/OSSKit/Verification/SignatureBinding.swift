/// What a signature fixes of a request, for people who want to know what its holder can still change.
public struct SignatureBinding: Sendable, Equatable {
    /// Whether the method is fixed.
    public let method: Bool
    /// Whether the bucket and the key are fixed.
    public let resource: Bool
    /// The headers of the request whose values are fixed, in lower case and sorted.
    public let headers: [String]
    /// The parameters of the request whose values are fixed, in the order in which they were sent, once each.
    public let parameters: [String]
    /// Whether no parameter can be added.
    public let wholeQuery: Bool
}

extension PresentedSignature {
    /// What the signature fixes of the request that it came with.
    public var binding: SignatureBinding {
        guard let parts else {
            return SignatureBinding(method: false, resource: false, headers: [], parameters: [], wholeQuery: false)
        }
        let headers = parts.headers.entries.filter { entry in
            scheme.covers(header: entry.name) || additionalHeaders.contains { entry.name.elementsEqual($0.utf8) }
                || isDateLine(entry.name, in: parts)
        }
        var parameters: [String] = []
        for item in parts.query where scheme.covers(parameter: item.nameBytes) && !parameters.contains(item.name) {
            parameters.append(item.name)
        }
        return SignatureBinding(
            method: true, resource: true, headers: headers.map { String(decoding: $0.name, as: UTF8.self) },
            parameters: parameters, wholeQuery: scheme.coversWholeQuery)
    }

    /// Whether a header is the date line of an older signature in the header.
    private func isDateLine(_ name: [UInt8], in parts: SignedParts) -> Bool {
        guard name.elementsEqual("date".utf8) else { return false }
        switch scheme {
        case .v1Header, .v2Header: return parts.headers.value(of: "x-oss-date") == nil
        case .aws2Header: return parts.headers.value(of: "x-amz-date") == nil
        default: return false
        }
    }
}

extension SignatureScheme {
    /// Whether the scheme fixes a header, or that it is missing, without its being listed.
    func alwaysCovers(header name: [UInt8]) -> Bool {
        switch self {
        case .v1Header, .v1URL, .v2Header, .v2URL, .v4Header, .v4URL: covers(header: name)
        // What these leave out is refused, so that its absence is fixed.
        case .aws2Header, .aws2URL: covers(header: name) || CanonicalHeaders.isOSSHeader(name)
        case .aws4Header, .aws4URL: Self.mustBeListedByAWS4(name)
        case .v1Post, .v4Post: false
        }
    }

    /// Whether the scheme covers a header that the request has without its being listed; names are in lower case.
    func covers(header name: [UInt8]) -> Bool {
        switch self {
        case .v1Header, .v1URL, .v2Header, .v2URL, .v4Header, .v4URL: CanonicalV4.isAlwaysCovered(name)
        case .aws2Header, .aws2URL:
            CanonicalAWS4.isAWSHeader(name) || name.elementsEqual("content-type".utf8)
                || name.elementsEqual("content-md5".utf8)
        case .aws4Header, .aws4URL, .v1Post, .v4Post: false
        }
    }

    /// Whether the scheme covers a parameter; that of the signature itself counts as covered.
    func covers(parameter name: [UInt8]) -> Bool {
        switch self {
        case .v1Header: Subresources.contains(name)
        case .v1URL: Subresources.contains(name) || ["Expires", "Signature"].contains { name.elementsEqual($0.utf8) }
        case .aws2Header: CanonicalAWS2.covers(parameter: name)
        case .aws2URL:
            CanonicalAWS2.covers(parameter: name)
                || ["Expires", "Signature", CanonicalAWS2.securityToken].contains { name.elementsEqual($0.utf8) }
        case .v1Post, .v4Post: false
        case .v2Header, .v2URL, .v4Header, .v4URL, .aws4Header, .aws4URL: true
        }
    }

    /// Whether the scheme covers all parameters.
    var coversWholeQuery: Bool {
        switch self {
        case .v2Header, .v2URL, .v4Header, .v4URL, .aws4Header, .aws4URL: true
        case .v1Header, .v1URL, .aws2Header, .aws2URL, .v1Post, .v4Post: false
        }
    }

    /// Whether V4 of the S3 dialect is taken only with this header, if it is there, among the listed ones.
    static func mustBeListedByAWS4(_ name: [UInt8]) -> Bool {
        CanonicalAWS4.isAWSHeader(name) || CanonicalHeaders.isOSSHeader(name) || name.elementsEqual("host".utf8)
            || name.elementsEqual("content-type".utf8)
    }
}
