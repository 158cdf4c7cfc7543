import OSSKit
import Testing

/// The examples of Alibaba Cloud's own pages on both signatures.
@Suite struct RPCSignatureTests {
    @Test func theExampleOfThePageOnRPCIsReproduced() {
        let parameters = [
            QueryItem("Timestamp", "2016-02-23T12:46:24Z"), QueryItem("Format", "XML"),
            QueryItem("AccessKeyId", "testid"), QueryItem("Action", "DescribeRegions"),
            QueryItem("SignatureMethod", "HMAC-SHA1"), QueryItem("Signature", "is not signed"),
            QueryItem("SignatureNonce", "3ee8c1b8-83d3-44af-a94f-4e0ad82fd6cf"), QueryItem("Version", "2014-05-26"),
            QueryItem("SignatureVersion", "1.0"),
        ]
        let text = RPCSignature.stringToSign(method: "GET", parameters: parameters)
        let found = RPCSignature.signature(of: text, with: Secret("testsecret"))
        #expect(found == "OLeaidS1JvxuMvnyHOwuJ+uX5qY=")
    }

    @Test func theExampleOfThePageOnV3IsReproduced() throws {
        let headers = [
            WireHeader("x-acs-action", "RunInstances"),
            WireHeader("x-acs-content-sha256", ACS3Signature.digest(of: [])),
            WireHeader("x-acs-date", "2023-10-26T10:22:32Z"), WireHeader("x-acs-version", "2014-05-26"),
            WireHeader("x-acs-signature-nonce", "3156853299f313e23d1673dc12e1703d"),
        ]
        let target = try RequestTarget(
            "/?ImageId=win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd&RegionId=cn-shanghai")
        let request = WireRequest(
            method: "POST", scheme: "https", host: "ecs.cn-shanghai.aliyuncs.com", target: target, headers: headers)
        let text = ACS3Signature.stringToSign(
            request, signedHeaders: ["host"] + headers.map(\.name).sorted(), body: [])
        let found = ACS3Signature.signature(of: text, with: Secret("YourAccessKeySecret"))
        #expect(found == "06563a9e1b43f5dfe96b81484da74bceab24a1d853912eee15083a6f0f3283c0")
    }

    @Test(arguments: [
        "", "ACS3-HMAC-SHA256", "ACS3-HMAC-SHA256 Credential=a", "OSS a:b",
        "ACS3-HMAC-SHA256 Credential=a,SignedHeaders=host,Signature=x,Signature=y",
    ])
    func whatIsNoHeaderOfV3IsNone(_ text: String) {
        #expect(ACS3Signature.Presented(authorization: text) == nil)
    }
}
