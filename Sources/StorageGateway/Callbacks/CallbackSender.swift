import OSSKit

/// Sends callbacks into the world, and signs them so that applications know where they come from.
package protocol CallbackSender: Sendable {
    /// The public key that belongs to the signatures, as PEM.
    func publicKeyPEM() async throws -> String

    /// The RSA signature of bytes, as PKCS #1 v1.5 has it with MD5.
    func signature(of bytes: [UInt8]) async throws -> [UInt8]

    /// Sends one request and reads its answer; nothing is sent again.
    ///
    /// - Throws: `CallbackFailure`.
    func send(_ request: CallbackRequest) async throws -> CallbackAnswer
}

/// A callback on its way to one address.
package struct CallbackRequest: Sendable {
    /// Where it goes.
    package let address: CallbackAddress
    /// The headers, `Host` among them.
    package let headers: [WireHeader]
    /// The body.
    package let body: [UInt8]
}

/// What an application answered.
package struct CallbackAnswer: Sendable {
    /// The HTTP status.
    package let status: Int
    /// The body.
    package let body: [UInt8]

    /// Makes an answer.
    package init(status: Int, body: [UInt8]) {
        self.status = status
        self.body = body
    }
}

/// Why a callback had no answer.
package enum CallbackFailure: Error, Sendable {
    /// Nobody could be reached, or nobody answered in time.
    case unreachable
    /// The address leads into a network that the server does not let callbacks into.
    case forbidden
    /// The answer is longer than an answer may be.
    case answerTooLong
}
