import OSSKit

/// Where a client's access key comes from, asked anew for every attempt of every request.
public struct CredentialsProvider: Sendable {
    private var provide: @Sendable () async throws -> Credentials?

    /// Asks for credentials each time, such as temporary ones.
    public init(_ provide: @escaping @Sendable () async throws -> Credentials) {
        self.provide = provide
    }

    /// Asks for credentials each time, and sends requests as they are if there are none.
    static func optional(_ provide: @escaping @Sendable () async throws -> Credentials?) -> CredentialsProvider {
        var provider = anonymous
        provider.provide = provide
        return provider
    }

    private init() {
        provide = { nil }
    }

    /// Gives the same credentials each time.
    public static func fixed(_ credentials: Credentials) -> CredentialsProvider {
        CredentialsProvider { credentials }
    }

    /// Sends requests without a signature, which is enough for what is public.
    public static let anonymous = CredentialsProvider()

    /// The credentials to sign with; nil to send a request as it is.
    func current() async throws -> Credentials? {
        try await provide()
    }
}

/// Why there is no access key to sign with.
public enum CredentialsError: Error, Sendable, Equatable {
    /// No access key was found where the provider looked.
    case noCredentials
    /// The file or the answer with the access key cannot be read; what is wrong with it.
    case unreadable(reason: String)
    /// The temporary access key is over, and a new one cannot be had.
    case expired
}
