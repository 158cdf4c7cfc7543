import OSSKit
import ObjectStore

/// A form whose sender may store its file: all that is known before the file's first byte.
struct AcceptedForm: Sendable {
    /// What the sender's policy allows; nil if nobody signed.
    let policy: PostPolicy?
    /// The call as if the form were a PutObject.
    let call: OSSCall
    /// Where the file goes.
    let bucket: BucketRecord
    /// Its key, with the file's name in it.
    let key: ObjectKey
    /// What the form says about the object.
    let attributes: ObjectAttributes
    /// What must hold when the object is stored.
    let condition: WriteCondition
    /// What the application is told; nil if nothing.
    let callback: RequestedCallback?

    private let success: Success

    /// What a form asks to be answered.
    private enum Success {
        case status(Int)
        case redirect(String)
    }

    /// Judges a form.
    ///
    /// - Throws: `InvalidArgument`, what is wrong with its signature or its policy, and what PutObject refuses.
    init(_ form: PostForm, filename: String, _ call: OSSCall, _ authenticator: Authenticator) async throws {
        guard let template = try form.single("key"), !template.isEmpty else { throw Self.missing("key") }
        let requester = try authenticator.requester(of: form, nowUnixSeconds: call.origin.unixSeconds)
        policy =
            requester.isAnonymous
            ? nil : try PostAuthentication.checkPolicy(of: form, nowUnixSeconds: call.origin.unixSeconds)
        key = try ObjectKey(bytes: Array(Self.key(template, filename: filename).utf8))
        let known = call.replacing(
            request: try Self.request(form, call.request),
            resource: SignedResource(bucket: form.bucket, key: key.bytes), requester: requester)
        let access = known.access.asking(for: .ofForm)
        let admitted = try await access.admit(known.resource)
        self.call = known.admitted(by: access, to: admitted)
        bucket = try await self.call.bucket()
        try await RefererRules.require(self.call)
        try await RequestPayment.require(self.call, bucket)
        success = try Self.success(form)
        try WriteHeaders.refuseUnknownMeaning(self.call)
        var attributes = try ObjectAttributes(writing: self.call)
        condition = try WriteHeaders.condition(self.call)
        callback = try Self.callback(form, self.call)
        try await attributes.complete(self.call, in: bucket)
        self.attributes = attributes
    }

    /// The most bytes that the file may have.
    var greatestBytes: Int64 {
        var greatest = Limits.objectBytes
        for case .contentLength(let range) in policy?.conditions ?? [] { greatest = min(greatest, range.upperBound) }
        return greatest
    }

    /// What the sender is answered.
    ///
    /// Source: oss-wire fact 4; the redirection's status and URL are assumption A-108.
    func answer(_ object: ObjectRecord, _ call: OSSCall) -> OSSAnswer {
        switch success {
        case .redirect(let url):
            return OSSAnswer(status: 303, headers: object.writtenHeaders(in: bucket) + [("Location", url)])
        case .status(201):
            let location = call.location(of: key, in: bucket.name)
            let document = XMLWriter.document("PostResponse") { writer in
                writer.element("Bucket", bucket.name.text)
                writer.element("ETag", object.quotedETag)
                writer.element("Key", key.text)
                writer.element("Location", location)
            }
            return OSSAnswer(
                status: 201, headers: object.writtenHeaders(in: bucket) + [("Location", location)], document: document)
        case .status(let status):
            return OSSAnswer(status: status, headers: object.writtenHeaders(in: bucket))
        }
    }

    /// The key with the file's name, of which a path before it is no part.
    ///
    /// Source: assumption A-107.
    private static func key(_ template: String, filename: String) -> String {
        let name = filename.utf8.reversed().prefix { $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: "\\") }.reversed()
        return template.replacing("${filename}", with: String(decoding: name, as: UTF8.self))
    }

    private static func success(_ form: PostForm) throws(OSSError) -> Success {
        if let url = try form.single("success_action_redirect"), !url.isEmpty {
            guard CallbackAddress(url) != nil, url.contains("://"), url.utf8.count <= Limits.overrideBytes else {
                throw .invalidArgument(
                    "success_action_redirect", url, message: "The value of success_action_redirect must be a URL.")
            }
            return .redirect(url)
        }
        switch try form.single("success_action_status") {
        case "200": return .status(200)
        case "201": return .status(201)
        default: return .status(204)
        }
    }

    private static func callback(_ form: PostForm, _ call: OSSCall) throws(OSSError) -> RequestedCallback? {
        guard let parameter = try form.single("callback"), !parameter.isEmpty else { return nil }
        var callback = try UploadCallback(parameter: parameter, variables: nil)
        callback.variables = form.fields.filter { $0.name.hasPrefix("x:") }.map { ($0.name, $0.value) }
        return try RequestedCallback(callback, call, operation: "PostObject")
    }

    private static func missing(_ field: String) -> OSSError {
        OSSError(
            .invalidArgument,
            message: "The bucket POST must contain the specified '\(field)'. If it is specified, please check the order"
                + " of the fields.", fields: [("ArgumentName", field), ("ArgumentValue", "")])
    }
}

extension AcceptedForm {
    /// Fields that mean what the header of the same name means.
    private static let headerFields: Set<String> = [
        "cache-control", "content-disposition", "content-encoding", "content-language", "expires", "x-oss-object-acl",
        "x-oss-storage-class", "x-oss-forbid-overwrite", "x-oss-server-side-encryption",
        "x-oss-server-side-encryption-key-id", "x-oss-server-side-data-encryption",
    ]

    /// The PutObject that the form stands for.
    private static func request(_ form: PostForm, _ request: WireRequest) throws(OSSError) -> WireRequest {
        var headers: [WireHeader] = []
        for field in form.fields {
            let name = field.name.lowercased()
            guard name != "x-oss-tagging" else {
                throw .invalidArgument(field.name, field.value, message: "The field cannot be used in a form.")
            }
            guard headerFields.contains(name) || name.hasPrefix("x-oss-meta-") else { continue }
            if headerFields.contains(name) { _ = try form.single(name) }
            headers.append(WireHeader(name, try headerText(field.value, of: field.name)))
        }
        // The field wins over the header of the request; a form without either has the bucket's.
        if !headers.contains(where: { $0.isNamed("x-oss-object-acl") }), let acl = request.header("x-oss-object-acl") {
            headers.append(WireHeader("x-oss-object-acl", acl))
        }
        let named = (own: try form.single("x-oss-content-type"), usual: try form.single("content-type"))
        if let contentType = named.own ?? named.usual ?? form.fileContentType, !contentType.isEmpty {
            headers.append(WireHeader("Content-Type", try headerText(contentType, of: "Content-Type")))
        }
        // What policies and the owner of the bucket ask of the request itself.
        headers += request.headers.filter { header in
            ["User-Agent", "Referer", "x-oss-request-payer"].contains { header.isNamed($0) }
        }
        return WireRequest(
            method: "PUT", scheme: request.scheme, host: request.host, target: request.target, headers: headers)
    }

    /// A value that can stand in a header, which it will when the object is read.
    private static func headerText(_ value: String, of name: String) throws(OSSError) -> String {
        let isText = value.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F || $0 == UInt8(ascii: "\t") }
        guard isText, value.utf8.count <= Limits.overrideBytes else {
            throw OSSError(
                .invalidArgument, message: "The value of the field cannot stand in a header.",
                fields: [("ArgumentName", name)])
        }
        return value
    }
}
