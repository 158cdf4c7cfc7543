import Foundation
import HTTPFront
import OSSKit
import StorageGateway

/// Words the connection guard's refusals in the terms of each API.
enum FrontRefusals {
    /// As an OSS error document.
    static func oss(_ refusal: FrontRefusal) -> FrontRefusalBody {
        let isOverload = refusal == .overloaded
        let error = OSSError(isOverload ? .serviceUnavailable : .invalidRequest, message: refusal.message)
        let now = SystemEnvironment.nowMilliseconds() / 1_000
        let requestID = RequestID(unixSeconds: now, random: SystemEnvironment.randomBits()).description
        let document = ErrorDocument.write(error, requestID: requestID, hostID: "")
        return FrontRefusalBody(
            contentType: "application/xml",
            headers: [
                ("Server", "AliyunOSS"), ("Date", HTTPDate.format(unixSeconds: now)),
                ("x-oss-request-id", requestID),
            ] + (isOverload ? [retryAfter] : []),
            text: document)
    }

    /// As the session API's error envelope.
    static func api(_ refusal: FrontRefusal) -> FrontRefusalBody {
        let now = SystemEnvironment.nowMilliseconds() / 1_000
        let isOverload = refusal == .overloaded
        let code = isOverload ? "UNAVAILABLE" : "VALIDATION_ERROR"
        return FrontRefusalBody(
            contentType: "application/json",
            headers: [("Date", HTTPDate.format(unixSeconds: now)), ("Cache-Control", "no-store")]
                + (isOverload ? [retryAfter] : []),
            text: #"{"error":{"code":"\#(code)","message":"\#(refusal.message)"}}"#)
    }

    /// When a client that is one too many may try again.
    private static let retryAfter = (name: "Retry-After", value: "1")
}
