import ArgumentParser
import CommandKit
import Foundation
import OSSClient
import OSSKit

/// What every command that talks to a store can be told: where it is, and who asks.
struct StoreOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The endpoint of the store. [OSS_ENDPOINT] (default: that of the region, or http://127.0.0.1:10724)",
            valueName: "url"))
    var endpoint: String?

    @Option(
        help: ArgumentHelp("The region id. [OSS_REGION] (default: the endpoint's, or cn-hangzhou)", valueName: "id"))
    var region: String?

    @Option(
        help: ArgumentHelp(
            "How buckets are addressed: virtual-host, path or cname. (default: path at an IP address and localhost)",
            valueName: "style"))
    var addressing: Endpoint.Style?

    @Option(
        name: [.customLong("signature"), .customLong("scheme")],
        help: ArgumentHelp("How requests are signed. (default: v4)", valueName: "version"))
    var signature: OSSClient.SignatureVersion?

    @Option(
        help: ArgumentHelp(
            "The profile in the configuration file. [OSSUTIL_PROFILE] (default: default)",
            valueName: "name"))
    var profile: String?

    @Option(
        help: ArgumentHelp(
            "A configuration file in the form of ossutil 2. [OSSUTIL_CONFIG_FILE] (default: ~/.ossutilconfig)",
            valueName: "file"))
    var configFile: String?

    @Option(
        help: ArgumentHelp(
            "The data folder of a server on this machine, whose key signs. [GATEWAY_DATA] (default: localdata, if it"
                + " is there)", valueName: "dir"))
    var data: String?

    /// Where the command goes, and who it is there.
    ///
    /// - Parameters:
    ///   - environment: the environment of the process.
    ///   - endpointVariables: the variables that may hold the endpoint.
    ///   - warn: takes what the user should know, in one sentence.
    /// - Throws: `FailureReport`; `FolderProblem`.
    func settings(
        environment: [String: String], endpointVariables: [String] = ["OSS_ENDPOINT"], warn: (String) -> Void
    ) throws -> StoreSettings {
        var sources = StoreSettings.Sources()
        sources.environment = environment
        sources.endpointVariables = endpointVariables
        let hasKey = sources.variable("OSS_ACCESS_KEY_ID") != nil || sources.variable("OSS_ACCESS_KEY_SECRET") != nil
        let namedFolder = data ?? sources.variable(ServeOption.data.environmentName)
        if let namedFolder, !hasKey {
            sources.namedFolderKey = try Self.key(ofFolder: namedFolder, isRequired: true)
        } else {
            sources.profile = try profile(environment: environment, warn: warn)
            if !hasKey {
                sources.foundFolderKey = try Self.key(
                    ofFolder: ServeOption.data.defaultText ?? "", isRequired: false)
            }
        }
        var flags = StoreSettings.Flags()
        flags.endpoint = endpoint
        flags.region = region
        flags.addressing = addressing
        flags.signature = signature
        return try StoreSettings(flags, sources)
    }

    private func profile(environment: [String: String], warn: (String) -> Void) throws -> ProfileFile.Profile? {
        let variable: (String) -> String? = { name in environment[name].flatMap { $0.isEmpty ? nil : $0 } }
        let name = profile ?? variable("OSSUTIL_PROFILE")
        let wantedPath = configFile ?? variable("OSSUTIL_CONFIG_FILE")
        guard let path = wantedPath ?? variable("HOME").map({ $0 + "/.ossutilconfig" }) else { return nil }
        guard let content = try Self.content(ofFile: path, warn: warn) else {
            guard wantedPath == nil, name == nil else {
                throw FailureReport(.configuration, "there is no such configuration file", subject: path)
            }
            return nil
        }
        do {
            let found = try ProfileFile(content).profile(named: name ?? ProfileFile.defaultName)
            guard found != nil || name == nil else {
                throw FailureReport(.configuration, "there is no profile \(name ?? "") in it", subject: path)
            }
            return found
        } catch let problem as ProfileProblem {
            throw FailureReport(.configuration, "\(problem)", subject: path)
        }
    }

    /// The content of a configuration file; nil if there is no such file.
    private static func content(ofFile path: String, warn: (String) -> Void) throws -> [UInt8]? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            if errno == ENOENT { return nil }
            throw FailureReport(.configuration, "it cannot be read: \(SystemError.text(errno))", subject: path)
        }
        defer { close(descriptor) }
        var facts = stat()
        guard fstat(descriptor, &facts) == 0, facts.st_mode & S_IFMT != S_IFDIR else {
            throw FailureReport(.configuration, "it is not a file", subject: path)
        }
        if facts.st_mode & 0o077 != 0 {
            warn("\(path) can be read by others, and it holds secrets: chmod 600 would change that")
        }
        var content: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 65_536)
        while content.count <= ProfileFile.maximumBytes {
            let count = read(descriptor, &piece, piece.count)
            guard count >= 0 else {
                throw FailureReport(.configuration, "it cannot be read: \(SystemError.text(errno))", subject: path)
            }
            if count == 0 { break }
            content += piece[..<count]
        }
        return content
    }

    private static func key(ofFolder path: String, isRequired: Bool) throws -> Credentials? {
        let folder = DataFolder(path: path)
        guard folder.isThere, let key = try folder.existingFirstAccessKey() else {
            guard !isRequired else {
                throw FolderProblem(path: folder.path, reason: "it is not a data folder with an access key")
            }
            return nil
        }
        return Credentials(accessKeyID: key.id, accessKeySecret: key.secret)
    }
}

/// How keys are written, and what is printed.
struct OutputOptions: ParsableArguments {
    @Option(help: ArgumentHelp("How keys are written in arguments and output; url is percent form.", valueName: "form"))
    var encodingType = KeyEncoding.plain

    @Flag(help: "Print one JSON object a line; failures too, on standard error.")
    var json = false

    @Flag(name: .shortAndLong, help: "Print nothing but failures.")
    var quiet = false
}

extension Endpoint.Style: ExpressibleByArgument {}
extension KeyEncoding: ExpressibleByArgument {}
extension OSSClient.SignatureVersion: ExpressibleByArgument {}

/// What the system says about an error of its own.
enum SystemError {
    /// The system's text for an error number, such as "No such file or directory".
    static func text(_ number: Int32) -> String {
        String(cString: strerror(number))
    }
}
