import OSSKit
import SessionModels

/// What `verify` says to one line.
struct VerifyAnswer {
    /// The members of the answer, in the order in which they are written.
    private(set) var members: [(String, JSONOutput)]

    /// Judges a line.
    init(_ line: VerifyLine, keys: SigningKeyCache) {
        let verdict = Verdict(line, keys: keys)
        members = [("ok", .boolean(verdict.refusal == nil))]
        if let refusal = verdict.refusal {
            members += [
                ("code", .string(refusal.code.rawValue)), ("message", .string(refusal.message)),
                ("ec", .optional(refusal.ec)), ("status", .integer(Int64(refusal.code.status))),
            ]
        }
        guard let presented = verdict.presented else {
            members.append(("stringToSign", .null))
            return
        }
        members += [
            ("scheme", .string(presented.scheme.rawValue)), ("accessKeyId", .string(presented.accessKeyID)),
            ("bound", .array(verdict.bound.map { .string($0) })),
            ("expiresUnix", presented.expiresAtUnixSeconds.map { .integer($0) } ?? .null),
            ("stringToSign", .string(String(decoding: presented.stringToSign, as: UTF8.self))),
            (
                "canonicalRequest",
                .optional(presented.canonicalRequest.map { String(decoding: $0, as: UTF8.self) })
            ),
        ]
    }
}

/// What a server would say to a request or a form, and what it found on the way.
private struct Verdict {
    var presented: PresentedSignature?
    var refusal: OSSError?
    /// What the signature fixes, as `method`, `bucket`, `key`, `header:NAME`, `query:NAME` and `query`.
    var bound: [String] = []

    init(_ line: VerifyLine, keys: SigningKeyCache) {
        do throws(OSSError) {
            switch line.subject {
            case .request(let wire): try judge(wire, of: line, keys: keys)
            case .form(let fields):
                try judge(PostForm(bucket: line.bucket ?? "", fields: fields), of: line, keys: keys)
            }
        } catch {
            refusal = error
        }
    }

    private mutating func judge(_ wire: VerifyLine.Wire, of line: VerifyLine, keys: SigningKeyCache) throws(OSSError) {
        let target = try RequestTarget(wire.target)
        let resource = try Self.resource(of: target, wire, line)
        // A host that did not come as a header was signed by nobody.
        let hasHost = wire.headers.contains { $0.isNamed("Host") }
        let request = WireRequest(
            method: wire.method, scheme: wire.scheme, host: hasHost ? wire.host : "", target: target,
            headers: wire.headers)
        let found = try RequestAuthentication.examine(request, resource: resource, conditions: Self.conditions(line))
        guard case .presented(let signature) = found else { throw Self.unsigned }
        presented = signature
        bound = Self.bound(signature.binding, resource: resource)
        try verify(signature, line, keys)
        try Self.checkHost(wire, line, resource: resource)
    }

    private mutating func judge(_ form: PostForm, of line: VerifyLine, keys: SigningKeyCache) throws(OSSError) {
        let found = try PostAuthentication.examine(form, conditions: Self.conditions(line))
        guard case .presented(let signature) = found else { throw Self.unsigned }
        presented = signature
        bound = Self.bound(form)
        try verify(signature, line, keys)
        _ = try PostAuthentication.checkPolicy(of: form, nowUnixSeconds: line.nowUnixSeconds)
    }

    private func verify(
        _ signature: PresentedSignature, _ line: VerifyLine, _ keys: SigningKeyCache
    ) throws(OSSError) {
        let credentials = line.credentials(of: signature.accessKeyID)
        _ = try signature.verify(
            with: credentials?.accessKeySecret, securityToken: credentials?.securityToken, keys: keys)
    }

    private static let unsigned = OSSError(.accessDenied, message: "The request holds no signature.")

    private static func conditions(_ line: VerifyLine) -> RequestAuthentication.Conditions {
        RequestAuthentication.Conditions(
            region: line.region, products: ["oss", "oss-cloudbox"], nowUnixSeconds: line.nowUnixSeconds,
            schemes: SignatureScheme.all)
    }

    private static func resource(
        of target: RequestTarget, _ wire: VerifyLine.Wire, _ line: VerifyLine
    ) throws(OSSError) -> SignedResource {
        switch line.addressing {
        case "service": return .service
        case "path": return try target.pathStyleResource()
        case "virtual-host": return try target.hostStyleResource(bucket: firstLabel(of: wire.host))
        default:
            guard let bucket = line.bucket else {
                throw OSSError(.invalidRequest, message: "The line does not say for which bucket its host stands.")
            }
            return try target.hostStyleResource(bucket: bucket)
        }
    }

    /// Refuses a line that contradicts itself about the bucket, whatever the signature says.
    private static func checkHost(
        _ wire: VerifyLine.Wire, _ line: VerifyLine, resource: SignedResource
    ) throws(OSSError) {
        let isOfBucket = line.addressing == "service" || line.bucket == nil || line.bucket == resource.bucket
        let hosts = wire.headers.filter { $0.isNamed("Host") }.map { firstLabel(of: $0.value) }
        let isOneHost =
            line.addressing != "virtual-host"
            || hosts.allSatisfy { $0.utf8.elementsEqual(firstLabel(of: wire.host).utf8) }
        guard isOfBucket, isOneHost else {
            throw OSSError(
                .invalidRequest, message: "The request is for another bucket than the line says.",
                fields: [("BucketName", resource.bucket ?? "")])
        }
    }

    private static func firstLabel(of host: String) -> String {
        String(host.prefix { $0 != "." })
    }

    private static func bound(_ binding: SignatureBinding, resource: SignedResource) -> [String] {
        var bound = binding.method ? ["method"] : []
        if binding.resource {
            bound += (resource.bucket == nil ? [] : ["bucket"]) + (resource.key == nil ? [] : ["key"])
        }
        bound += binding.headers.map { "header:\($0)" } + binding.parameters.map { "query:\($0)" }
        return binding.wholeQuery ? bound + ["query"] : bound
    }

    private static func bound(_ form: PostForm) -> [String] {
        guard let policy = try? PostPolicy(base64: form.values("policy").first ?? "") else { return ["policy"] }
        return ["policy"]
            + policy.conditions.map { condition in
                condition.field.map { $0 == "bucket" ? "bucket" : "field:\($0)" } ?? "content-length"
            }
    }
}
