import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import NIOPosix
import OSSKit
import StorageGateway

/// Sends callbacks over HTTP, to addresses that were judged after their names were looked up.
struct CallbackClient: CallbackSender {
    /// How long one application may take, from the look-up of its name to the end of its answer.
    private static let timeout = TimeAmount.seconds(5)
    /// The longest answer that is handed to the client: 1 MiB.
    private static let answerBytes = 1_024 * 1_024

    private let keyFile: CallbackKeyFile
    private let hosts: CallbackHosts

    /// Takes the key's file, and which hosts may be called.
    init(keyFile: CallbackKeyFile, hosts: CallbackHosts) {
        self.keyFile = keyFile
        self.hosts = hosts
    }

    func publicKeyPEM() async throws -> String {
        try await keyFile.key().publicKeyPEM
    }

    func signature(of bytes: [UInt8]) async throws -> [UInt8] {
        try await keyFile.key().signature(of: bytes)
    }

    func send(_ request: CallbackRequest) async throws -> CallbackAnswer {
        let deadline = NIODeadline.now() + Self.timeout
        let ipAddress = try await ipAddress(of: request.address)
        // The name was looked up and judged here: the connection goes to that address and to no other.
        var configuration = HTTPClient.Configuration(
            redirectConfiguration: .disallow,
            timeout: .init(connect: Self.timeout, read: Self.timeout, write: Self.timeout))
        configuration.dnsOverride = [request.address.host: ipAddress]
        configuration.httpVersion = .http1Only
        let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
        let outcome: Result<CallbackAnswer, any Error>
        do {
            outcome = .success(try await exchange(request, client, deadline: deadline))
        } catch {
            outcome = .failure(error)
        }
        try? await client.shutdown()
        return try outcome.get()
    }

    private func exchange(
        _ request: CallbackRequest, _ client: HTTPClient, deadline: NIODeadline
    ) async throws -> CallbackAnswer {
        let address = request.address
        let scheme = address.isEncrypted ? "https" : "http"
        var call = HTTPClientRequest(url: "\(scheme)://\(address.authority)\(address.target)")
        call.method = .POST
        for header in request.headers { call.headers.add(name: header.name, value: header.value) }
        call.body = .bytes(ByteBuffer(bytes: request.body))
        do {
            let answer = try await client.execute(call, deadline: deadline)
            let body = try await answer.body.collect(upTo: Self.answerBytes)
            return CallbackAnswer(status: Int(answer.status.code), body: Array(body.readableBytesView))
        } catch is NIOTooManyBytesError {
            throw CallbackFailure.answerTooLong
        } catch {
            throw CallbackFailure.unreachable
        }
    }

    /// Looks a host up; every address that it has must be an allowed one.
    private func ipAddress(of address: CallbackAddress) async throws -> String {
        let (host, port) = (address.host, address.port)
        let found = try? await NIOThreadPool.singleton.runIfActive { Self.ipAddresses(of: host, port: port) }
        guard let found, let first = found.first else { throw CallbackFailure.unreachable }
        guard found.allSatisfy({ hosts.allows($0, of: host) }) else { throw CallbackFailure.forbidden }
        return first
    }

    private static func ipAddresses(of host: String, port: Int) -> [String] {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(host, String(port), &hints, &list) == 0 else { return [] }
        defer { freeaddrinfo(list) }
        var addresses: [String] = []
        var next = list
        while let entry = next {
            var text = [CChar](repeating: 0, count: Int(NI_MAXHOST))
            let status = getnameinfo(
                entry.pointee.ai_addr, entry.pointee.ai_addrlen, &text, socklen_t(text.count), nil, 0, NI_NUMERICHOST)
            let bytes = text.prefix { $0 != 0 }.map { UInt8(truncatingIfNeeded: $0) }
            if status == 0 { addresses.append(String(decoding: bytes, as: UTF8.self)) }
            next = entry.pointee.ai_next
        }
        return addresses
    }
}
