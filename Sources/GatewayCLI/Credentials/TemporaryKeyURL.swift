import AsyncHTTPClient
import Foundation
import NIOCore
import OSSClient
import OSSKit

/// A URL that answers temporary access keys, as the metadata service of a machine with a RAM role does.
///
/// The answer is JSON with `AccessKeyId`, `AccessKeySecret`, `SecurityToken` and `Expiration`. Source: A-177.
struct TemporaryKeyURL: Sendable {
    /// The longest answer that is read, in bytes.
    private static let answerBytes = 65_536

    /// The URL, which an operator configured.
    let url: String

    /// Asks for an access key.
    ///
    /// - Throws: `CredentialsError.unreadable`, without what the answer held.
    func fetch() async throws -> TemporaryCredentials {
        let bytes: [UInt8]
        do {
            let answer = try await HTTPClient.shared.execute(HTTPClientRequest(url: url), timeout: .seconds(5))
            guard answer.status == .ok else {
                throw CredentialsError.unreadable(reason: "the URL answers with status \(answer.status.code)")
            }
            bytes = Array(try await answer.body.collect(upTo: Self.answerBytes).readableBytesView)
        } catch let error as CredentialsError {
            throw error
        } catch {
            throw CredentialsError.unreadable(reason: "the URL does not answer")
        }
        return try Self.credentials(in: bytes)
    }

    /// Reads an answer.
    ///
    /// - Throws: `CredentialsError.unreadable`.
    static func credentials(in bytes: [UInt8]) throws(CredentialsError) -> TemporaryCredentials {
        guard let answer = try? JSONDecoder().decode(Answer.self, from: Data(bytes)),
            let endsAt = ISO8601.parse(answer.Expiration)
        else { throw .unreadable(reason: "the URL does not answer a temporary access key") }
        return TemporaryCredentials(
            Credentials(
                accessKeyID: answer.AccessKeyId, accessKeySecret: Secret(answer.AccessKeySecret),
                securityToken: answer.SecurityToken.flatMap { $0.isEmpty ? nil : Secret($0) }),
            expiresAtUnixSeconds: endsAt / 1_000)
    }

    /// The names of the metadata service.
    private struct Answer: Decodable {
        let AccessKeyId: String
        let AccessKeySecret: String
        let SecurityToken: String?
        let Expiration: String
    }
}
