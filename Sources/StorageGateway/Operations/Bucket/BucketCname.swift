import OSSKit
import ObjectStore

/// `/?cname`: domains of a bucket; tokens are given, but that a domain is one's own cannot be found out here.
///
/// Source: oss-wire fact 11.6; when a domain is bound is assumptions.
enum BucketCname {
    /// How long a token is good.
    private static let tokenLife: Int64 = 72 * 3_600 * 1_000
    /// The most tokens of a bucket.
    private static let tokenLimit = 100
    /// The most domains of a bucket.
    private static let domainLimit = 100

    /// Binds a domain, where the operator takes the word of whoever may; else refuses to.
    ///
    /// A domain that another bucket has stays there, and those of the server itself belong to nobody.
    static func bind(_ call: OSSCall) async throws -> OSSAnswer {
        let bucket = try await call.bucket()
        let domain = try await domain(of: call)
        let refusal = OSSError(
            .needVerifyDomainOwnership, fields: [("BucketName", bucket.name.text), ("Cname", domain)])
        guard call.configuration.bindsUnprovenDomains else { throw refusal }
        guard !Addressing(call.configuration).isOwn(domain) else {
            throw OSSError.invalidArgument(
                "Domain", domain, message: "The domain is one of the server's own.")
        }
        try await call.store.changeConfiguration(.cname, named: domain, of: bucket) { former in
            if let current = former.current { return current.bytes }
            guard !former.isElsewhere else { throw refusal }
            guard former.otherCount < domainLimit else {
                throw OSSError(.invalidArgument, message: "The number of cnames is beyond limit.")
            }
            return Array(BucketCnameConfiguration(domain: domain).write().utf8)
        }
        return OSSAnswer()
    }

    /// Lets go of a domain; one that is not bound is fine.
    static func unbind(_ call: OSSCall) async throws -> OSSAnswer {
        let bucket = try await call.bucket()
        try await call.store.removeConfiguration(.cname, named: try await domain(of: call), of: bucket)
        return OSSAnswer()
    }

    /// Tells the domains that are bound.
    static func list(_ call: OSSCall) async throws -> OSSAnswer {
        let bucket = try await call.bucket()
        let page = try await call.store.configurations(.cname, of: bucket, ConfigurationQuery(limit: domainLimit))
        let status: FeatureStatus = call.configuration.bindsUnprovenDomains ? .enabled : .disabled
        let cnames = page.configurations.map { stored in
            ListCnameResult.Cname(
                domain: stored.name, lastModifiedMilliseconds: stored.changedAtMilliseconds, status: status)
        }
        let result = ListCnameResult(bucket: bucket.name.text, owner: bucket.ownerID, cnames: cnames)
        return OSSAnswer(document: result.write())
    }

    /// Gives the token of a domain, a new one if there is none or the last one is over.
    static func makeToken(_ call: OSSCall) async throws -> OSSAnswer {
        let bucket = try await call.bucket()
        let domain = try await domain(of: call)
        let now = call.environment.now()
        let token = CnameToken(
            bucket: bucket.name.text, cname: domain, token: Identifier.make(call.environment.randomBits),
            expireTime: HTTPDate.format(unixSeconds: (now + tokenLife) / 1_000))
        try await call.store.changeConfiguration(.cnameToken, named: domain, of: bucket) { former in
            if let current = former.current, now - current.changedAtMilliseconds < tokenLife { return current.bytes }
            guard former.otherCount < tokenLimit else {
                throw OSSError(.invalidArgument, message: "The number of cname tokens is beyond limit.")
            }
            return Array(token.write().utf8)
        }
        return try await tell(call, bucket, domain)
    }

    /// Tells the token of a domain.
    static func tellToken(_ call: OSSCall) async throws -> OSSAnswer {
        try await tell(call, call.bucket(), checked(call.request.target.value(of: "cname") ?? ""))
    }

    private static func tell(_ call: OSSCall, _ bucket: BucketRecord, _ domain: String) async throws -> OSSAnswer {
        guard let stored = try await call.store.configuration(.cnameToken, named: domain, of: bucket),
            call.environment.now() - stored.changedAtMilliseconds < tokenLife
        else { throw OSSError(.noSuchCnameToken, fields: [("BucketName", bucket.name.text), ("Cname", domain)]) }
        return OSSAnswer(document: String(decoding: stored.bytes, as: UTF8.self))
    }

    private static func domain(of call: OSSCall) async throws -> String {
        let document = try await RequestBodyReader.document(of: call) ?? []
        return try checked(try BucketCnameConfiguration(document: document).domain)
    }

    /// A domain in lower case.
    private static func checked(_ text: String) throws(OSSError) -> String {
        let domain = text.lowercased()
        let labels = domain.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        let isDomain =
            domain.utf8.count <= 253 && labels.count >= 2
            && labels.allSatisfy { label in
                (1...63).contains(label.count)
                    && label.allSatisfy { byte in
                        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
                            || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || byte == UInt8(ascii: "-")
                    }
            }
        guard isDomain else { throw .invalidArgument("Domain", text, message: "The domain is not valid.") }
        return domain
    }
}
