import OSSKit
import StorageGateway
import Testing

/// What readers are told of the end of an object.
@Suite struct ExpirationNoticeTests {
    private typealias Call = TestSurface.Call

    private static let document = """
        <LifecycleConfiguration>\
        <Rule><ID>late</ID><Prefix>logs/</Prefix><Status>Enabled</Status>\
        <Expiration><Days>30</Days></Expiration></Rule>\
        <Rule><ID>so "on" </ID><Prefix>tmp/</Prefix><Status>Enabled</Status>\
        <Expiration><Days>1</Days></Expiration></Rule>\
        <Rule><ID>off</ID><Prefix>kept/</Prefix><Status>Disabled</Status>\
        <Expiration><Days>1</Days></Expiration></Rule>\
        <Rule><ID>date</ID><Prefix>dated/</Prefix><Status>Enabled</Status>\
        <Expiration><CreatedBeforeDate>2030-01-01T00:00:00.000Z</CreatedBeforeDate></Expiration></Rule>\
        <Rule><ID>tagged</ID><Prefix>tags/</Prefix><Status>Enabled</Status><Tag><Key>a</Key><Value>b</Value></Tag>\
        <Expiration><Days>1</Days></Expiration></Rule>\
        </LifecycleConfiguration>
        """

    @Test(
        arguments: [
            // The clock of the surface stands at 2027-01-15T08:00:00Z.
            ("logs/a", #"expiry-date="Mon, 15 Feb 2027 00:00:00 GMT", rule-id="late""#),
            ("tmp/a", #"expiry-date="Sun, 17 Jan 2027 00:00:00 GMT", rule-id="so%20%22on%22%20""#),
            ("dated/a", #"expiry-date="Tue, 01 Jan 2030 00:00:00 GMT", rule-id="date""#),
            ("kept/a", nil), ("tags/a", nil), ("logs", nil), ("other", nil),
        ] as [(String, String?)])
    func theSoonestRuleThatMeansTheObjectIsNamed(key: String, wanted: String?) async throws {
        let surface = try await TestSurface()
        _ = try await surface.put(key, "x")
        let before = try await surface.send(Call(method: "GET", target: "/bucket/\(key)"))
        #expect(before.header("x-oss-expiration") == nil)
        let set = try await surface.send(
            Call(method: "PUT", target: "/bucket/?lifecycle", body: Array(Self.document.utf8)))
        #expect(set.status == 200, "\(set.text)")
        for method in ["GET", "HEAD"] {
            let answer = try await surface.send(Call(method: method, target: "/bucket/\(key)"))
            #expect(answer.status == 200)
            #expect(answer.header("x-oss-expiration") == wanted)
        }
        let removed = try await surface.send(Call(method: "DELETE", target: "/bucket/?lifecycle"))
        #expect(removed.status == 204)
        let after = try await surface.send(Call(method: "HEAD", target: "/bucket/\(key)"))
        #expect(after.header("x-oss-expiration") == nil)
        try await surface.close()
    }
}
