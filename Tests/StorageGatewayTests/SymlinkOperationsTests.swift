import OSSKit
import StorageGateway
import Testing

/// Symbolic links through the whole surface.
@Suite struct SymlinkOperationsTests {
    private typealias Call = TestSurface.Call

    private func withSurface(_ work: (TestSurface) async throws -> Void) async throws {
        let surface = try await TestSurface()
        do {
            try await work(surface)
        } catch {
            try await surface.close()
            throw error
        }
        try await surface.close()
    }

    private func link(
        _ key: String, to target: String, _ headers: [(String, String)] = [], on surface: TestSurface
    ) async throws -> TestSurface.Answer {
        try await surface.send(
            Call(
                method: "PUT", target: "/bucket/\(key)?symlink",
                headers: headers + [("x-oss-symlink-target", target)]))
    }

    @Test func aLinkIsFollowedByReaders() async throws {
        try await withSurface { surface in
            _ = try await surface.put(
                "a/b%20c", "hello", [("Content-Type", "text/plain"), ("x-oss-meta-of", "target")])
            surface.clock.nowMilliseconds += 10_000
            let made = try await link("l", to: "a%2Fb%20c", [("x-oss-meta-of", "link")], on: surface)
            #expect(made.status == 200)
            #expect(made.header("ETag") != nil)
            for method in ["GET", "HEAD"] {
                let found = try await surface.send(Call(method: method, target: "/bucket/l"))
                #expect(found.status == 200)
                #expect(found.text == (method == "GET" ? "hello" : ""))
                #expect(found.header("Content-Length") == "5")
                #expect(found.header("ETag") == "\"5D41402ABC4B2A76B9719D911017C592\"")
                #expect(found.header("Content-Type") == "text/plain")
                #expect(found.header("x-oss-object-type") == "Symlink")
                #expect(found.header("x-oss-meta-of") == "link")
                #expect(found.header("Last-Modified") == HTTPDate.format(unixSeconds: surface.nowUnixSeconds))
            }
            let told = try await surface.send(Call(method: "GET", target: "/bucket/l?symlink"))
            #expect(told.status == 200)
            #expect(told.header("x-oss-symlink-target") == "a%2Fb%20c")
            #expect(told.header("ETag") == made.header("ETag"))
            let copied = try await surface.send(
                Call(method: "PUT", target: "/bucket/copy", headers: [("x-oss-copy-source", "/bucket/l")]))
            #expect(copied.status == 200)
            let copy = try await surface.send(Call(method: "GET", target: "/bucket/copy?symlink"))
            #expect(copy.header("x-oss-symlink-target") == "a%2Fb%20c")
            let deleted = try await surface.send(Call(method: "DELETE", target: "/bucket/l"))
            #expect(deleted.status == 204)
            let target = try await surface.send(Call(method: "GET", target: "/bucket/a/b%20c"))
            #expect(target.text == "hello")
        }
    }

    @Test func aLinkThatLeadsNowhereIsRefusedOnReading() async throws {
        try await withSurface { surface in
            _ = try await link("l", to: "none", on: surface)
            let nowhere = try await surface.send(Call(method: "GET", target: "/bucket/l"))
            #expect(nowhere.status == 404)
            #expect(nowhere.element("Code") == "SymlinkTargetNotExist")
            _ = try await link("l2", to: "l", on: surface)
            let chain = try await surface.send(Call(method: "GET", target: "/bucket/l2"))
            #expect(chain.status == 400)
            #expect(chain.element("Code") == "InvalidTargetType")
            _ = try await link("self", to: "self", on: surface)
            let loop = try await surface.send(Call(method: "GET", target: "/bucket/self"))
            #expect(loop.element("Code") == "InvalidTargetType")
        }
    }

    @Test(arguments: [
        ("x-oss-symlink-target", "", "InvalidArgument"), ("x-oss-symlink-target", "%zz", "InvalidArgument"),
        ("x-oss-symlink-target", "/a", "InvalidObjectName"), ("x-oss-symlink-target", "%ff", "InvalidObjectName"),
        ("x-oss-symlink-target", String(repeating: "k", count: 1_024), "InvalidObjectName"),
        ("x-oss-forbid-overwrite", "true", "FileAlreadyExists"), ("x-oss-callback", "e30=", "NotImplemented"),
    ])
    func aBadLinkChangesNothing(name: String, value: String, code: String) async throws {
        try await withSurface { surface in
            _ = try await surface.put("k", "old")
            var headers = [(name, value)]
            if name != "x-oss-symlink-target" { headers.append(("x-oss-symlink-target", "other")) }
            let answer = try await surface.send(Call(method: "PUT", target: "/bucket/k?symlink", headers: headers))
            #expect(answer.element("Code") == code)
            let old = try await surface.send(Call(method: "GET", target: "/bucket/k"))
            #expect(old.text == "old")
            let noLink = try await surface.send(Call(method: "GET", target: "/bucket/k?symlink"))
            #expect(noLink.element("Code") == "NotSymlink")
            #expect(noLink.element("EC") == "0043-00000101")
        }
    }
}
