import OSSClient
import OSSKit

/// Where a command goes, and who it is there: decided from the command line, the environment, a profile and a folder.
package struct StoreSettings: Sendable {
    /// What the command line says; nil is what it does not.
    package struct Flags: Sendable {
        /// `--endpoint`.
        package var endpoint: String?
        /// `--region`.
        package var region: String?
        /// `--addressing`.
        package var addressing: Endpoint.Style?
        /// `--signature`.
        package var signature: OSSClient.SignatureVersion?

        /// Makes flags, none of them given.
        package init() {}
    }

    /// What lies beneath the command line.
    package struct Sources: Sendable {
        /// The variables of the environment.
        package var environment: [String: String] = [:]
        /// The names of the variables that may hold the endpoint; the first that is set counts.
        package var endpointVariables = ["OSS_ENDPOINT"]
        /// The profile; nil if there is none.
        package var profile: ProfileFile.Profile?
        /// The access key of a data folder that the user named; it goes before the profile's.
        package var namedFolderKey: Credentials?
        /// The access key of the data folder that is there unasked; it goes behind everything else.
        package var foundFolderKey: Credentials?

        /// Makes sources that hold nothing.
        package init() {}

        /// A variable of the environment; nil if it is not set, or empty.
        package func variable(_ name: String) -> String? {
            environment[name].flatMap { $0.isEmpty ? nil : $0 }
        }
    }

    /// Where an access key came from.
    package enum KeyOrigin: String, Sendable {
        /// `OSS_ACCESS_KEY_ID` and `OSS_ACCESS_KEY_SECRET`.
        case environment
        /// A profile.
        case profile
        /// The data folder of a server on this machine.
        case dataFolder = "data folder"
    }

    /// The endpoint.
    package let endpoint: Endpoint
    /// The region.
    package let region: String
    /// How requests are signed.
    package let signature: OSSClient.SignatureVersion
    /// The access key.
    package let credentials: Credentials
    /// Where the access key came from.
    package let keyOrigin: KeyOrigin

    /// Where the built-in store listens unless it is told otherwise.
    package static let localEndpoint = "http://127.0.0.1:10724"
    /// The region of the built-in store unless it is told otherwise.
    package static let localRegion = "cn-hangzhou"

    /// Decides.
    ///
    /// - Throws: `FailureReport` of the kind `configuration`, naming the setting.
    package init(_ flags: Flags, _ sources: Sources) throws(FailureReport) {
        (credentials, keyOrigin) = try Self.credentials(sources)
        // What a profile says goes with a key of this machine's store only if the user asked for both.
        let profile = keyOrigin == .dataFolder ? nil : sources.profile
        let wantedRegion = flags.region ?? sources.variable("OSS_REGION") ?? profile?.region
        let givenEndpoint = flags.endpoint ?? sources.endpointVariables.compactMap { sources.variable($0) }.first
        var endpointText = givenEndpoint ?? profile?.endpoint
        if endpointText == nil, let wantedRegion, keyOrigin != .dataFolder {
            endpointText = "https://oss-\(wantedRegion).aliyuncs.com"
        }
        let profileStyle = try Self.reading { () throws(ProfileProblem) in try profile?.addressingStyle }
        do {
            endpoint = try Endpoint(endpointText ?? Self.localEndpoint, style: flags.addressing ?? profileStyle)
        } catch {
            throw FailureReport(
                .configuration, "\(endpointText ?? "") is not a URL such as https://oss-cn-hangzhou.aliyuncs.com",
                subject: "--endpoint (OSS_ENDPOINT)")
        }
        region =
            wantedRegion ?? sources.variable("OSS_REGION_ID") ?? Self.region(ofHost: endpoint.host)
            ?? Self.localRegion
        guard Self.isRegion(region) else {
            throw FailureReport(
                .configuration, "\(region) is not a region id such as cn-hangzhou", subject: "--region (OSS_REGION)")
        }
        let profileSignature = try Self.reading { () throws(ProfileProblem) in try profile?.signatureVersion }
        signature = flags.signature ?? profileSignature.flatMap { OSSClient.SignatureVersion(rawValue: $0) } ?? .v4
    }

    private static func credentials(_ sources: Sources) throws(FailureReport) -> (Credentials, KeyOrigin) {
        let id = sources.variable("OSS_ACCESS_KEY_ID")
        let secret = sources.variable("OSS_ACCESS_KEY_SECRET")
        if let id, let secret {
            let token = sources.variable("OSS_SESSION_TOKEN").map { Secret($0) }
            return (Credentials(accessKeyID: id, accessKeySecret: Secret(secret), securityToken: token), .environment)
        }
        guard id == nil, secret == nil else {
            throw FailureReport(
                .configuration, "OSS_ACCESS_KEY_ID and OSS_ACCESS_KEY_SECRET go together, and one of them is not set")
        }
        if let key = sources.namedFolderKey { return (key, .dataFolder) }
        if let profile = sources.profile {
            let key = try reading { () throws(ProfileProblem) in try profile.credentials }
            if let key { return (key, .profile) }
        }
        if let key = sources.foundFolderKey { return (key, .dataFolder) }
        throw FailureReport(
            .configuration, "there is no access key",
            hint: "set OSS_ACCESS_KEY_ID and OSS_ACCESS_KEY_SECRET, or write them into ~/.ossutilconfig, or name the "
                + "data folder of a server on this machine with --data")
    }

    private static func reading<Value>(
        _ read: () throws(ProfileProblem) -> Value
    ) throws(FailureReport) -> Value {
        do {
            return try read()
        } catch {
            throw FailureReport(.configuration, "\(error)", subject: "the profile")
        }
    }

    /// The region in a host of Alibaba Cloud, such as `oss-cn-hangzhou-internal.aliyuncs.com`; nil if it is no such.
    private static func region(ofHost host: String) -> String? {
        guard host.hasPrefix("oss-"), host.hasSuffix(".aliyuncs.com") else { return nil }
        var name = host.dropFirst("oss-".count).dropLast(".aliyuncs.com".count)
        if name.hasSuffix("-internal") { name = name.dropLast("-internal".count) }
        return name.contains(".") || name == "accelerate" || name.isEmpty ? nil : String(name)
    }

    private static func isRegion(_ text: String) -> Bool {
        (1...64).contains(text.utf8.count)
            && text.utf8.allSatisfy {
                (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0)
                    || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) || $0 == UInt8(ascii: "-")
            }
    }
}
