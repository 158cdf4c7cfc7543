import CommandKit
import OSSClient
import OSSKit
import Testing

@Suite struct StoreSettingsTests {
    private static let folderKey = Credentials(accessKeyID: "folder", accessKeySecret: Secret("s"))
    private static let profile = """
        [default]
        accessKeyID=profile
        accessKeySecret=s
        region=cn-beijing
        [profile ends]
        accessKeyID=ends
        accessKeySecret=s
        endpoint=http://127.0.0.1:9
        region=cn-x
        addressing-style=virtual
        sign-version=v1
        """

    private static func sources(
        environment: [String: String] = [:], profile name: String? = nil, named: Bool = false, found: Bool = false
    ) throws -> StoreSettings.Sources {
        var sources = StoreSettings.Sources()
        sources.environment = environment
        sources.profile = try name.flatMap { try ProfileFile(Array(Self.profile.utf8)).profile(named: $0) }
        sources.namedFolderKey = named ? folderKey : nil
        sources.foundFolderKey = found ? folderKey : nil
        return sources
    }

    private static let key = ["OSS_ACCESS_KEY_ID": "env", "OSS_ACCESS_KEY_SECRET": "s"]

    @Test func withNothingButAFolderItIsTheStoreOfThisMachine() throws {
        let settings = try StoreSettings(StoreSettings.Flags(), Self.sources(found: true))
        #expect("\(settings.endpoint)" == "http://127.0.0.1:10724")
        #expect(settings.endpoint.style == .path)
        #expect(settings.region == "cn-hangzhou")
        #expect(settings.credentials.accessKeyID == "folder")
        #expect(settings.signature == .v4)
    }

    @Test func theEnvironmentGoesBeforeTheProfileAndTheProfileBeforeTheFolder() throws {
        let flags = StoreSettings.Flags()
        let all = try StoreSettings(flags, Self.sources(environment: Self.key, profile: "default", found: true))
        #expect(all.credentials.accessKeyID == "env")
        #expect(all.keyOrigin == .environment)
        #expect(all.region == "cn-beijing")
        let profile = try StoreSettings(flags, Self.sources(profile: "default", found: true))
        #expect(profile.credentials.accessKeyID == "profile")
        #expect("\(profile.endpoint)" == "https://oss-cn-beijing.aliyuncs.com")
        let named = try StoreSettings(flags, Self.sources(profile: "default", named: true))
        #expect(named.credentials.accessKeyID == "folder")
        #expect("\(named.endpoint)" == "http://127.0.0.1:10724")
    }

    @Test func theCommandLineGoesBeforeEverything() throws {
        var flags = StoreSettings.Flags()
        flags.endpoint = "https://oss-eu-central-1-internal.aliyuncs.com"
        flags.addressing = .path
        flags.signature = .v4
        let environment = Self.key.merging(["OSS_ENDPOINT": "http://other"]) { old, _ in old }
        let settings = try StoreSettings(flags, Self.sources(environment: environment, profile: "ends"))
        #expect("\(settings.endpoint)" == "https://oss-eu-central-1-internal.aliyuncs.com")
        #expect(settings.endpoint.style == .path)
        #expect(settings.signature == .v4)
        #expect(settings.region == "cn-x")
        let bare = try StoreSettings(flags, Self.sources(environment: Self.key))
        #expect(bare.region == "eu-central-1")
    }

    @Test func aProfileSaysHowItsEndpointIsUsed() throws {
        let settings = try StoreSettings(StoreSettings.Flags(), Self.sources(profile: "ends"))
        #expect("\(settings.endpoint)" == "http://127.0.0.1:9")
        #expect(settings.endpoint.style == .virtualHost)
        #expect(settings.signature == .v1)
    }

    @Test func aTokenComesWithTheKeyOfTheEnvironment() throws {
        let environment = Self.key.merging(["OSS_SESSION_TOKEN": "t", "OSS_REGION": "us-west-1"]) { old, _ in old }
        let settings = try StoreSettings(StoreSettings.Flags(), Self.sources(environment: environment))
        #expect(settings.credentials.securityToken?.reveal() == "t")
        #expect("\(settings.endpoint)" == "https://oss-us-west-1.aliyuncs.com")
    }

    @Test(arguments: [
        [:], ["OSS_ACCESS_KEY_ID": "id"], ["OSS_ACCESS_KEY_SECRET": "hidden"],
        ["OSS_ACCESS_KEY_ID": "id", "OSS_ACCESS_KEY_SECRET": ""],
        key.merging(["OSS_ENDPOINT": "ftp://x"]) { old, _ in old },
        key.merging(["OSS_REGION": "CN Hangzhou"]) { old, _ in old },
        key.merging(["OSS_REGION": "x/../y"]) { old, _ in old },
    ])
    func whatDoesNotSufficeIsRefused(_ environment: [String: String]) throws {
        let sources = try Self.sources(environment: environment)
        let report = #expect(throws: FailureReport.self) { try StoreSettings(StoreSettings.Flags(), sources) }
        #expect(report?.kind == .configuration)
        #expect(report?.lines.joined().contains("hidden") == false)
    }
}
