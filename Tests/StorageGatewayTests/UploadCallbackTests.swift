import OSSKit
import StorageGateway
import Synchronization
import Testing

/// The application is told of the upload in the words of the template, and its answer becomes the upload's.
@Suite struct UploadCallbackTests {
    /// Answers callbacks as told, and keeps them.
    final class Sender: CallbackSender {
        let requests = Mutex<[CallbackRequest]>([])
        private let answers: Mutex<[Result<CallbackAnswer, CallbackFailure>]>

        init(_ answers: [Result<CallbackAnswer, CallbackFailure>]) { self.answers = Mutex(answers) }

        func publicKeyPEM() async throws -> String { "PEM" }
        func signature(of bytes: [UInt8]) async throws -> [UInt8] { MD5Digest.of(bytes) }

        func send(_ request: CallbackRequest) async throws -> CallbackAnswer {
            requests.withLock { $0.append(request) }
            return try answers.withLock { $0.isEmpty ? .failure(.unreachable) : $0.removeFirst() }.get()
        }

        var bodies: [String] { requests.withLock { $0.map { String(decoding: $0.body, as: UTF8.self) } } }
    }

    private static let good = Result<CallbackAnswer, CallbackFailure>.success(
        CallbackAnswer(status: 200, body: Array(#"{"Status":"OK"}"#.utf8)))

    private func with(
        _ answers: [Result<CallbackAnswer, CallbackFailure>], hosts: [String] = [],
        _ body: (TestSurface, Sender) async throws -> Void
    ) async throws {
        let sender = Sender(answers)
        let surface = try await TestSurface(callbacks: sender, callbackHosts: hosts)
        do {
            try await body(surface, sender)
        } catch {
            try? await surface.close()
            throw error
        }
        try await surface.close()
    }

    private static func parameter(_ json: String) -> String { Base64.encode(Array(json.utf8)) }

    private static func callback(
        url: String = "http://example.com/cb?a=b", body: String, type: String? = nil
    ) -> String {
        let type = type.map { #","callbackBodyType":"\#($0)""# } ?? ""
        return parameter(#"{"callbackUrl":"\#(url)","callbackBody":"\#(body)"\#(type)}"#)
    }

    @Test func theTemplateIsFilledInAsAForm() async throws {
        try await with([Self.good]) { surface, sender in
            let body = "b=${bucket}&o=${object}&e=${etag}&s=${size}&m=${mimeType}&x=${x:who}&u=${unknown}&$&${"
            let answer = try await surface.put(
                "dir/a%20b", "hello",
                [
                    ("x-oss-callback", Self.callback(body: body)), ("Content-Type", "text/plain"),
                    ("x-oss-callback-var", Self.parameter(#"{"x:who":"a&b=ü"}"#)),
                ])
            #expect(answer.status == 200)
            #expect(answer.text == #"{"Status":"OK"}"#)
            #expect(answer.header("Content-Type") == "application/json")
            #expect(answer.header("ETag") == "\"5D41402ABC4B2A76B9719D911017C592\"")
            let wanted =
                "b=bucket&o=dir%2Fa%20b&e=5D41402ABC4B2A76B9719D911017C592&s=5&m=text%2Fplain&x=a%26b%3D%C3%BC&u=&$&${"
            #expect(sender.bodies == [wanted])
        }
    }

    @Test func theTemplateIsFilledInAsJSON() async throws {
        try await with([Self.good]) { surface, sender in
            let callback = Self.callback(
                body: #"{\"o\":${object},\"s\":${size},\"op\":${operation},\"n\":${x:n}}"#, type: "application/json")
            _ = try await surface.put(
                "a%22b", "hi",
                [("x-oss-callback", callback), ("x-oss-callback-var", Self.parameter(#"{"x:n":"1"}"#))])
            #expect(sender.bodies == [#"{"o":"a\"b","s":2,"op":"PutObject","n":"1"}"#])
        }
    }

    @Test func theCallbackIsSignedOverItsTargetAndBody() async throws {
        try await with([Self.good]) { surface, sender in
            _ = try await surface.put(
                "k", "hi", [("x-oss-callback", Self.callback(url: "https://example.com/a%20b?c=%20", body: "x"))])
            let request = try #require(sender.requests.withLock { $0.first })
            func header(_ name: String) -> String? { request.headers.first { $0.isNamed(name) }?.value }
            let signed = Array("/a b?c=%20\nx".utf8)
            #expect(header("Authorization") == Base64.encode(MD5Digest.of(signed)))
            let url = Self.parameter("http://127.0.0.1:10724/_callback/public-key.pem")
            #expect(header("x-oss-pub-key-url") == url)
            #expect(header("Content-MD5") == Base64.encode(MD5Digest.of(Array("x".utf8))))
            #expect(header("Content-Type") == "application/x-www-form-urlencoded")
            #expect(header("Host") == "example.com")
            #expect(request.address.port == 443)
            let key = try await surface.send(
                TestSurface.Call(method: "GET", target: "/_callback/public-key.pem", isSigned: false))
            #expect(key.status == 200)
            #expect(key.text == "PEM")
        }
    }

    @Test(arguments: [
        (Result<CallbackAnswer, CallbackFailure>.success(CallbackAnswer(status: 502, body: [])), "Error status : 502."),
        (.success(CallbackAnswer(status: 302, body: Array("{}".utf8))), "Error status : 302."),
        (.success(CallbackAnswer(status: 200, body: Array("<html>".utf8))), "Response body is not valid json format."),
        (.success(CallbackAnswer(status: 200, body: [])), "Response body is not valid json format."),
        (
            .failure(.unreachable),
            "Error status : -1.OSS can not connect to your callbackUrl, please check it."
        ),
        (.failure(.forbidden), "Error status : -1.OSS can not connect to your callbackUrl, please check it."),
        (.failure(.answerTooLong), "The length of the response body exceeds the limit."),
    ])
    func aFailedCallbackLeavesTheObjectAndIs203(
        answer: Result<CallbackAnswer, CallbackFailure>, message: String
    ) async throws {
        try await with([answer]) { surface, _ in
            let found = try await surface.put("k", "hi", [("x-oss-callback", Self.callback(body: "x"))])
            #expect(found.status == 203)
            #expect(found.element("Code") == "CallbackFailed")
            #expect(found.element("EC") == "0007-00000203")
            #expect(found.element("Message") == message)
            let stored = try await surface.send(TestSurface.Call(method: "GET", target: "/bucket/k"))
            #expect(stored.text == "hi")
        }
    }

    @Test func addressesAreTriedInOrder() async throws {
        try await with([.failure(.unreachable), .success(CallbackAnswer(status: 500, body: [])), Self.good]) {
            surface, sender in
            let urls = "http://a.example;b.example/x;https://c.example:8443;http://d.example"
            let found = try await surface.put("k", "hi", [("x-oss-callback", Self.callback(url: urls, body: "x"))])
            #expect(found.status == 200)
            let hosts = sender.requests.withLock { $0.map(\.address.authority) }
            #expect(hosts == ["a.example", "b.example", "c.example:8443"])
        }
    }

    @Test func everyKindOfUploadCallsBack() async throws {
        try await with([Self.good, Self.good, Self.good]) { surface, sender in
            let callback = Self.callback(body: "${operation} ${object} ${x:a}")
            let query = "callback=\(PercentCoding.encode(callback))"
            let put = try await surface.send(
                TestSurface.Call(method: "PUT", target: "/bucket/k?\(query)", body: Array("x".utf8)))
            #expect(put.status == 200)
            let form = try TestForm.signed(at: surface.nowUnixSeconds).with("callback", callback).with("x:a", "b")
            let posted = try await surface.send(form.call())
            #expect(posted.status == 200)
            #expect(posted.text == #"{"Status":"OK"}"#)
            let begun = try await surface.send(TestSurface.Call(method: "POST", target: "/bucket/m?uploads"))
            let upload = try #require(begun.element("UploadId"))
            _ = try await surface.send(
                TestSurface.Call(
                    method: "PUT", target: "/bucket/m?partNumber=1&uploadId=\(upload)", body: Array("x".utf8)))
            let completed = try await surface.send(
                TestSurface.Call(
                    method: "POST", target: "/bucket/m?uploadId=\(upload)",
                    headers: [("x-oss-complete-all", "yes"), ("x-oss-callback", callback)]))
            #expect(completed.status == 200)
            #expect(completed.text == #"{"Status":"OK"}"#)
            #expect(sender.bodies == ["PutObject k ", "PostObject k b", "CompleteMultipartUpload m "])
        }
    }

    @Test(arguments: [
        ("not base64!", "The callback configuration is not base64 encoded."),
        (parameter("not json"), "The callback configuration is not json format."),
        (parameter("[]"), "The callback configuration is not json format."),
        (parameter(#"{"callbackBody":"x"}"#), "The callback url configuration is invalid."),
        (callback(url: "ftp://example.com", body: "x"), "The callback url configuration is invalid."),
        (callback(url: "http://user@example.com", body: "x"), "The callback url configuration is invalid."),
        (callback(url: "http://example.com:0", body: "x"), "The callback url configuration is invalid."),
        (callback(url: "http://exa mple.com", body: "x"), "The callback url configuration is invalid."),
        (callback(url: "", body: "x"), "The callback url configuration is invalid."),
        (callback(url: "a;b;c;d;e;f", body: "x"), "The number of callback url exceed max value."),
        (parameter(#"{"callbackUrl":"http://example.com"}"#), "The callback body is empty."),
        (callback(body: ""), "The callback body is empty."),
        (callback(body: "x", type: "text/plain"), "The callback body type configuration is invalid."),
        (
            parameter(#"{"callbackUrl":"http://example.com","callbackBody":"x","callbackHost":"a b"}"#),
            "The callback host configuration is invalid."
        ),
        (callback(body: String(repeating: "a", count: 5_000)), "The length of callback exceed max value."),
        (callback(url: "http://127.0.0.1/", body: "x"), "Private address is forbidden to callback."),
        (callback(url: "http://localhost:80/", body: "x"), "Private address is forbidden to callback."),
        (callback(url: "http://10.1.2.3/", body: "x"), "Private address is forbidden to callback."),
        (callback(url: "http://169.254.169.254/latest", body: "x"), "Private address is forbidden to callback."),
        (callback(url: "http://[::1]/", body: "x"), "Private address is forbidden to callback."),
        (callback(url: "http://[::ffff:10.0.0.1]/", body: "x"), "Private address is forbidden to callback."),
        (callback(url: "http://a.example;http://192.168.0.1", body: "x"), "Private address is forbidden to callback."),
    ])
    func aBadCallbackIsRefusedBeforeAnythingIsStored(parameter: String, message: String) async throws {
        try await with([Self.good]) { surface, sender in
            let found = try await surface.put("k", "hi", [("x-oss-callback", parameter)])
            #expect(found.status == 400)
            #expect(found.element("Code") == "InvalidArgument")
            #expect(found.element("Message") == message)
            #expect(sender.bodies.isEmpty)
            let stored = try await surface.send(TestSurface.Call(method: "GET", target: "/bucket/k"))
            #expect(stored.status == 404)
        }
    }

    @Test(arguments: ["{}x", #"{"who":"a"}"#, #"{"x:a":1}"#, "[]"])
    func badVariablesAreRefused(json: String) async throws {
        try await with([Self.good]) { surface, _ in
            let found = try await surface.put(
                "k", "hi",
                [("x-oss-callback", Self.callback(body: "x")), ("x-oss-callback-var", Self.parameter(json))])
            #expect(found.status == 400)
        }
    }

    @Test func aCallbackIsGivenInOneWay() async throws {
        try await with([Self.good]) { surface, _ in
            let callback = Self.callback(body: "x")
            let found = try await surface.send(
                TestSurface.Call(
                    method: "PUT", target: "/bucket/k?callback=\(PercentCoding.encode(callback))",
                    headers: [("x-oss-callback", callback)], body: []))
            #expect(found.status == 400)
            let variables = try await surface.put("k", "", [("x-oss-callback-var", Self.parameter("{}"))])
            #expect(variables.status == 400)
        }
    }

    @Test func aNamedHostMayBeCalledWhereverItIs() async throws {
        try await with([Self.good, Self.good], hosts: ["127.0.0.1", "localhost"]) { surface, _ in
            for url in ["http://127.0.0.1:1/", "http://LOCALHOST:1/"] {
                let found = try await surface.put("k", "hi", [("x-oss-callback", Self.callback(url: url, body: "x"))])
                #expect(found.status == 200)
            }
        }
    }

    @Test(arguments: [
        "0.0.0.0", "10.0.0.1", "100.64.0.1", "127.0.0.1", "169.254.1.1", "172.16.0.1", "172.31.255.255", "192.168.1.1",
        "192.0.2.1", "198.18.0.1", "203.0.113.9", "224.0.0.1", "255.255.255.255", "::", "::1", "::ffff:8.8.8.8",
        "fe80::1", "fc00::1", "ff02::1", "64:ff9b::a00:1", "2001:db8::1", "2002:a00:1::", "2001::1", "nonsense", "",
    ])
    func anAddressOfNoPublicNetworkIsForbidden(address: String) {
        let isAllowed = CallbackHosts(allowed: ["other"]).allows(address, of: "example.com")
        #expect(!isAllowed)
    }

    @Test(arguments: ["8.8.8.8", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "2001:4860::8888"])
    func aPublicAddressIsAllowed(address: String) {
        let isAllowed = CallbackHosts(allowed: []).allows(address, of: "example.com")
        #expect(isAllowed)
    }

    @Test func aSurfaceWithoutSenderRefuses() async throws {
        let surface = try await TestSurface()
        let found = try await surface.put("k", "hi", [("x-oss-callback", Self.callback(body: "x"))])
        #expect(found.element("Code") == "NotImplemented")
        try await surface.close()
    }
}
