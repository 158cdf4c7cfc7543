import AsyncHTTPClient
import OSSClient
import OSSKit
import SessionAPI
import Testing

@Suite struct OSSWorkspaceStorageTests {
    @Test func anUploadIsBoundToSizeTypeAndTime() async throws {
        let upload = try await storage().presignPut(
            UploadTerms(
                key: ObjectKey("user/u/workspace/章 1/a.py"), sizeBytes: 10, contentType: "text/plain", contentMD5: nil,
                lifetimeSeconds: 300))
        #expect(upload.url.hasPrefix("https://files.example/workspace/user/u/workspace/%E7%AB%A0%201/a.py?"))
        for parameter in ["x-oss-additional-headers=content-length", "x-oss-expires=300", "x-oss-signature="] {
            #expect(upload.url.contains(parameter), "\(parameter)")
        }
        let headers = upload.requiredHeaders.map { "\($0.name): \($0.value)" }
        #expect(headers == ["Content-Type: text/plain"])
    }

    @Test func aLinkSavesUnderTheFilesName() async throws {
        let url = try await storage().presignGet(
            ObjectKey("user/u/workspace/c/a.py"), lifetimeSeconds: 60, filename: "章.py")
        #expect(url.contains("response-content-disposition=attachment"))
        #expect(url.contains("%25E7%25AB%25A0.py"))
    }

    @Test func aStoreThatDoesNotAnswerIsNoMissingObject() async throws {
        let storage = try storage()
        await #expect(throws: OSSClientError.self) { _ = try await storage.head(ObjectKey("a")) }
    }

    /// The client of a bucket at a port where nothing listens.
    private func storage() throws -> OSSWorkspaceStorage {
        var configuration = OSSClient.Configuration(
            endpoint: try Endpoint("http://127.0.0.1:1", style: .path),
            publicEndpoint: try Endpoint("https://files.example", style: .path), region: "cn-hangzhou",
            bucket: try BucketName("workspace"))
        configuration.retries.maximumAttempts = 1
        return OSSWorkspaceStorage(
            client: OSSClient(
                configuration: configuration,
                credentials: .fixed(Credentials(accessKeyID: "id", accessKeySecret: Secret("secret"))),
                httpClient: HTTPClient.shared, surroundings: .init(nowUnixSeconds: { 1_790_000_000 })))
    }
}
