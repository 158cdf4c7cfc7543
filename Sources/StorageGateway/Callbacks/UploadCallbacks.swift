import Hummingbird
import NIOCore
import OSSKit
import ObjectStore

/// What a client asked to be told about an upload, checked before its first byte is taken.
///
/// Source: oss-wire fact 13; what is left open there is assumption A-110.
struct RequestedCallback: Sendable {
    private let callback: UploadCallback
    private let operation: String

    /// Reads the headers or the parameters of an upload; nil if it asks for no callback.
    ///
    /// - Throws: `InvalidArgument`; `NotImplemented` if this server sends none.
    init?(_ call: OSSCall, operation: String) throws(OSSError) {
        let names = (header: ["x-oss-callback", "x-oss-callback-var"], query: ["callback", "callback-var"])
        let headers = names.header.map { call.header($0) }
        let parameters = names.query.map { call.request.target.value(of: $0) }
        guard headers.allSatisfy({ $0 == nil }) || parameters.allSatisfy({ $0 == nil }) else {
            throw OSSError(
                .invalidArgument,
                message: "Either the callback query string parameter or the x-oss-callback header should be specified,"
                    + " not both.", fields: [("ArgumentName", "callback")])
        }
        guard let parameter = headers[0] ?? parameters[0] else {
            guard headers[1] == nil, parameters[1] == nil else {
                throw OSSError(
                    .invalidArgument, message: "The callback url configuration is invalid.",
                    fields: [("ArgumentName", "callback")])
            }
            return nil
        }
        try self.init(
            UploadCallback(parameter: parameter, variables: headers[1] ?? parameters[1]), call, operation: operation)
    }

    /// Takes a callback that was read elsewhere, such as from a form.
    ///
    /// - Throws: as the other.
    init(_ callback: UploadCallback, _ call: OSSCall, operation: String) throws(OSSError) {
        guard call.callbacks != nil else {
            throw OSSError(.notImplemented, fields: [("Header", "x-oss-callback")])
        }
        try call.configuration.callbackHosts.check(callback)
        self.callback = callback
        self.operation = operation
    }

    /// Tells the application of a stored object, and its answer to the client.
    ///
    /// - Parameter answer: what the client is answered without a callback; its headers stay.
    /// - Throws: `CallbackFailed`, with the object in its place.
    func completing(_ answer: OSSAnswer, of object: ObjectRecord, _ call: OSSCall) async throws -> OSSAnswer {
        guard let sender = call.callbacks else { return answer }
        let body = callback.body(values: values(of: object, call))
        var failure = Self.refusal("Error status : -1.OSS can not connect to your callbackUrl, please check it.")
        for address in callback.urls.compactMap({ CallbackAddress($0) }) {
            do {
                let reply = try await sender.send(request(to: address, body: body, call, sender))
                guard reply.status == 200 else {
                    failure = Self.refusal("Error status : \(reply.status).")
                    continue
                }
                guard UploadCallback.isJSON(reply.body) else {
                    failure = Self.refusal("Response body is not valid json format.")
                    continue
                }
                let headers = answer.headers.filter { $0.name != "Content-Type" && $0.name != "Location" }
                return OSSAnswer(
                    headers: headers + [("Content-Type", "application/json")],
                    body: ResponseBody(byteBuffer: ByteBuffer(bytes: reply.body)))
            } catch CallbackFailure.answerTooLong {
                failure = Self.refusal("The length of the response body exceeds the limit.")
            } catch is CallbackFailure {
                call.logger().info("a callback had no answer")
            }
        }
        throw failure
    }

    private static func refusal(_ message: String) -> OSSError { OSSError(.callbackFailed, message: message) }

    private func values(of object: ObjectRecord, _ call: OSSCall) -> [String: UploadCallback.Value] {
        [
            "bucket": .text(call.resource.bucket ?? ""), "object": .text(object.key.text), "etag": .text(object.etag),
            "size": .number(object.sizeBytes), "mimeType": .text(object.attributes.contentType ?? ""),
            "crc64": .text(String(object.crc64)),
            "contentMd5": .text(object.entityTag.md5.map { Base64.encode($0) } ?? ""),
            "clientIp": .text(call.origin.clientAddress), "reqId": .text(call.origin.requestID.description),
            "operation": .text(operation),
        ]
    }

    private func request(
        to address: CallbackAddress, body: [UInt8], _ call: OSSCall, _ sender: any CallbackSender
    ) async throws -> CallbackRequest {
        let signature = try await sender.signature(of: address.signedTarget + [UInt8(ascii: "\n")] + body)
        let headers = [
            ("Host", callback.host ?? address.authority),
            ("Date", HTTPDate.format(unixSeconds: call.origin.unixSeconds)),
            ("User-Agent", "storage-gateway"),
            ("Content-Type", callback.bodyType.rawValue),
            ("Content-MD5", Base64.encode(MD5Digest.of(body))),
            ("Authorization", Base64.encode(signature)),
            ("x-oss-pub-key-url", Base64.encode(Array(CallbackPublicKey.url(call).utf8))),
            ("x-oss-request-id", call.origin.requestID.description),
            ("x-oss-bucket", call.resource.bucket ?? ""),
            ("x-oss-requester", call.requester.ownerID),
            ("x-oss-signature-version", "1.0"),
            ("x-oss-tag", "CALLBACK"),
        ]
        return CallbackRequest(address: address, headers: headers.map { WireHeader($0.0, $0.1) }, body: body)
    }
}

/// The public key with which applications check that a callback comes from this server.
///
/// It stands where no bucket can, since the name of none begins so.
enum CallbackPublicKey {
    private static let bucket = "_callback"
    private static let key = "public-key.pem"

    /// Whether a request asks for it.
    static func isAsked(_ request: WireRequest, resource: SignedResource) -> Bool {
        resource.bucket == bucket && resource.key.map { $0.elementsEqual(key.utf8) } ?? false
            && (request.method == "GET" || request.method == "HEAD")
    }

    /// The key; anybody may have it.
    static func answer(_ sender: any CallbackSender) async throws -> OSSAnswer {
        OSSAnswer(
            headers: [("Content-Type", "application/x-pem-file")],
            body: ResponseBody(byteBuffer: ByteBuffer(string: try await sender.publicKeyPEM())))
    }

    /// Where applications find it: at the endpoint that is shown to clients.
    static func url(_ call: OSSCall) -> String {
        "\(call.request.scheme)://\(call.endpoints.extranet)/\(bucket)/\(key)"
    }
}
