import OSSKit
import ObjectStore
import StorageGateway
import Testing

extension TestSurface {
    /// Another account's access key, which the ring knows after `admitOtherOwner()`.
    static let otherOwner = Credentials(
        accessKeyID: "otherKey", accessKeySecret: Secret("anotherSecretOfThirtyTwoCharacters"))

    /// Makes `otherOwner` a caller, of the account `other`.
    func admitOtherOwner() {
        keys.replace(with: [
            AccessKey(id: Self.accessKeyID, secret: Self.secret, ownerID: "owner"),
            AccessKey(id: Self.otherOwner.accessKeyID, secret: Self.otherOwner.accessKeySecret, ownerID: "other"),
        ])
    }

    /// Sets the policy and the public access block of the test's bucket, or removes them.
    func setRules(policy: String? = nil, blocksPublicAccess: Bool = false) async throws {
        let bucket = try await store.bucket(BucketName("bucket"))
        if let policy {
            try await store.setConfiguration(.policy, of: bucket, to: Array(policy.utf8))
        } else {
            try await store.removeConfiguration(.policy, of: bucket)
        }
        let block = PublicAccessBlockConfiguration(blocksPublicAccess: blocksPublicAccess).write()
        try await store.setConfiguration(.publicAccessBlock, of: bucket, to: Array(block.utf8))
    }

    /// A call of AssumeRole, signed by HMAC-SHA1 over its parameters.
    func assumeRole(
        _ changes: [(String, String?)] = [], secret: Secret = TestSurface.secret
    ) async throws -> Answer {
        var parameters: [(String, String)] = [
            ("Action", "AssumeRole"), ("Version", "2015-04-01"), ("Format", "XML"), ("AccessKeyId", Self.accessKeyID),
            ("SignatureMethod", "HMAC-SHA1"), ("SignatureVersion", "1.0"),
            ("SignatureNonce", String(UInt64.random(in: 0 ... .max))),
            ("Timestamp", ISO8601.format(unixMilliseconds: clock.nowMilliseconds)),
            ("RoleArn", "acs:ram::owner:role/uploader"), ("RoleSessionName", "session"),
        ]
        for (name, value) in changes {
            parameters.removeAll { $0.0 == name }
            if let value { parameters.append((name, value)) }
        }
        let text = RPCSignature.stringToSign(method: "GET", parameters: parameters.map { QueryItem($0.0, $0.1) })
        parameters.append(("Signature", RPCSignature.signature(of: text, with: secret)))
        let query = parameters.map { "\(PercentCoding.encode($0.0))=\(PercentCoding.encode($0.1))" }
        return try await send(Call(method: "GET", target: "/?\(query.joined(separator: "&"))", isSigned: false))
    }

    /// A temporary access key of the owner.
    func temporaryKey(policy: String? = nil, seconds: Int = 900) async throws -> Credentials {
        let answer = try await assumeRole([("Policy", policy), ("DurationSeconds", String(seconds))])
        let credentials = try #require(XMLReader.read(answer.body).child("Credentials"))
        return Credentials(
            accessKeyID: try #require(credentials.text(of: "AccessKeyId")),
            accessKeySecret: Secret(try #require(credentials.text(of: "AccessKeySecret"))),
            securityToken: Secret(try #require(credentials.text(of: "SecurityToken"))))
    }
}

extension TestSurface.Answer {
    /// The code of a refusal, from the body or, for `HEAD`, from the header.
    var code: String? {
        let document = header("x-oss-err").flatMap { Base64.decode($0) } ?? body
        return try? XMLReader.read(document).text(of: "Code")
    }
}
