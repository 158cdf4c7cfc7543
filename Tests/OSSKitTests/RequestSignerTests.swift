import OSSKit
import Testing

/// What official clients signed, signed by us.
@Suite struct RequestSignerTests {
    @Test(arguments: try SignatureVector.current().filter { !$0.isInURL })
    func ourHeaderSignatureIsThatOfTheOfficialClient(vector: SignatureVector) throws {
        let target = try RequestTarget(vector.wire.target)
        let request = SignableRequest(
            method: vector.wire.method, resource: try vector.resource(of: target), query: target.query,
            headers: vector.headers.filter { !$0.isNamed("Authorization") }, host: vector.wire.host)
        let signer = RequestSigner(
            credentials: Credentials(
                accessKeyID: vector.credentials.accessKeyId, accessKeySecret: vector.secret,
                securityToken: vector.token), region: vector.region, product: vector.product)
        let signed =
            vector.isV4
            ? try signer.signV4(
                request, additionalHeaders: vector.additionalHeaders, nowUnixSeconds: vector.time.unix)
            : signer.signV1(request, nowUnixSeconds: vector.time.unix)
        let found = try #require(signed.first { $0.isNamed("Authorization") }?.value)
        #expect(found.hasSuffix(vector.signatureValue))
        #expect(signed.count { $0.isNamed("Authorization") } == 1)
    }

    @Test(arguments: try SignatureVector.current().filter { $0.isInURL && ($0.expires?.seconds ?? 0) > 0 })
    func ourURLSignatureIsThatOfTheOfficialClient(vector: SignatureVector) throws {
        let target = try RequestTarget(vector.wire.target)
        let resource = try vector.resource(of: target)
        let signatureNames = [
            "OSSAccessKeyId", "Expires", "Signature", "security-token", "x-oss-signature-version", "x-oss-credential",
            "x-oss-date", "x-oss-expires", "x-oss-additional-headers", "x-oss-security-token", "x-oss-signature",
        ]
        let bound = vector.headers.filter { header in
            vector.additionalHeaders.contains { header.isNamed($0) && $0 != "host" } || header.isNamed("Content-Type")
                || header.isNamed("Content-MD5") || header.name.lowercased().hasPrefix("x-oss-")
        }
        var request = Presigner.Request(
            method: vector.wire.method, bucket: try BucketName(try #require(resource.bucket)),
            key: try resource.key.map { try ObjectKey(bytes: $0) },
            query: target.query.filter { item in !signatureNames.contains { item.isNamed($0) } }, headers: bound)
        if vector.additionalHeaders.contains("host") {
            request.isHostBound = true
        }
        let style = try #require(
            ["path": .path, "cname": .cname, "virtual-host": .virtualHost][vector.addressing] as Endpoint.Style?)
        let presigner = Presigner(
            endpoint: try Endpoint(vector.endpoint, style: style), region: vector.region,
            credentials: Credentials(
                accessKeyID: vector.credentials.accessKeyId, accessKeySecret: vector.secret,
                securityToken: vector.token))
        let seconds = try #require(vector.expires?.seconds)
        let found =
            vector.isV4
            ? try presigner.presignV4(request, lifetimeSeconds: seconds, nowUnixSeconds: vector.time.unix)
            : try presigner.presignV1(request, lifetimeSeconds: seconds, nowUnixSeconds: vector.time.unix)
        #expect(found.url.contains("ignature=" + PercentCoding.encode(vector.signatureValue)))
    }

    /// Source: oss-wire fact 2.1, the example of the API reference.
    @Test func theExampleOfTheReferenceHolds() {
        let signer = RequestSigner(
            credentials: Credentials(
                accessKeyID: "44CF9590006BF252F707",
                accessKeySecret: Secret("OtxrzxIsfpFjA7SwPzILwy8Bw21TLhquhboDYROV")), region: "cn-hangzhou")
        let signed = signer.signV1(
            SignableRequest(
                method: "PUT", resource: SignedResource(bucket: "oss-example", key: Array("nelson".utf8)),
                headers: [
                    WireHeader("Content-MD5", "ODBGOERFMDMzQTczRUY3NUE3NzA5QzdFNUYzMDQxNEM="),
                    WireHeader("Content-Type", "text/html"), WireHeader("Date", "Thu, 17 Nov 2005 18:49:58 GMT"),
                    WireHeader("X-OSS-Meta-Author", "foo@bar.com"), WireHeader("X-OSS-Magic", "abracadabra"),
                ]), nowUnixSeconds: 0)
        #expect(signed.last?.value == "OSS 44CF9590006BF252F707:26NBxoKdsyly4EDv6inkoDft/yA=")
    }

    @Test func anAdditionalHeaderWithoutAValueIsRefused() {
        let signer = RequestSigner(
            credentials: Credentials(accessKeyID: "id", accessKeySecret: Secret("s")), region: "r")
        #expect(throws: SigningError.missingHeader(name: "range")) {
            try signer.signV4(
                SignableRequest(method: "GET", resource: .service), additionalHeaders: ["Range"], nowUnixSeconds: 0)
        }
    }
}

@Suite struct PresentedSignatureTests {
    private static let now: Int64 = 1_744_353_684

    private func read(
        _ headers: [WireHeader], token: Secret? = nil, sentHeaders: (([WireHeader]) -> [WireHeader])? = nil
    ) throws -> PresentedSignature {
        let resource = SignedResource(bucket: "b-1", key: Array("k".utf8))
        let signer = RequestSigner(
            credentials: Credentials(accessKeyID: "id", accessKeySecret: Secret("secret"), securityToken: token),
            region: "r")
        let signed = try signer.signV4(
            SignableRequest(method: "PUT", resource: resource, headers: headers), nowUnixSeconds: Self.now)
        let request = WireRequest(
            method: "PUT", scheme: "http", host: "h", target: try RequestTarget("/b-1/k"),
            headers: sentHeaders?(signed) ?? signed)
        let read = try RequestAuthentication.read(
            request, resource: resource, conditions: .init(region: "r", nowUnixSeconds: Self.now))
        guard case .presented(let presented) = read else { throw OSSError(.accessDenied) }
        return presented
    }

    /// Clients differ, so either form is taken.
    ///
    /// Source: oss-wire fact 2.4.
    @Test func anEmptyHeaderMayBeSignedOrNot() throws {
        let empty = WireHeader("x-oss-meta-a", " ")
        let signed = try read([empty])
        let unsigned = try read([], sentHeaders: { $0 + [empty] })
        #expect(throws: Never.self) { try signed.verify(with: Secret("secret")) }
        #expect(throws: Never.self) { try unsigned.verify(with: Secret("secret")) }
        let filled = try read([], sentHeaders: { $0 + [WireHeader("x-oss-meta-a", "1")] })
        #expect(throws: OSSError.self) { try filled.verify(with: Secret("secret")) }
    }

    @Test(
        arguments: [
            (nil, nil, nil), ("t", "t", nil), ("t", nil, .invalidSecurityToken), (nil, "t", .invalidAccessKeyId),
            ("t", "u", .accessKeyIDAndSecurityTokenNotMatch), ("t", "tt", .accessKeyIDAndSecurityTokenNotMatch),
        ] as [(String?, String?, OSSErrorCode?)])
    func theTokenHasToBeThatOfTheKey(presented: String?, expected: String?, code: OSSErrorCode?) throws {
        let signature = try read([], token: presented.map { Secret($0) })
        guard let code else {
            #expect(throws: Never.self) {
                try signature.verify(with: Secret("secret"), securityToken: expected.map { Secret($0) })
            }
            return
        }
        let found = #expect(throws: OSSError.self) {
            try signature.verify(with: Secret("secret"), securityToken: expected.map { Secret($0) })
        }
        #expect(found?.code == code)
        #expect(found?.code.status == 403)
        let isHint = code == .invalidAccessKeyId
        #expect(found?.ec == (isHint ? "0002-00000003" : nil))
    }

    @Test func theDateHeaderServesWhereThereIsNoOther() throws {
        let text = HTTPDate.format(unixSeconds: Self.now)
        let found = try read(
            [],
            sentHeaders: { headers in
                headers.map { $0.isNamed("x-oss-date") ? WireHeader("Date", text) : $0 }
            })
        // x-oss-date was signed as a header, so the signature is wrong; the date was found all the same.
        let refusal = #expect(throws: OSSError.self) { try found.verify(with: Secret("secret")) }
        #expect(refusal?.code == .signatureDoesNotMatch)
    }
}
