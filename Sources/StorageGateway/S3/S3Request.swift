import Hummingbird
import OSSKit

/// A request of the S3 dialect in OSS's words.
struct S3Request {
    /// The call that the operations of OSS understand.
    private(set) var call: OSSCall

    /// Headers whose names alone differ.
    private static let renamed = [
        "x-amz-copy-source": "x-oss-copy-source", "x-amz-copy-source-range": "x-oss-copy-source-range",
        "x-amz-copy-source-if-match": "x-oss-copy-source-if-match",
        "x-amz-copy-source-if-none-match": "x-oss-copy-source-if-none-match",
        "x-amz-copy-source-if-modified-since": "x-oss-copy-source-if-modified-since",
        "x-amz-copy-source-if-unmodified-since": "x-oss-copy-source-if-unmodified-since",
        "x-amz-metadata-directive": "x-oss-metadata-directive", "x-amz-tagging": "x-oss-tagging",
        "x-amz-tagging-directive": "x-oss-tagging-directive", "x-amz-request-payer": "x-oss-request-payer",
        "x-amz-server-side-encryption-aws-kms-key-id": "x-oss-server-side-encryption-key-id",
    ]

    /// Headers that say something about the transport, or nothing at all, and are understood elsewhere.
    private static let passedOver: Set<String> = [
        "x-amz-date", "x-amz-content-sha256", "x-amz-security-token", "x-amz-decoded-content-length", "x-amz-trailer",
        "x-amz-sdk-checksum-algorithm", "x-amz-user-agent", "x-amz-te", "x-amz-id-2",
        "x-amz-optional-object-attributes",
    ]

    /// Parameters that select an operation of S3 which OSS does not have, so that OSS would pass them over.
    private static let unknownSelectors = [
        "accelerate", "analytics", "attributes", "intelligent-tiering", "legal-hold", "metadataTable", "metrics",
        "notification", "object-lock", "ownershipControls", "select", "select-type", "session", "torrent",
    ]

    private var headers: [WireHeader] = []
    private var query: [QueryItem] = []

    /// Puts a call into OSS's words.
    ///
    /// - Throws: `NotImplemented` for what only S3 has, `InvalidArgument` for a value that is none, `AccessDenied` if the
    ///   bucket is expected to be somebody else's.
    init(_ call: OSSCall, level: ResourceLevel) throws(OSSError) {
        let isHeadOfBucket = call.request.method == "HEAD" && level == .bucket
        self.call = call
        try takeQuery(call, level: level)
        for header in call.request.headers { try take(header, call, level: level) }
        if call.request.method == "GET" || call.request.method == "HEAD" {
            headers.append(WireHeader("x-oss-range-behavior", "standard"))
        }
        if isHeadOfBucket { query = [QueryItem("bucketInfo")] }
        try setLength(call)
        let request = WireRequest(
            method: isHeadOfBucket ? "GET" : call.request.method, scheme: call.request.scheme, host: call.request.host,
            target: call.request.target.replacingQuery(query), headers: headers)
        let body = try S3Body(call, trailer: call.header("x-amz-trailer"))
        self.call = call.replacing(request: request, body: body.map { RequestBody(asyncSequence: $0) })
    }
}

extension S3Request {
    private mutating func takeQuery(_ call: OSSCall, level: ResourceLevel) throws(OSSError) {
        let scheme = call.requester.signature?.scheme
        let coversQuery = scheme == .aws4URL || scheme == .aws4Header
        for item in call.request.target.query {
            let name = item.name.lowercased()
            if Self.unknownSelectors.contains(item.name) {
                throw OSSError(.notImplemented, fields: [("Header", item.name)])
            }
            // Some presigners put headers into the URL, which only V4 covers as a whole.
            if name.hasPrefix("x-amz-") {
                let isSignature = RequestAuthentication.isPartOfAWS(item)
                if coversQuery, !isSignature { try take(WireHeader(name, item.value), call, level: level) }
            } else if !RequestAuthentication.isPartOfAWS(item), item.name != "x-id" {
                query.append(item)
            }
        }
        try setPageSize(call, level: level)
    }

    /// The page sizes of S3: 1,000 unless fewer are asked for, and no more if more are.
    private mutating func setPageSize(_ call: OSSCall, level: ResourceLevel) throws(OSSError) {
        guard call.request.method == "GET", level != .object else { return }
        let isListOfUploads = query.contains { $0.isNamed("uploads") }
        let name = level == .service ? "max-buckets" : isListOfUploads ? "max-uploads" : "max-keys"
        let asked = query.first { $0.isNamed(name) }?.value ?? ""
        query.removeAll { $0.isNamed(name) }
        var size = asked.isEmpty ? Limits.pageSizes.upperBound : DecimalNumber.parse(asked)
        if let number = size, number > Limits.pageSizes.upperBound { size = Limits.pageSizes.upperBound }
        query.append(QueryItem(isListOfUploads ? "max-uploads" : "max-keys", size.map(String.init) ?? asked))
    }

    private mutating func take(_ header: WireHeader, _ call: OSSCall, level: ResourceLevel) throws(OSSError) {
        let name = header.name.lowercased()
        switch name {
        case "content-length", "transfer-encoding":
            if !isChunked(call) { headers.append(header) }
        case "content-encoding":
            try takeEncoding(header, call)
        case "if-none-match" where call.request.method == "PUT" || call.request.method == "POST":
            // S3's condition that a key is free.
            let isStar = header.value == "*"
            headers.append(isStar ? WireHeader("x-oss-forbid-overwrite", "true") : header)
        case "x-amz-acl":
            headers.append(WireHeader(level == .object ? "x-oss-object-acl" : "x-oss-acl", header.value))
        case "x-amz-storage-class":
            guard let known = S3Document.storageClass(ofS3: header.value) else {
                throw .invalidArgument(header.name, header.value, message: "No such bucket storage class exists.")
            }
            headers.append(WireHeader("x-oss-storage-class", known))
        case "x-amz-server-side-encryption":
            headers.append(
                WireHeader("x-oss-server-side-encryption", header.value == "aws:kms" ? "KMS" : header.value))
        case "x-amz-bucket-object-lock-enabled" where header.value.lowercased() == "false":
            break
        case "x-amz-expected-bucket-owner":
            guard header.value == call.requester.ownerID else { throw OSSError(.accessDenied) }
        case _ where name.hasPrefix("x-amz-checksum-") || Self.passedOver.contains(name):
            break
        case _ where name.hasPrefix("x-amz-meta-"):
            headers.append(WireHeader("x-oss-meta-" + name.dropFirst("x-amz-meta-".count), header.value))
        case _ where name.hasPrefix("x-amz-"):
            guard let renamed = Self.renamed[name] else {
                throw OSSError(.notImplemented, fields: [("Header", header.name)])
            }
            headers.append(WireHeader(renamed, header.value))
        default:
            headers.append(header)
        }
    }

    private func isChunked(_ call: OSSCall) -> Bool {
        if case .streaming? = call.requester.signature?.payload { true } else { false }
    }

    /// Leaves `aws-chunked` away, which is about the transport, if the signature says that there are chunks.
    private mutating func takeEncoding(_ header: WireHeader, _ call: OSSCall) throws(OSSError) {
        guard isChunked(call) else {
            headers.append(header)
            return
        }
        let encodings = header.value.split(separator: ",").map { $0.filter { $0 != " " } }
        let kept = encodings.filter { $0.lowercased() != "aws-chunked" }
        if !kept.isEmpty { headers.append(WireHeader(header.name, kept.joined(separator: ","))) }
    }

    /// A body in chunks is as long as its bytes without the chunks' frames.
    private mutating func setLength(_ call: OSSCall) throws(OSSError) {
        guard isChunked(call) else { return }
        guard let length = call.header("x-amz-decoded-content-length") else { throw OSSError(.missingContentLength) }
        headers.append(WireHeader("Content-Length", length))
    }
}
