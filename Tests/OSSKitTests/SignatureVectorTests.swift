import OSSKit
import Testing

/// Requests of official clients, and what becomes of them when anything is changed on the way.
@Suite struct SignatureVectorTests {
    @Test(arguments: try SignatureVector.all())
    func aRequestOfAnOfficialClientIsVerified(vector: SignatureVector) throws {
        let found = try vector.verify()
        #expect(found.accessKeyID == vector.credentials.accessKeyId)
        #expect(found.scheme.isV4 == vector.isV4)
        #expect(found.scheme.isInURL == vector.isInURL)
        #expect(found.securityToken?.reveal() == vector.credentials.securityToken)
        #expect(found.expiresAtUnixSeconds == vector.expires?.unix)
        for name in vector.additionalHeaders {
            #expect(found.binds(header: name.uppercased()))
        }
    }

    @Test(arguments: try SignatureVector.all())
    func theRefusalShowsWhatWasSigned(vector: SignatureVector) throws {
        guard case .presented(let presented) = try vector.read() else {
            Issue.record("taken for anonymous")
            return
        }
        let found = #expect(throws: OSSError.self) {
            try presented.verify(with: Secret("another"), securityToken: vector.token)
        }
        #expect(found?.code == .signatureDoesNotMatch)
        #expect(found?.ec == (vector.isV4 ? "0002-00000201" : "0002-00000040"))
        let names = ["OSSAccessKeyId", "SignatureProvided", "StringToSign", "StringToSignBytes"]
        #expect(found?.fields.map(\.name) == (vector.isV4 ? names + ["CanonicalRequest"] : names))
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
        guard case .presented(let presented) = try vector.read() else {
            Issue.record("taken for anonymous")
            return
        }
        let found = #expect(throws: OSSError.self) { try presented.verify(with: nil) }
        #expect(found?.code == .invalidAccessKeyId)
        #expect(found?.fields == [.init(name: "OSSAccessKeyId", value: vector.credentials.accessKeyId)])
    }

    @Test(arguments: try SignatureVector.all())
    func anotherMethodIsRefused(vector: SignatureVector) throws {
        for method in ["GET", "PUT", "POST", "DELETE", "HEAD", "get", ""] where method != vector.wire.method {
            expectMismatch(vector.changed { $0.method = method }, "method \(method)")
        }
    }

    @Test(arguments: try SignatureVector.all())
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

    @Test(arguments: try SignatureVector.all())
    func anotherHeaderIsRefused(vector: SignatureVector) throws {
        let signed = vector.wire.headers.enumerated().filter { isSigned($0.element[0].lowercased(), in: vector) }
        for (position, header) in signed {
            // Without its date, a request is refused for another reason; its host is known without the header.
            if header[0].lowercased() != "host" {
                expectRefusal(vector.changed { $0.headers.remove(at: position) }, "without \(header[0])")
            }
            expectRefusal(vector.changed { $0.headers[position][1] += "x" }, "with another \(header[0])")
            expectRefusal(
                vector.changed { $0.headers.append([header[0], "x"]) }, "with a second \(header[0])")
        }
        for name in ["x-oss-copy-source", "X-OSS-Object-Acl", "x-oss-meta-added"] {
            expectMismatch(vector.changed { $0.headers.append([name, "/b/k"]) }, "with \(name)")
        }
        if !signed.contains(where: { $0.element[0].lowercased() == "content-type" }) {
            expectMismatch(vector.changed { $0.headers.append(["Content-Type", "text/html"]) }, "with a type")
        }
        if !signed.contains(where: { $0.element[0].lowercased() == "content-md5" }) {
            expectMismatch(vector.changed { $0.headers.append(["Content-MD5", "x"]) }, "with a checksum")
        }
    }

    @Test(arguments: try SignatureVector.all())
    func anotherQueryIsRefused(vector: SignatureVector) throws {
        let query = vector.wire.target.split(separator: "?", maxSplits: 1).dropFirst().first.map(String.init) ?? ""
        let path = vector.wire.target.prefix { $0 != "?" }
        let pieces = query.split(separator: "&").map(String.init)
        for (position, piece) in pieces.enumerated() {
            let item = try #require(try RequestTarget("/?" + piece).query.first)
            guard vector.isV4 || isSignedV1(item.name, in: vector) else { continue }
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
        ]
        where !pieces.contains(where: { $0.hasPrefix(added.prefix { $0 != "=" }) }) {
            let target = "\(path)?" + (pieces + [added]).joined(separator: "&")
            expectMismatch(vector.changed { $0.target = target }, "with \(added)")
        }
    }

    @Test(arguments: try SignatureVector.all())
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

    private func isSigned(_ name: String, in vector: SignatureVector) -> Bool {
        if name.hasPrefix("x-oss-") || name == "content-type" || name == "content-md5" { return true }
        let hasOSSDate = vector.wire.headers.contains { $0[0].lowercased() == "x-oss-date" }
        if name == "date" { return !vector.isV4 && !vector.isInURL && !hasOSSDate }
        return vector.additionalHeaders.contains(name) && vector.isV4
    }

    /// Whether a parameter stands in the string to sign of V1, or makes up the signature itself.
    private func isSignedV1(_ name: String, in vector: SignatureVector) -> Bool {
        if ["Expires", "Signature"].contains(name) { return true }
        let resource = vector.stringToSign.split(separator: "\n").last ?? ""
        let signed = resource.split(separator: "?").last ?? ""
        return signed.split(separator: "&").contains { $0 == name || $0.hasPrefix(name + "=") }
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
