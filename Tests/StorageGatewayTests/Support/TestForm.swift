import OSSKit

/// A form upload as a browser writes it.
struct TestForm {
    static let boundary = "----boundary0123456789"

    var fields: [(String, String)] = []
    var file: String? = "content"
    var filename = "photo.jpg"
    var fileType: String? = "image/jpeg"
    /// Fields behind the file.
    var later: [(String, String)] = []

    /// A signed form that allows what its conditions say.
    static func signed(
        _ scheme: SignatureScheme = .v4Post, at now: Int64, fields: [(String, String)] = [("key", "k")],
        conditions: [PostPolicy.Condition] = [], region: String = TestSurface.region
    ) throws -> TestForm {
        let presigner = try Presigner(
            endpoint: Endpoint("http://127.0.0.1:10724"), region: region,
            credentials: Credentials(accessKeyID: TestSurface.accessKeyID, accessKeySecret: TestSurface.secret))
        let request = Presigner.FormRequest(
            bucket: try BucketName("bucket"), fields: fields.map { PostForm.Field($0.0, $0.1) },
            conditions: conditions)
        let form =
            scheme == .v1Post
            ? try presigner.presignFormV1(request, lifetimeSeconds: 600, nowUnixSeconds: now)
            : try presigner.presignFormV4(request, lifetimeSeconds: 600, nowUnixSeconds: now)
        return TestForm(fields: form.fields.map { ($0.name, $0.value) })
    }

    /// The same form with a field in the place of the one of its name, or one more.
    func with(_ name: String, _ value: String?) -> TestForm {
        var form = self
        form.fields.removeAll { $0.0 == name }
        if let value { form.fields.append((name, value)) }
        return form
    }

    /// The bytes that are sent.
    var body: [UInt8] {
        var text = fields.map { Self.part("name=\"\($0.0)\"", $0.1) }.joined()
        if let file {
            let type = fileType.map { "\r\nContent-Type: \($0)" } ?? ""
            text += Self.part("name=\"file\"; filename=\"\(filename)\"\(type)", file)
        }
        text += later.map { Self.part("name=\"\($0.0)\"", $0.1) }.joined()
        return Array((text + "--\(Self.boundary)--\r\n").utf8)
    }

    private static func part(_ parameters: String, _ content: String) -> String {
        "--\(boundary)\r\nContent-Disposition: form-data; \(parameters)\r\n\r\n\(content)\r\n"
    }

    /// The request that sends it.
    func call(_ headers: [(String, String)] = [], target: String = "/bucket/") -> TestSurface.Call {
        TestSurface.Call(
            method: "POST", target: target,
            headers: [("Content-Type", "multipart/form-data; boundary=\(Self.boundary)")] + headers, body: body,
            isSigned: false)
    }
}
