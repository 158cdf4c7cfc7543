import Foundation
import OSSClient
import OSSKit

/// How the bucket of workspace files is reached: all that makes one store profile another.
struct WorkspaceConfiguration: Sendable {
    /// Where the access key comes from.
    enum Source: Sendable, Equatable {
        /// The environment or the configuration file, or the data folder of the built-in store.
        case key
        /// A file that is read again whenever it has changed.
        case file(path: String)
        /// A URL that answers temporary access keys, as the metadata service of a machine does.
        case url(String)
    }

    /// How the bucket is addressed at the endpoint that this process uses; nil follows from the endpoint.
    let style: Endpoint.Style?
    /// How the bucket is addressed at the public endpoint; nil for the same.
    let publicStyle: Endpoint.Style?
    /// How requests and URLs are signed.
    let signatureVersion: OSSClient.SignatureVersion
    /// Where the access key comes from.
    let credentials: Source
    /// The security token of a temporary access key that does not change; nil for a lasting key.
    let securityToken: Secret?
    /// The origins of web pages that may upload and call the API; nil if nobody said.
    let allowedOrigins: [String]?

    /// Whether a URL can bind the length of what is uploaded with it.
    var bindsLength: Bool { signatureVersion == .v4 }
    /// Whether nothing is set that only another store has.
    var isUsual: Bool { style == nil && publicStyle == nil && credentials == .key && securityToken == nil }

    /// Reads the options.
    ///
    /// - Throws: `ConfigurationProblem`, naming the option.
    init(_ options: OptionReader) async throws {
        style = try await Self.style(.ossAddressing, options)
        publicStyle = try await Self.style(.ossPublicAddressing, options)
        signatureVersion = try await ServeConfiguration.checked(.ossSignature, options, "v4 or v1") {
            OSSClient.SignatureVersion(rawValue: $0)
        }
        let file = try await options.text(.ossCredentialsFile)
        let url = try await options.text(.ossCredentialsURL)
        guard file == nil || url == nil else {
            throw ConfigurationProblem(
                option: ServeOption.ossCredentialsFile.displayName,
                reason: "it and --oss-credentials-url exclude each other")
        }
        if let url {
            guard let parsed = URL(string: url), ["http", "https"].contains(parsed.scheme), parsed.host != nil else {
                throw ConfigurationProblem(
                    option: ServeOption.ossCredentialsURL.displayName, reason: "it is not an http or https URL")
            }
        }
        credentials = file.map { .file(path: $0) } ?? url.map { .url($0) } ?? .key
        securityToken = try await options.text(.ossSecurityToken).map { Secret($0) }
        allowedOrigins = try await Self.origins(options)
    }

    private static func style(_ option: ServeOption, _ options: OptionReader) async throws -> Endpoint.Style? {
        try await ServeConfiguration.checked(option, options, "auto, virtual-host, path or cname") { text in
            text == "auto" ? .some(nil) : Endpoint.Style(rawValue: text).map { .some($0) }
        }
    }

    private static func origins(_ options: OptionReader) async throws -> [String]? {
        guard try await options.text(.allowedOrigins) != nil else { return nil }
        let origins: [String] = try await ServeConfiguration.checked(
            .allowedOrigins, options, "*, or origins such as https://app.example.com, separated by commas"
        ) { text in
            let origins = text.split(separator: ",").map { String($0.filter { $0 != " " }) }
            let areOrigins = origins.allSatisfy { $0 == "*" || Self.isOrigin($0) }
            return areOrigins && !origins.isEmpty && origins.count <= 64 ? origins : nil
        }
        return origins
    }

    /// Whether a text is a scheme, a host and maybe a port, as browsers write them.
    private static func isOrigin(_ text: String) -> Bool {
        guard let separator = text.range(of: "://"), !text.hasSuffix("/") else { return false }
        let (scheme, rest) = (text[..<separator.lowerBound], text[separator.upperBound...])
        let isScheme = !scheme.isEmpty && scheme.utf8.allSatisfy(ServeConfiguration.isLabelByte)
        let isHost = rest.utf8.allSatisfy {
            ServeConfiguration.isLabelByte($0) || [UInt8(ascii: "."), UInt8(ascii: ":"), 0x5B, 0x5D].contains($0)
        }
        return isScheme && isHost && !rest.isEmpty
    }
}
