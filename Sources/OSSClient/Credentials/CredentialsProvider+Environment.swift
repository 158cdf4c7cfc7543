import OSSKit

extension CredentialsProvider {
    /// The names of the environment variables that official clients read.
    public enum EnvironmentName {
        /// The access key ID.
        public static let accessKeyID = "OSS_ACCESS_KEY_ID"
        /// The access key secret.
        public static let accessKeySecret = "OSS_ACCESS_KEY_SECRET"
        /// The security token of a temporary access key.
        public static let securityToken = "OSS_SESSION_TOKEN"
    }

    /// Takes the access key from environment variables, anew for each request.
    ///
    /// - Parameter variable: the value of an environment variable; nil or empty if it is not set.
    /// - Throws: each request throws `CredentialsError.noCredentials` if ID or secret are not set.
    public static func environment(
        _ variable: @escaping @Sendable (_ name: String) -> String?
    ) -> CredentialsProvider {
        CredentialsProvider {
            let value: (String) -> String? = { name in variable(name).flatMap { $0.isEmpty ? nil : $0 } }
            guard let id = value(EnvironmentName.accessKeyID), let secret = value(EnvironmentName.accessKeySecret)
            else { throw CredentialsError.noCredentials }
            return Credentials(
                accessKeyID: id, accessKeySecret: Secret(secret),
                securityToken: value(EnvironmentName.securityToken).map { Secret($0) })
        }
    }

    /// Asks providers one after another, and takes what the first one gives that has any credentials.
    ///
    /// A provider that has none says so by `CredentialsError.noCredentials`; every other error ends the search, since
    /// a broken file must not lead to another account.
    ///
    /// - Throws: each request throws `CredentialsError.noCredentials` if no provider has any.
    public static func chain(_ providers: [CredentialsProvider]) -> CredentialsProvider {
        .optional {
            for provider in providers {
                do {
                    return try await provider.current()
                } catch CredentialsError.noCredentials {
                    continue
                }
            }
            throw CredentialsError.noCredentials
        }
    }
}
