import OSSKit
import StorageGateway
import Testing

/// Temporary access keys: how they are made, what they may do, and when they end.
@Suite struct SecurityTokenTests {
    private typealias Call = TestSurface.Call

    private func withSurface(_ work: (TestSurface) async throws -> Void) async throws {
        let surface = try await TestSurface()
        _ = try await surface.put("k", "hello")
        do {
            try await work(surface)
        } catch {
            try await surface.close()
            throw error
        }
        try await surface.close()
    }

    private static func get(_ credentials: Credentials, _ target: String = "/bucket/k") -> Call {
        Call(method: "GET", target: target, credentials: credentials)
    }

    @Test func aTemporaryKeyWorksUntilItsLastSecond() async throws {
        try await withSurface { surface in
            let key = try await surface.temporaryKey(seconds: 900)
            #expect(key.accessKeyID.hasPrefix("STS."))
            let made = surface.clock.nowMilliseconds
            for (offset, code) in [(0, nil), (899, nil), (900, "SecurityTokenExpired")] as [(Int64, String?)] {
                surface.clock.nowMilliseconds = made + offset * 1_000
                let found = try await surface.send(Self.get(key))
                #expect(found.code == code, "after \(offset) s")
                #expect(found.status == (code == nil ? 200 : 403))
            }
        }
    }

    @Test func theAnswerSaysWhoTheSessionIsAndWhenItEnds() async throws {
        try await withSurface { surface in
            let answer = try await surface.assumeRole([("DurationSeconds", "900")])
            #expect(answer.status == 200)
            #expect(answer.text.contains("<Arn>acs:ram::owner:role/uploader/session</Arn>"))
            #expect(answer.text.contains("<AssumedRoleId>owner:session</AssumedRoleId>"))
            #expect(answer.text.contains("<Expiration>2027-01-15T08:15:00Z</Expiration>"))
            let json = try await surface.assumeRole([("Format", "JSON")])
            #expect(json.header("Content-Type") == "application/json;charset=utf-8")
            #expect(json.text.contains(#""Expiration":"2027-01-15T09:00:00Z""#))
        }
    }

    struct Refusal: Sendable, CustomTestStringConvertible {
        let name: String
        let value: String?
        let status: Int
        let code: String

        var testDescription: String { "\(name)=\(value ?? "nothing")" }
    }

    @Test(arguments: [
        Refusal(name: "Action", value: "GetFederationToken", status: 404, code: "InvalidAction.NotFound"),
        Refusal(name: "AccessKeyId", value: "nobody", status: 404, code: "InvalidAccessKeyId.NotFound"),
        Refusal(name: "AccessKeyId", value: nil, status: 400, code: "MissingAccessKeyId"),
        Refusal(name: "SignatureMethod", value: "HMAC-MD5", status: 400, code: "InvalidParameter.SignatureMethod"),
        Refusal(name: "SignatureVersion", value: "2", status: 400, code: "InvalidParameter.SignatureVersion"),
        Refusal(name: "SignatureNonce", value: nil, status: 400, code: "MissingSignatureNonce"),
        Refusal(name: "Timestamp", value: "2027-01-15T07:44:59Z", status: 400, code: "InvalidTimeStamp.Expired"),
        Refusal(name: "Timestamp", value: "2027-01-15T08:15:01Z", status: 400, code: "InvalidTimeStamp.Expired"),
        Refusal(name: "Timestamp", value: "now", status: 400, code: "InvalidTimeStamp.Expired"),
        Refusal(name: "RoleArn", value: nil, status: 400, code: "MissingRoleArn"),
        Refusal(name: "RoleArn", value: "acs:ram::owner:user/x", status: 400, code: "InvalidParameter.RoleArn"),
        Refusal(name: "RoleArn", value: "acs:ram::other:role/x", status: 403, code: "NoPermission"),
        Refusal(name: "RoleSessionName", value: "a", status: 400, code: "InvalidParameter.RoleSessionName"),
        Refusal(name: "RoleSessionName", value: "a/b", status: 400, code: "InvalidParameter.RoleSessionName"),
        Refusal(name: "DurationSeconds", value: "899", status: 400, code: "InvalidParameter.DurationSeconds"),
        Refusal(name: "DurationSeconds", value: "3601", status: 400, code: "InvalidParameter.DurationSeconds"),
        Refusal(name: "DurationSeconds", value: "-1", status: 400, code: "InvalidParameter.DurationSeconds"),
        Refusal(
            name: "DurationSeconds", value: "18446744073709551617", status: 400,
            code: "InvalidParameter.DurationSeconds"),
        Refusal(name: "Policy", value: "{}", status: 400, code: "InvalidParameter.PolicyGrammar"),
        Refusal(
            name: "Policy", value: String(repeating: " ", count: 2_049), status: 400,
            code: "InvalidParameter.PolicySize"),
    ])
    func aCallThatCannotBeIsRefused(_ row: Refusal) async throws {
        try await withSurface { surface in
            let refused = try await surface.assumeRole([(row.name, row.value)])
            #expect(refused.status == row.status)
            #expect(refused.code == row.code)
            #expect(!refused.text.contains(TestSurface.secret.reveal()))
        }
    }

    @Test func aCallIsSignedByItsCallerAndSentOnce() async throws {
        try await withSurface { surface in
            let refused = try await surface.assumeRole(secret: Secret("a guess"))
            #expect(refused.code == "SignatureDoesNotMatch")
            let first = try await surface.assumeRole([("SignatureNonce", "once")])
            #expect(first.status == 200)
            let again = try await surface.assumeRole([("SignatureNonce", "once")])
            #expect(again.code == "SignatureNonceUsed")
        }
    }

    @Test func aTemporaryKeyMakesNoOther() async throws {
        try await withSurface { surface in
            let key = try await surface.temporaryKey()
            let refused = try await surface.assumeRole(
                [("AccessKeyId", key.accessKeyID)], secret: key.accessKeySecret)
            #expect(refused.code == "NoPermission")
        }
    }

    @Test func aTokenThatIsNotTheKeysIsRefused() async throws {
        try await withSurface { surface in
            let key = try await surface.temporaryKey()
            let another = try await surface.temporaryKey()
            let token = try #require(key.securityToken).reveal()
            let flipped = (token.first == "A" ? "B" : "A") + token.dropFirst()
            let cases: [(String, Secret, Secret?, String)] = [
                (key.accessKeyID, key.accessKeySecret, nil, "InvalidAccessKeyId"),
                (key.accessKeyID, key.accessKeySecret, Secret("nonsense"), "InvalidSecurityToken"),
                (key.accessKeyID, key.accessKeySecret, Secret(flipped), "InvalidSecurityToken"),
                (key.accessKeyID, key.accessKeySecret, Secret(String(token.dropLast(4))), "InvalidSecurityToken"),
                (
                    key.accessKeyID, key.accessKeySecret, another.securityToken,
                    "AccessKeyIdAndSecurityTokenNotMatch"
                ),
                (key.accessKeyID, another.accessKeySecret, key.securityToken, "SignatureDoesNotMatch"),
                (TestSurface.accessKeyID, TestSurface.secret, key.securityToken, "InvalidSecurityToken"),
            ]
            for (id, secret, token, code) in cases {
                let refused = try await surface.send(
                    Self.get(Credentials(accessKeyID: id, accessKeySecret: secret, securityToken: token)))
                #expect(refused.status == 403)
                #expect(refused.code == code)
            }
            let hinted = try await surface.send(
                Self.get(Credentials(accessKeyID: key.accessKeyID, accessKeySecret: key.accessKeySecret)))
            #expect(hinted.element("EC") == "0002-00000003")
        }
    }

    @Test func aTemporaryKeyEndsWithItsParent() async throws {
        try await withSurface { surface in
            let key = try await surface.temporaryKey()
            let before = try await surface.send(Self.get(key))
            #expect(before.status == 200)
            let disabled = AccessKey(
                id: TestSurface.accessKeyID, secret: TestSurface.secret, ownerID: "owner", isEnabled: false)
            for keys in [[disabled], []] {
                surface.keys.replace(with: keys)
                let refused = try await surface.send(Self.get(key))
                #expect(refused.code == "InvalidAccessKeyId")
            }
        }
    }

    @Test func aSessionMayDoWhatItsPolicyAndItsParentsBothAllow() async throws {
        let allow = { (resource: String) in
            let statement = #"{"Effect": "Allow", "Action": ["oss:GetObject"], "Resource": "\#(resource)"}"#
            return #"{"Version": "1", "Statement": [\#(statement)]}"#
        }
        try await withSurface { surface in
            _ = try await surface.put("l", "hello")
            let key = try await surface.temporaryKey(policy: allow("acs:oss:*:*:bucket/k"))
            for (target, status) in [("/bucket/k", 200), ("/bucket/l", 403), ("/bucket", 403), ("/", 403)] {
                let found = try await surface.send(Self.get(key, target))
                #expect(found.status == status, "\(target)")
            }
            let written = try await surface.send(
                Call(method: "PUT", target: "/bucket/k", body: [], credentials: key))
            #expect(written.element("EC") == "0003-00000201")
            #expect(written.text.contains("<AuthAction>oss:PutObject</AuthAction>"))
            let parent = try AccessPolicy(json: Array(allow("acs:oss:*:*:bucket/l").utf8), kind: .identity)
            surface.keys.replace(with: [
                AccessKey(id: TestSurface.accessKeyID, secret: TestSurface.secret, ownerID: "owner", policy: parent)
            ])
            let bound = try await surface.send(Self.get(key))
            #expect(bound.status == 403)
        }
    }

    @Test func tokensAreTakenWhereEachSchemeHasThem() async throws {
        try await withSurface { surface in
            let key = try await surface.temporaryKey()
            let presigner = Presigner(
                endpoint: try Endpoint("http://127.0.0.1:10724"), region: TestSurface.region, credentials: key)
            let request = Presigner.Request(method: "GET", bucket: try BucketName("bucket"), key: try ObjectKey("k"))
            for url in [
                try presigner.presignV1(request, lifetimeSeconds: 60, nowUnixSeconds: surface.nowUnixSeconds),
                try presigner.presignV4(request, lifetimeSeconds: 60, nowUnixSeconds: surface.nowUnixSeconds),
            ] {
                let target = String(url.url.dropFirst("http://127.0.0.1:10724".count))
                let found = try await surface.send(Call(method: "GET", target: target, isSigned: false))
                #expect(found.text == "hello")
                let token = try #require(key.securityToken)
                let moved = try await surface.send(
                    Call(
                        method: "GET", target: target, headers: [("x-oss-security-token", token.reveal())],
                        isSigned: false))
                #expect(moved.code == "InvalidRequest")
            }
            let signer = RequestSigner(credentials: key, region: TestSurface.region)
            let resource = SignedResource(bucket: try BucketName("bucket"), key: try ObjectKey("k"))
            let headers = signer.signV1(
                SignableRequest(method: "GET", resource: resource), nowUnixSeconds: surface.nowUnixSeconds)
            let found = try await surface.send(
                Call(
                    method: "GET", target: "/bucket/k", headers: headers.map { ($0.name, $0.value) }, isSigned: false))
            #expect(found.text == "hello")
        }
    }
}
