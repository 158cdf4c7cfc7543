import OSSKit
import ObjectStore
import StorageGateway
import Testing

/// Domains that buckets bind, and the public access block of an account.
@Suite struct DomainBindingTests {
    private typealias Call = TestSurface.Call

    private func document(_ domain: String) -> [UInt8] {
        Array("<BucketCnameConfiguration><Cname><Domain>\(domain)</Domain></Cname></BucketCnameConfiguration>".utf8)
    }

    private func send(
        _ surface: TestSurface, _ what: String, _ domain: String, bucket: String = "bucket"
    ) async throws -> TestSurface.Answer {
        try await surface.send(
            Call(method: "POST", target: "/\(bucket)/?cname&comp=\(what)", body: document(domain)))
    }

    private func withSurface(binds: Bool = true, _ work: (TestSurface) async throws -> Void) async throws {
        let surface = try await TestSurface {
            $0.bindsUnprovenDomains = binds
            $0.boundHosts = ["static.example.com": "bucket"]
        }
        _ = try await surface.store.createBucket(NewBucket(name: BucketName("second"), ownerID: "owner"))
        _ = try await surface.put("k", "hello", [("x-oss-object-acl", "public-read")])
        do {
            try await work(surface)
        } catch {
            try await surface.close()
            throw error
        }
        try await surface.close()
    }

    @Test func aBoundDomainStandsForItsBucketAtOnceAndUntilItIsLetGo() async throws {
        try await withSurface { surface in
            let read = Call(method: "GET", target: "/k", isSigned: false, host: "img.example.com")
            let before = try await surface.send(read)
            #expect(before.status != 200)
            let bound = try await send(surface, "add", "IMG.example.com")
            #expect(bound.status == 200, "\(bound.text)")
            let after = try await surface.send(read)
            #expect(after.text == "hello")
            let list = try await surface.send(Call(method: "GET", target: "/bucket/?cname"))
            #expect(list.text.contains("<Domain>img.example.com</Domain>"))
            #expect(list.text.contains("<Status>Enabled</Status>"))
            let again = try await send(surface, "add", "img.example.com")
            #expect(again.status == 200)
            let gone = try await send(surface, "delete", "img.example.com")
            #expect(gone.status == 200)
            let late = try await surface.send(read)
            #expect(late.status != 200)
        }
    }

    @Test func aDomainOfAnotherBucketStaysThere() async throws {
        try await withSurface { surface in
            let bound = try await send(surface, "add", "img.example.com")
            #expect(bound.status == 200)
            let other = try await send(surface, "add", "img.example.com", bucket: "second")
            #expect(other.status == 403)
            #expect(other.code == "NeedVerifyDomainOwnership")
            // Nor can the other bucket let go of it.
            let released = try await send(surface, "delete", "img.example.com", bucket: "second")
            #expect(released.status == 200)
            let read = try await surface.send(
                Call(method: "GET", target: "/k", isSigned: false, host: "img.example.com"))
            #expect(read.text == "hello")
            let gone = try await send(surface, "delete", "img.example.com")
            #expect(gone.status == 200)
            let taken = try await send(surface, "add", "img.example.com", bucket: "second")
            #expect(taken.status == 200)
        }
    }

    @Test(arguments: [
        "a.localhost", "static.example.com", "bucket.oss-cn-hangzhou.aliyuncs.com", "oss-cn-hangzhou.aliyuncs.com",
        "127.0.0.1", "10.1", "no domain", "localhost", "a..b",
    ])
    func aDomainOfTheServerOrNoneIsRefused(domain: String) async throws {
        try await withSurface { surface in
            let refused = try await send(surface, "add", domain)
            #expect(refused.status == 400)
            #expect(refused.code == "InvalidArgument")
        }
    }

    @Test func whereAProofIsAskedForNothingIsBound() async throws {
        try await withSurface(binds: false) { surface in
            let refused = try await send(surface, "add", "img.example.com")
            #expect(refused.status == 403)
            #expect(refused.code == "NeedVerifyDomainOwnership")
            // Nor does one count that was bound while none was asked for.
            let bucket = try await surface.store.bucket(BucketName("bucket"))
            try await surface.store.setConfiguration(.cname, named: "img.example.com", of: bucket, to: [])
            let read = try await surface.send(
                Call(method: "GET", target: "/k", isSigned: false, host: "img.example.com"))
            #expect(read.status != 200)
            let list = try await surface.send(Call(method: "GET", target: "/bucket/?cname"))
            #expect(list.text.contains("<Status>Disabled</Status>"))
        }
    }

    @Test func aBucketThatIsDeletedTakesItsDomainsAlong() async throws {
        try await withSurface { surface in
            let bound = try await send(surface, "add", "img.example.com", bucket: "second")
            #expect(bound.status == 200)
            let deleted = try await surface.send(Call(method: "DELETE", target: "/second/"))
            #expect(deleted.status == 204)
            let taken = try await send(surface, "add", "img.example.com")
            #expect(taken.status == 200)
            let read = try await surface.send(
                Call(method: "GET", target: "/k", isSigned: false, host: "img.example.com"))
            #expect(read.text == "hello")
        }
    }

    // MARK: The public access block of an account

    private func block(_ surface: TestSurface, _ word: String) async throws -> Int {
        let text =
            "<PublicAccessBlockConfiguration><BlockPublicAccess>\(word)</BlockPublicAccess>"
            + "</PublicAccessBlockConfiguration>"
        return try await surface.send(
            Call(method: "PUT", target: "/?publicAccessBlock", body: Array(text.utf8))
        ).status
    }

    @Test func anAccountsBlockHoldsInAllOfItsBucketsAndInNoOther() async throws {
        try await withSurface { surface in
            surface.admitOtherOwner()
            _ = try await surface.store.createBucket(
                NewBucket(name: BucketName("foreign"), ownerID: "other", acl: "public-read"))
            let bucket = try await surface.store.bucket(BucketName("bucket"))
            try await surface.store.setACL(.publicRead, of: bucket)
            let read = Call(method: "GET", target: "/bucket/k", isSigned: false)
            let open = try await surface.send(read)
            #expect(open.status == 200)
            let set = try await block(surface, "true")
            #expect(set == 200)
            let closed = try await surface.send(read)
            #expect(closed.status == 403)
            let foreign = try await surface.send(Call(method: "GET", target: "/foreign/k", isSigned: false))
            #expect(foreign.status == 404)
            let told = try await surface.send(Call(method: "GET", target: "/?publicAccessBlock"))
            #expect(told.element("BlockPublicAccess") == "true")
            let others = try await surface.send(
                Call(method: "GET", target: "/?publicAccessBlock", credentials: TestSurface.otherOwner))
            #expect(others.element("BlockPublicAccess") == "false")
            let acl = try await surface.send(
                Call(method: "PUT", target: "/second/?acl", headers: [("x-oss-acl", "public-read")]))
            #expect(acl.status == 403)
            let objectACL = try await surface.put("p", "x", [("x-oss-object-acl", "public-read")])
            #expect(objectACL.status == 403)
            let policy =
                #"{"Version":"1","Statement":[{"Effect":"Allow","Action":["oss:GetObject"],"#
                + #""Principal":["*"],"Resource":["acs:oss:*:*:second/*"]}]}"#
            let opening = try await surface.send(
                Call(method: "PUT", target: "/second/?policy", body: Array(policy.utf8)))
            #expect(opening.status == 403)
            let removed = try await surface.send(Call(method: "DELETE", target: "/?publicAccessBlock"))
            #expect(removed.status == 204)
            let again = try await surface.send(read)
            #expect(again.status == 200)
        }
    }

    @Test func aBucketsOwnBlockOutlivesThatOfItsAccount() async throws {
        try await withSurface { surface in
            let bucket = try await surface.store.bucket(BucketName("bucket"))
            try await surface.store.setACL(.publicRead, of: bucket)
            let open = try await surface.send(Call(method: "GET", target: "/bucket/k", isSigned: false))
            #expect(open.status == 200)
            try await surface.setRules(blocksPublicAccess: true)
            let set = try await block(surface, "false")
            #expect(set == 200)
            let read = try await surface.send(Call(method: "GET", target: "/bucket/k", isSigned: false))
            #expect(read.status == 403)
        }
    }

    @Test(arguments: ["maybe", ""])
    func aBlockThatSaysNothingIsRefused(word: String) async throws {
        try await withSurface { surface in
            let status = try await block(surface, word)
            #expect(status == 400)
            let told = try await surface.send(Call(method: "GET", target: "/?publicAccessBlock"))
            #expect(told.element("BlockPublicAccess") == "false")
        }
    }
}
