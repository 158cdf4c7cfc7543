import OSSKit
import Testing

/// The code of the article `Presigning`, word for word; `make lint` compares them.
@Suite struct PresigningArticleTests {
    private let now: Int64 = 1_744_353_684

    @Test func theArticleIsTrue() throws {
        let presigner = Presigner(
            endpoint: try Endpoint("https://oss-cn-hangzhou.aliyuncs.com"), region: "cn-hangzhou",
            credentials: Credentials(accessKeyID: "LTAI5tExample", accessKeySecret: Secret("a secret")))
        let download = Presigner.Request(
            method: "GET", bucket: try BucketName("homework"), key: try ObjectKey("2025/essay 1.pdf"))
        let url = try presigner.presignV4(download, lifetimeSeconds: 900, nowUnixSeconds: now)
        #expect(url.url.hasPrefix("https://homework.oss-cn-hangzhou.aliyuncs.com/2025/essay%201.pdf?"))
        #expect("\(url)" == "<redacted>")

        let upload = Presigner.Request(
            method: "PUT", bucket: try BucketName("homework"), key: try ObjectKey("2025/essay 1.pdf"),
            headers: [
                WireHeader("Content-Type", "application/pdf"),
                WireHeader("Content-Length", "48213"),
                WireHeader("Content-MD5", "5B3C1A2E053D763E1B002CC607C5A0FE"),
                WireHeader("x-oss-forbid-overwrite", "true"),
            ])
        let link = try presigner.presignV4(upload, lifetimeSeconds: 300, nowUnixSeconds: now)
        let sendAlong = link.requiredHeaders
        #expect(sendAlong == upload.headers)
        #expect(throws: SigningError.headerNotCovered(name: "Content-Length")) {
            try presigner.presignV1(upload, lifetimeSeconds: 300, nowUnixSeconds: now)
        }

        var overrides = Presigner.Request.ResponseOverrides()
        overrides.contentDisposition = #"attachment; filename="essay.pdf""#
        let named = download.overriding(overrides)
        let small = download.processing("image/resize,w_100")
        let slow = try download.limitingTraffic(bitsPerSecond: 819_200)
        let tags = download.with("tagging")
        let parameters = [named, small, slow, tags].flatMap(\.query).map(\.name)
        let wanted = ["response-content-disposition", "x-oss-process", "x-oss-traffic-limit", "tagging"]
        #expect(parameters == wanted)

        let form = try presigner.presignFormV4(
            Presigner.FormRequest(
                bucket: try BucketName("homework"), fields: [PostForm.Field("key", "2025/essay 1.pdf")],
                conditions: [.contentLength(1...10_000_000)]),
            lifetimeSeconds: 300, nowUnixSeconds: now)
        #expect(form.fields.contains { $0.name == "policy" })

        let explanation = try PresignedURL.explain(link.url, method: "PUT", nowUnixSeconds: now)
        let open = explanation.unbound
        #expect(open.contains("the body"))
        #expect(!open.contains("the header content-length"))
    }

    @Test func theEndpointsAreAddressedAsTheArticleSays() throws {
        let local = try Endpoint("http://127.0.0.1:10724")
        let own = try Endpoint("https://files.example.com", style: .cname)
        let inside = try Endpoint("oss-cn-hangzhou-internal.aliyuncs.com")
        let styles = [local, own, inside].map(\.style)
        #expect(styles == [.path, .cname, .virtualHost])
    }

    @Test func halfASignatureIsRefused() throws {
        let target = try RequestTarget("/homework/essay.pdf?x-oss-date=20250411T064124Z")
        let request = WireRequest(method: "GET", scheme: "https", host: "localhost", target: target, headers: [])
        let conditions = RequestAuthentication.Conditions(region: "cn-hangzhou", nowUnixSeconds: now)
        let read = {
            try RequestAuthentication.read(request, resource: target.pathStyleResource(), conditions: conditions)
        }
        #expect(throws: OSSError.self) { try read() }
    }
}
