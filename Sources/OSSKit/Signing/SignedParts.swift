/// The parts of a request from which canonical forms are made, its headers brought in order once.
struct SignedParts {
    let method: String
    let resource: SignedResource
    let query: [QueryItem]
    let headers: CanonicalHeaders

    /// Takes a request that is to be signed, or one that arrived.
    init(_ request: SignableRequest) {
        method = request.method
        resource = request.resource
        query = request.query
        headers = CanonicalHeaders(request.headers, host: request.host)
    }

    /// The method, `Content-MD5`, `Content-Type` and a date, a line each: how the older strings to sign begin.
    func openingLines(date: some Sequence<UInt8>) -> [UInt8] {
        var text: [UInt8] = []
        text.reserveCapacity(256)
        text += method.utf8
        text.append(ASCII.lineFeed)
        text += (headers.value(of: "content-md5") ?? "").utf8
        text.append(ASCII.lineFeed)
        text += (headers.value(of: "content-type") ?? "").utf8
        text.append(ASCII.lineFeed)
        text += date
        text.append(ASCII.lineFeed)
        return text
    }
}

/// What a signature is made of: the string to sign, and the canonical request where there is one.
struct SignedText: Sendable {
    var canonicalRequest: [UInt8]?
    let stringToSign: [UInt8]
}
