import OSSKit

/// What signatures of an input are checked against.
private enum Judge {
    static let conditions = RequestAuthentication.Conditions(
        region: "cn-hangzhou", nowUnixSeconds: 1_744_353_684, schemes: SignatureScheme.all)

    /// Checks a request under a secret that signed none of the inputs.
    static func examine(_ request: WireRequest, resource: SignedResource) throws {
        let found = try? RequestAuthentication.examine(request, resource: resource, conditions: conditions)
        guard case .presented(let presented)? = found else { return }
        _ = presented.binding
        let verified = try? presented.verify(with: Secret("a secret that signed nothing"))
        try promise(verified == nil, "a signature by an unknown secret is refused")
    }
}

/// A request target on the first line, and a host on the second.
struct TargetInput {
    private let rawTarget: String
    private let host: String

    init(_ bytes: [UInt8]) {
        let lines = bytes.inputLines
        rawTarget = lines[0].inputText
        host = lines.count > 1 ? lines[1].inputText : "bucket.oss-cn-hangzhou.aliyuncs.com"
    }

    func run() throws {
        _ = try? PresignedURL.explain("https://\(host)\(rawTarget)", nowUnixSeconds: 1_744_353_684)
        _ = try? Endpoint(host)
        guard let target = try? RequestTarget(rawTarget) else { return }
        let request = WireRequest(method: "PUT", scheme: "http", host: host, target: target, headers: [])
        for resource in [try? target.pathStyleResource(), try? target.hostStyleResource(bucket: "bucket")] {
            guard let resource else { continue }
            try Judge.examine(request, resource: resource)
            try checkRoundTrip(of: resource, query: target.query)
        }
    }

    /// What was decoded means the same after it was written by our own encoder.
    private func checkRoundTrip(of resource: SignedResource, query: [QueryItem]) throws {
        guard let bucket = resource.bucket, let name = try? BucketName(bucket) else { return }
        let endpoint = try Endpoint("http://127.0.0.1:10724")
        let url = endpoint.url(of: SignedResource(bucket: name.text, key: resource.key), query: query)
        // A text of many bytes that all need encoding can grow over the limit of a target.
        guard let again = try? RequestTarget(String(url.dropFirst("http://127.0.0.1:10724".count))) else {
            try promise(url.utf8.count > Limits.maximumTargetBytes, "what we write can be read: \(url)")
            return
        }
        let found = try again.pathStyleResource()
        try promise(found == resource, "bucket and key survive: \(url)")
        let texts = again.query.map { [$0.name, $0.value] }
        let wanted = query.map { [$0.name, $0.value] }.filter { $0 != ["", ""] }
        try promise(
            texts.elementsEqual(wanted) { left, right in
                zip(left, right).allSatisfy { $0.utf8.elementsEqual($1.utf8) }
            }, "parameters survive: \(url)")
    }
}

/// A target on the first line, then header fields, each as `Name: value`.
struct AuthorizationInput {
    private let rawTarget: String
    private let headers: [WireHeader]

    init(_ bytes: [UInt8]) {
        let lines = bytes.inputLines
        rawTarget = lines[0].inputText
        headers = lines.dropFirst().map { line in
            let parts = line.split(separator: UInt8(ascii: ":"), maxSplits: 1, omittingEmptySubsequences: false)
            return WireHeader(parts[0].inputText, parts.count > 1 ? parts[1].inputText : "")
        }
    }

    func run() throws {
        guard let target = try? RequestTarget(rawTarget), let resource = try? target.pathStyleResource() else { return }
        let request = WireRequest(method: "GET", scheme: "https", host: "host", target: target, headers: headers)
        try Judge.examine(request, resource: resource)
    }
}

/// A form's fields, each as `name=value`, or a policy that a form is made around.
struct PolicyInput {
    private let form: PostForm

    init(fields bytes: [UInt8]) {
        let fields = bytes.inputLines.map { line in
            let parts = line.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
            return PostForm.Field(parts[0].inputText, parts.count > 1 ? parts[1].inputText : "")
        }
        form = PostForm(bucket: "bucket", fields: fields, fileContentType: "text/plain")
    }

    init(json: [UInt8]) {
        form = PostForm(
            bucket: "bucket", fields: [.init("key", "key"), .init("policy", Base64.encode(json))], fileContentType: nil)
    }

    func run() throws {
        if case .presented(let presented)? = try? PostAuthentication.examine(form, conditions: Judge.conditions) {
            let verified = try? presented.verify(with: Secret("a secret that signed nothing"))
            try promise(verified == nil, "a signature by an unknown secret is refused")
        }
        _ = try? PostAuthentication.checkPolicy(of: form, nowUnixSeconds: Judge.conditions.nowUnixSeconds)
        guard let text = form.values("policy").first, let policy = try? PostPolicy(base64: text) else { return }
        _ = try? policy.checkLength(1)
        // What we write for it says the same.
        let written = Base64.encode(Array(policy.json.utf8))
        guard written.utf8.count <= Limits.maximumPolicyBytes else { return }
        let again = try PostPolicy(base64: written)
        try promise(again.conditions == policy.conditions, "the conditions survive")
    }
}
