import OSSClient
import OSSKit
import Testing

@Suite struct ProfileFileTests {
    private static func profile(_ text: String, named name: String = "default") throws -> ProfileFile.Profile? {
        try ProfileFile(Array(text.utf8)).profile(named: name)
    }

    @Test(arguments: [
        "[default]\naccessKeyID=id\naccessKeySecret=secret\nregion=cn-beijing\nendpoint=e.example.com\n",
        "[default]\naccesskeyid = id\naccesskeysecret = secret\nregion = cn-beijing\nendpoint = e.example.com",
        "\u{FEFF}# mine\r\n[Profile Default]\r\naccess-key-id=id\r\naccess_key_secret=secret\r\nREGION=cn-beijing\r\n"
            + "endpoint=\"e.example.com\"\r\n",
        "[Credentials]\nlanguage=EN\naccessKeyID=id\naccessKeySecret=secret\nregion=cn-beijing\nendpoint=e.example.com",
        "[Credentials]\naccessKeyID=old\n[default]\nAccessKeyId=id\nAccess-Key-Secret=secret\nregion=cn-beijing\n"
            + "endpoint=e.example.com",
        "[buckets mine]\nb=\n  region=cn-x\n  region=cn-y\nodd\n[default]\naccessKeyID=id\naccessKeySecret=secret\n"
            + "region=cn-beijing\nendpoint=e.example.com\nretry-times=10\nretry-times=11",
    ])
    func theDefaultProfileIsReadInEverySpelling(_ text: String) throws {
        let profile = try #require(try Self.profile(text))
        let credentials = try #require(try profile.credentials)
        #expect(credentials.accessKeyID == "id")
        #expect(credentials.accessKeySecret.reveal() == "secret")
        #expect(credentials.securityToken == nil)
        #expect(profile.region == "cn-beijing")
        #expect(profile.endpoint == "e.example.com")
    }

    @Test func aNamedProfileHasWhatItsSourceHas() throws {
        let text = """
            [default]
            accessKeyID=id
            accessKeySecret=secret
            region=cn-beijing
            [profile Far]
            source-profile=default
            region=us-west-1
            addressing-style=path
            sign-version=v1
            """
        let profile = try #require(try Self.profile(text, named: "far"))
        let id = try profile.credentials?.accessKeyID
        let style = try profile.addressingStyle
        let version = try profile.signatureVersion
        #expect(id == "id")
        #expect(profile.region == "us-west-1")
        #expect(style == .path)
        #expect(version == "v1")
    }

    @Test(arguments: [("", "token"), ("mode=StsToken\n", "token"), ("mode=AK\n", nil)])
    func theTokenGoesWithTheMode(_ mode: String, _ wanted: String?) throws {
        let text = "[default]\n\(mode)accessKeyID=id\naccessKeySecret=secret\nstsToken=token"
        let token = try Self.profile(text)?.credentials?.securityToken?.reveal()
        #expect(token == wanted)
    }

    @Test(arguments: [
        ("region=x", 1), ("[default", 1), ("[]", 1), ("[profile]", 1), ("[profile two words]", 1),
        ("[default]\nregion", 2), ("[default]\n=x", 2), ("[default]\nregion=a\nRegion=b", 3),
        ("[default]\n\n[profile DEFAULT]", 3), ("[default]\nregion=a\u{7}b", 2),
    ])
    func aLineThatCannotBeReadIsNamed(_ text: String, _ line: Int) {
        let problem = #expect(throws: ProfileProblem.self) { try ProfileFile(Array(text.utf8)) }
        #expect(problem?.line == line)
    }

    @Test func bytesThatAreNoTextAreRefused() {
        let problem = #expect(throws: ProfileProblem.self) {
            try ProfileFile(Array("[default]\nregion=".utf8) + [0xFF])
        }
        #expect(problem?.line == 2)
        let large = #expect(throws: ProfileProblem.self) {
            try ProfileFile([UInt8](repeating: UInt8(ascii: "#"), count: ProfileFile.maximumBytes + 1))
        }
        #expect(large != nil && large?.line == nil)
    }

    @Test(arguments: [
        "accessKeyID=id", "accessKeySecret=hidden", "mode=EcsRamRole", "mode=RamRoleArn\naccessKeyID=id",
        "mode=Anonymous", "mode=Process",
    ])
    func halfAnAccessKeyIsRefused(_ lines: String) throws {
        let profile = try #require(try Self.profile("[default]\n\(lines)"))
        let problem = #expect(throws: ProfileProblem.self) { try profile.credentials }
        #expect(problem?.description.contains("hidden") == false)
    }

    @Test(arguments: [
        "source-profile=default", "source-profile=b\n[profile b]\nsource-profile=default",
        "source-profile=nowhere",
    ])
    func aSourceThatLeadsNowhereIsRefused(_ lines: String) throws {
        let file = try ProfileFile(Array("[default]\n\(lines)".utf8))
        let problem = #expect(throws: ProfileProblem.self) { try file.profile(named: "default") }
        #expect(problem?.line != nil)
    }

    @Test func aProfileThatIsNotThereIsNone() throws {
        let found = try Self.profile("[default]\nregion=x", named: "other")
        #expect(found == nil)
        let empty = try Self.profile("")
        #expect(empty == nil)
        let withoutKey = try Self.profile("[default]\nregion=x")?.credentials
        #expect(withoutKey == nil)
    }
}
