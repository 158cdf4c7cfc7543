import ArgumentParser
import CommandKit
import OSSKit

/// What a presigned request has to be like.
struct PresignTerms: ParsableArguments {
    @Option(help: ArgumentHelp("The Content-Type that the request must have.", valueName: "type"))
    var contentType: String?

    @Option(help: ArgumentHelp("The length in bytes that the body must have; V4 only.", valueName: "bytes"))
    var contentLength: String?

    @Option(
        name: .customLong("content-md5"),
        help: ArgumentHelp("The Content-MD5 that the request must have.", valueName: "base64"))
    var contentMD5: String?

    @Option(
        help: ArgumentHelp(
            "Any header that the request must have, such as 'x-oss-forbid-overwrite: true'; can be given again.",
            valueName: "name: value"))
    var header: [String] = []

    @Flag(help: "Good at this endpoint's host only; V4 only.") var bindHost = false

    @Option(
        help: ArgumentHelp(
            "A parameter of the operation, such as acl or partNumber=1; can be given again.", valueName: "name[=value]")
    )
    var query: [String] = []

    @Option(help: ArgumentHelp("The version of the object.", valueName: "id")) var versionID: String?

    @Option(help: ArgumentHelp("The most bits a second, 819200 to 838860800.", valueName: "bits"))
    var trafficLimit: Int64?

    /// The headers to bind.
    func headers() throws -> [WireHeader] {
        if let contentLength, DecimalNumber.parse(contentLength) == nil {
            throw FailureReport(.refused, "--content-length is not a number")
        }
        var headers = [("Content-Type", contentType), ("Content-MD5", contentMD5), ("Content-Length", contentLength)]
            .compactMap { name, value in value.map { WireHeader(name, $0) } }
        for text in header {
            headers.append(try Self.header(text))
        }
        for (index, header) in headers.enumerated() where headers[..<index].contains(where: { $0.isNamed(header.name) })
        {
            throw FailureReport(.refused, "the header \(header.name) is given twice")
        }
        return headers
    }

    /// A header as people write it: `name: value`.
    ///
    /// - Throws: `FailureReport` for what no request can carry.
    static func header(_ text: String) throws -> WireHeader {
        guard let colon = text.firstIndex(of: ":"), colon != text.startIndex, Printable.isPrintable(text),
            text[..<colon].utf8.allSatisfy({ isTokenByte($0) })
        else { throw FailureReport(.refused, "--header \(text): it is name: value") }
        let value = text[text.index(after: colon)...].drop { $0 == " " }
        return WireHeader(String(text[..<colon]), String(value))
    }

    private static func isTokenByte(_ byte: UInt8) -> Bool {
        (0x21...0x7E).contains(byte) && !"\"(),/:;<=>?@[\\]{}".utf8.contains(byte)
    }
}

/// What the answer to a presigned request is like.
struct PresignOverrides: ParsableArguments {
    @Option(help: ArgumentHelp("The Content-Type of the answer.", valueName: "type"))
    var responseContentType: String?
    @Option(help: ArgumentHelp("The Content-Disposition of the answer.", valueName: "text"))
    var responseContentDisposition: String?
    @Option(help: ArgumentHelp("The Content-Encoding of the answer.", valueName: "text"))
    var responseContentEncoding: String?
    @Option(help: ArgumentHelp("The Content-Language of the answer.", valueName: "text"))
    var responseContentLanguage: String?
    @Option(help: ArgumentHelp("The Cache-Control of the answer.", valueName: "text"))
    var responseCacheControl: String?
    @Option(help: ArgumentHelp("The Expires of the answer, an HTTP date.", valueName: "date"))
    var responseExpires: String?
    @Option(help: ArgumentHelp("How the object is processed, such as image/resize,w_100.", valueName: "actions"))
    var process: String?

    /// The overrides.
    var overrides: Presigner.Request.ResponseOverrides {
        var overrides = Presigner.Request.ResponseOverrides()
        overrides.contentType = responseContentType
        overrides.contentDisposition = responseContentDisposition
        overrides.contentEncoding = responseContentEncoding
        overrides.contentLanguage = responseContentLanguage
        overrides.cacheControl = responseCacheControl
        overrides.expires = responseExpires
        return overrides
    }
}

/// What a store tells an application after a presigned upload.
struct PresignCallback: ParsableArguments {
    /// How the body of a callback is written.
    enum BodyType: String, ExpressibleByArgument, CaseIterable {
        case form
        case json
    }

    @Option(help: ArgumentHelp("The address that is called; can be given up to five times.", valueName: "url"))
    var callbackURL: [String] = []
    @Option(help: ArgumentHelp("The body, such as 'bucket=${bucket}&size=${size}'.", valueName: "template"))
    var callbackBody: String?
    @Option(help: "form or json.") var callbackBodyType = BodyType.form
    @Option(help: ArgumentHelp("The Host of the callback (default: the address's).", valueName: "host"))
    var callbackHost: String?
    @Option(help: ArgumentHelp("A value of its own; can be given again.", valueName: "x:name=value"))
    var callbackVar: [String] = []

    mutating func validate() throws {
        guard callbackURL.isEmpty == (callbackBody == nil) else {
            throw ValidationError("--callback-url and --callback-body go together")
        }
        guard !callbackURL.isEmpty || (callbackHost == nil && callbackVar.isEmpty) else {
            throw ValidationError("a callback needs --callback-url")
        }
        for text in callbackVar where PropertyOptions.pair(text) == nil {
            throw ValidationError("--callback-var \(text): it is x:name=value")
        }
    }

    /// The callback; nil if none is wanted.
    func callback() throws -> UploadCallback? {
        guard let callbackBody else { return nil }
        return UploadCallback(
            urls: callbackURL, body: callbackBody, bodyType: callbackBodyType == .json ? .json : .form,
            host: callbackHost, variables: callbackVar.compactMap(PropertyOptions.pair))
    }
}

/// What a form upload has to be like.
struct PresignFormTerms: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "A field that the form comes with, such as success_action_status=201; can be given again.",
            valueName: "name=value"))
    var field: [String] = []

    @Option(help: ArgumentHelp("The least and the greatest length of the file.", valueName: "first-last"))
    var contentLengthRange: String?

    mutating func validate() throws {
        for text in field where PropertyOptions.pair(text) == nil {
            throw ValidationError("--field \(text): it is name=value")
        }
    }

    /// The upload that the form allows: to the key, or to any key in the folder that the address names.
    func request(_ address: StoreAddress) throws -> Presigner.FormRequest {
        guard let bucket = address.bucket else { throw FailureReport(.refused, "a bucket is missing") }
        var fields = field.compactMap(PropertyOptions.pair).map { PostForm.Field($0.name, $0.value) }
        var conditions: [PostPolicy.Condition] = []
        let text = String(decoding: address.key, as: UTF8.self)
        if address.isFolder {
            conditions.append(.startsWith(field: "key", prefix: text))
        } else {
            fields.insert(PostForm.Field("key", text), at: 0)
        }
        if let contentLengthRange {
            let sides = contentLengthRange.split(separator: "-", omittingEmptySubsequences: false)
            guard sides.count == 2, let first = ByteAmount.parse(sides[0]), let last = ByteAmount.parse(sides[1]),
                first <= last
            else { throw FailureReport(.refused, "--content-length-range is such as 0-1048576") }
            conditions.append(.contentLength(first...last))
        }
        return Presigner.FormRequest(bucket: bucket, fields: fields, conditions: conditions)
    }
}
