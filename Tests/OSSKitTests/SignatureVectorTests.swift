import OSSKit
import Testing

/// Requests of official clients, and what becomes of them when anything is changed on the way.
@Suite struct SignatureVectorTests {
    @Test(arguments: try SignatureVector.all())
    func aRequestOfAnOfficialClientIsVerified(vector: SignatureVector) throws {
        let found = try vector.verify()
        #expect(found.accessKeyID == vector.credentials.accessKeyId)
        #expect(found.scheme == vector.scheme)
        #expect(found.scheme.isInURL == vector.isInURL)
        #expect(found.securityToken?.reveal() == vector.credentials.securityToken)
        #expect(found.expiresAtUnixSeconds == vector.expires?.unix)
        for name in vector.additionalHeaders {
            #expect(found.binds(header: name.uppercased()))
        }
    }

    @Test func everySchemeIsAmongTheCases() throws {
        let vectors = try SignatureVector.all()
        #expect(vectors.count == 270)
        #expect(Set(vectors.map(\.scheme)) == SignatureScheme.all)
    }

    @Test(arguments: try SignatureVector.all())
    func whatIsSignedIsWhatTheClientSigned(vector: SignatureVector) throws {
        let found = try vector.presented()
        #expect(found.stringToSign == Array(vector.stringToSign.utf8))
        #expect(found.canonicalRequest == vector.canonicalRequest.map { Array($0.utf8) })
        #expect(found.refusal == nil)
    }

    @Test(arguments: try SignatureVector.requests())
    func whatIsSignedIsKnownAfterItsTime(vector: SignatureVector) throws {
        let found = try vector.presented(at: Int64.max / 2)
        #expect(found.stringToSign == Array(vector.stringToSign.utf8))
        let refusal = #expect(throws: OSSError.self) {
            try found.verify(with: vector.secret, securityToken: vector.token)
        }
        #expect(refusal?.code == (vector.isInURL ? .accessDenied : .requestTimeTooSkewed))
        let wrongKey = #expect(throws: OSSError.self) { try found.verify(with: nil) }
        #expect(wrongKey == refusal)
    }

    @Test(arguments: try SignatureVector.requests().filter { !SignatureScheme.current.contains($0.scheme) })
    func aSchemeThatIsNotTakenIsRefused(vector: SignatureVector) {
        let found = #expect(throws: OSSError.self) { try vector.read(schemes: SignatureScheme.current) }
        #expect(found?.code == .invalidArgument)
        #expect(found?.ec == "0002-00000002")
    }

    @Test(arguments: try SignatureVector.all())
    func theRefusalShowsWhatWasSigned(vector: SignatureVector) throws {
        let presented = try vector.presented()
        let found = #expect(throws: OSSError.self) {
            try presented.verify(with: Secret("another"), securityToken: vector.token)
        }
        #expect(found?.code == .signatureDoesNotMatch)
        let keyName = vector.scheme.isOfAWS ? "AWSAccessKeyId" : "OSSAccessKeyId"
        let names = [keyName, "SignatureProvided", "StringToSign", "StringToSignBytes"]
        #expect(found?.fields.map(\.name) == (vector.canonicalRequest != nil ? names + ["CanonicalRequest"] : names))
        let bytes = vector.stringToSign.utf8.map { Hexadecimal.upper([$0]) + " " }.joined()
        #expect(found?.fields[0].value == vector.credentials.accessKeyId)
        #expect(found?.fields[1].value == vector.signatureValue)
        #expect(Array((found?.fields[2].value ?? "").utf8) == Array(vector.stringToSign.utf8))
        #expect(found?.fields[3].value == bytes)
        if let wanted = vector.canonicalRequest {
            #expect(Array((found?.fields[4].value ?? "").utf8) == Array(wanted.utf8))
        }
    }

    @Test(arguments: try SignatureVector.all())
    func anUnknownKeyIsToldSo(vector: SignatureVector) throws {
        let presented = try vector.presented()
        let found = #expect(throws: OSSError.self) { try presented.verify(with: nil) }
        #expect(found?.code == .invalidAccessKeyId)
        let name = vector.scheme.isOfAWS ? "AWSAccessKeyId" : "OSSAccessKeyId"
        #expect(found?.fields == [.init(name: name, value: vector.credentials.accessKeyId)])
    }

    @Test(arguments: try SignatureVector.requests())
    func anotherMethodIsRefused(vector: SignatureVector) throws {
        for method in ["GET", "PUT", "POST", "DELETE", "HEAD", "get", ""] where method != vector.wire.method {
            expectMismatch(vector.changed { $0.method = method }, "method \(method)")
        }
    }

    @Test(arguments: try SignatureVector.requests().filter { !$0.scheme.isOfAWS })
    func anotherResourceIsRefused(vector: SignatureVector) throws {
        let resource = try vector.resource(of: RequestTarget(vector.wire.target))
        var others: [SignedResource] = []
        if let bucket = resource.bucket {
            others = [
                .service, SignedResource(bucket: bucket + "x", key: resource.key),
                SignedResource(bucket: bucket, key: (resource.key ?? []) + Array("x".utf8)),
                SignedResource(bucket: String(bucket.dropLast()), key: resource.key),
            ]
            if let key = resource.key {
                others.append(SignedResource(bucket: bucket, key: Array(key.dropLast())))
                others.append(SignedResource(bucket: bucket, key: [key[0] ^ 1] + key.dropFirst()))
            }
        } else {
            others = [SignedResource(bucket: "bucket")]
        }
        for other in others {
            let found = #expect(throws: OSSError.self, "\(other)") { try vector.verify(resource: other) }
            #expect(found?.code == .signatureDoesNotMatch)
        }
    }

    @Test(arguments: try SignatureVector.requests())
    func anotherHeaderIsRefused(vector: SignatureVector) throws {
        let signed = vector.wire.headers.enumerated().filter { vector.signs(header: $0.element[0].lowercased()) }
        for (position, header) in signed {
            // Without its date, a request is refused for another reason; its host is known without the header.
            if !["host", "authorization"].contains(header[0].lowercased()) {
                expectRefusal(vector.changed { $0.headers.remove(at: position) }, "without \(header[0])")
            }
            expectRefusal(vector.changed { $0.headers[position][1] += "x" }, "with another \(header[0])")
            expectRefusal(
                vector.changed { $0.headers.append([header[0], "x"]) }, "with a second \(header[0])")
        }
        let added = ["x-oss-copy-source", "X-OSS-Object-Acl", "x-oss-meta-added"]
        for name in added + (vector.scheme.isOfAWS ? ["x-amz-copy-source", "X-Amz-Acl"] : []) {
            expectRefusal(vector.changed { $0.headers.append([name, "/b/k"]) }, "with \(name)")
        }
        if !signed.contains(where: { $0.element[0].lowercased() == "content-type" }) {
            expectRefusal(vector.changed { $0.headers.append(["Content-Type", "text/html"]) }, "with a type")
        }
        if !vector.isAWS4, !signed.contains(where: { $0.element[0].lowercased() == "content-md5" }) {
            expectMismatch(vector.changed { $0.headers.append(["Content-MD5", "x"]) }, "with a checksum")
        }
    }

    @Test(arguments: try SignatureVector.requests())
    func anotherQueryIsRefused(vector: SignatureVector) throws {
        let query = vector.wire.target.split(separator: "?", maxSplits: 1).dropFirst().first.map(String.init) ?? ""
        let path = vector.wire.target.prefix { $0 != "?" }
        let pieces = query.split(separator: "&").map(String.init)
        for (position, piece) in pieces.enumerated() {
            let item = try #require(try RequestTarget("/?" + piece).query.first)
            guard vector.signs(parameter: item.name) else { continue }
            var others = [pieces, pieces]
            others[0][position] += piece.contains("=") ? "1" : "=1"
            others[1].remove(at: position)
            for other in others {
                let target = "\(path)?" + other.joined(separator: "&")
                expectRefusal(vector.changed { $0.target = target }, "query \(other)")
            }
        }
        for added in [
            "acl", "uploads", "versionId=x", "x-oss-process=x", "response-content-type=text%2Fhtml", "tagging",
        ] + (vector.signsWholeQuery ? ["unknown=1", "", "="] : [])
        where added.count < 2 || !pieces.contains(where: { $0.hasPrefix(added.prefix { $0 != "=" }) }) {
            // A single empty piece is no query string at all, and a nameless parameter alone says nothing either.
            if pieces.isEmpty, added.count < 2 { continue }
            let target = "\(path)?" + (pieces + [added]).joined(separator: "&")
            expectRefusal(vector.changed { $0.target = target }, "with \(added)")
        }
    }

    @Test(arguments: try SignatureVector.requests())
    func everyOtherSignatureIsRefused(vector: SignatureVector) throws {
        // Each byte counts in the same loop; every seventh is enough to see it.
        for position in vector.signatureValue.indices.enumerated().filter({ $0.offset.isMultiple(of: 7) }).map(
            \.element)
        {
            var other = vector.signatureValue
            other.replaceSubrange(position...position, with: other[position] == "0" ? "1" : "0")
            let encodedOld = PercentCoding.encode(vector.signatureValue)
            let changed = vector.changed { wire in
                if vector.isInURL {
                    wire.target = wire.target.replacing(encodedOld, with: PercentCoding.encode(other))
                } else {
                    wire.headers = wire.headers.map { [$0[0], $0[1].replacing(vector.signatureValue, with: other)] }
                }
            }
            expectMismatch(changed, "signature \(other)")
        }
    }

    private func expectMismatch(_ vector: SignatureVector, _ what: String) {
        let found = #expect(throws: OSSError.self, "\(what)") { try vector.verify() }
        #expect(found?.code == .signatureDoesNotMatch, "\(what)")
    }

    private func expectRefusal(_ vector: SignatureVector, _ what: String) {
        let found = #expect(throws: OSSError.self, "\(what)") { try vector.verify() }
        #expect([400, 403].contains(found?.code.status), "\(what)")
    }
}
