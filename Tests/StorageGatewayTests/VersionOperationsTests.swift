import OSSKit
import StorageGateway
import Testing

/// Versions and delete markers through the whole surface.
@Suite struct VersionOperationsTests {
    private typealias Call = TestSurface.Call

    private func withSurface(
        _ status: String? = "Enabled", _ work: (TestSurface) async throws -> Void
    ) async throws {
        let surface = try await TestSurface()
        do {
            if let status { _ = try await surface.setVersioning(status) }
            try await work(surface)
        } catch {
            try await surface.close()
            throw error
        }
        try await surface.close()
    }

    @Test func aBucketTellsWhetherItKeepsVersions() async throws {
        try await withSurface(nil) { surface in
            let never = try await surface.send(Call(method: "GET", target: "/bucket?versioning"))
            #expect(never.status == 200)
            #expect(try VersioningConfiguration(document: never.body).status == nil)
            for status in ["Enabled", "Suspended", "Enabled"] {
                let set = try await surface.setVersioning(status)
                #expect(set.status == 200)
                #expect(set.body.isEmpty)
                let found = try await surface.send(Call(method: "GET", target: "/bucket?versioning"))
                #expect(try VersioningConfiguration(document: found.body).status?.rawValue == status)
                let info = try await surface.send(Call(method: "GET", target: "/bucket?bucketInfo"))
                #expect(try BucketInfo(document: info.body).versioning?.rawValue == status)
            }
        }
    }

    @Test(arguments: [
        ("", "MalformedXML"), ("<VersioningConfiguration/>", "InvalidArgument"),
        ("<VersioningConfiguration><Status>Disabled</Status></VersioningConfiguration>", "MalformedXML"),
        ("<VersioningConfiguration><Status>enabled</Status></VersioningConfiguration>", "MalformedXML"),
        ("<Versioning><Status>Enabled</Status></Versioning>", "MalformedXML"),
        ("<VersioningConfiguration><Status>Enabled</Status>", "MalformedXML"),
    ])
    func aBadStatusIsRefused(document: String, code: String) async throws {
        try await withSurface(nil) { surface in
            let answer = try await surface.send(
                Call(method: "PUT", target: "/bucket?versioning", body: Array(document.utf8)))
            #expect(answer.element("Code") == code)
            let never = try await surface.send(Call(method: "GET", target: "/bucket?versioning"))
            #expect(try VersioningConfiguration(document: never.body).status == nil)
        }
    }

    @Test func everyAnswerNamesItsVersion() async throws {
        try await withSurface { surface in
            let put = try await surface.put("k", "one")
            let first = try #require(put.header("x-oss-version-id"))
            let second = try #require(try await surface.put("k", "two").header("x-oss-version-id"))
            #expect(first != second)
            for (query, version, text) in [("", second, "two"), ("?versionId=\(first)", first, "one")] {
                for method in ["GET", "HEAD"] {
                    let found = try await surface.send(Call(method: method, target: "/bucket/k\(query)"))
                    #expect(found.status == 200)
                    #expect(found.header("x-oss-version-id") == version)
                    #expect(found.text == (method == "GET" ? text : ""))
                }
            }
            let calls = [
                Call(method: "HEAD", target: "/bucket/k?objectMeta&versionId=\(first)"),
                Call(method: "GET", target: "/bucket/k?acl&versionId=\(first)"),
                Call(method: "GET", target: "/bucket/k?tagging&versionId=\(first)"),
                Call(
                    method: "PUT", target: "/bucket/k?acl&versionId=\(first)",
                    headers: [("x-oss-object-acl", "private")]),
                Call(
                    method: "PUT", target: "/bucket/k?tagging&versionId=\(first)",
                    body: Array(Tagging([Tag("a", "b")]).write().utf8)),
                Call(method: "DELETE", target: "/bucket/k?tagging&versionId=\(first)"),
            ]
            for call in calls {
                let answer = try await surface.send(call)
                #expect((200...204).contains(answer.status), "\(call.method) \(call.target)")
                #expect(answer.header("x-oss-version-id") == first, "\(call.method) \(call.target)")
            }
        }
    }

    @Test func aBucketWithoutVersionsNamesNone() async throws {
        try await withSurface(nil) { surface in
            let put = try await surface.put("k", "one")
            let found = try await surface.send(Call(method: "GET", target: "/bucket/k?versionId=null"))
            let deleted = try await surface.send(Call(method: "DELETE", target: "/bucket/k"))
            #expect(found.text == "one")
            #expect(deleted.status == 204)
            for answer in [put, found, deleted] {
                #expect(answer.header("x-oss-version-id") == nil)
                #expect(answer.header("x-oss-delete-marker") == nil)
            }
        }
    }

    @Test func aDeletionMakesAMarkerThatIsToldAndTakenBack() async throws {
        try await withSurface { surface in
            let version = try #require(try await surface.put("k", "one").header("x-oss-version-id"))
            let deleted = try await surface.send(Call(method: "DELETE", target: "/bucket/k"))
            #expect(deleted.status == 204)
            #expect(deleted.header("x-oss-delete-marker") == "true")
            let marker = try #require(deleted.header("x-oss-version-id"))
            for method in ["GET", "HEAD"] {
                let hidden = try await surface.send(Call(method: method, target: "/bucket/k"))
                #expect(hidden.status == 404)
                #expect(hidden.header("x-oss-delete-marker") == "true")
                #expect(hidden.header("x-oss-version-id") == marker)
                let named = try await surface.send(Call(method: method, target: "/bucket/k?versionId=\(marker)"))
                #expect(named.status == 405)
                #expect(named.header("Allow") == "DELETE")
                #expect(named.header("x-oss-delete-marker") == "true")
            }
            let refusal = try await surface.send(Call(method: "GET", target: "/bucket/k?versionId=\(marker)"))
            #expect(refusal.element("Code") == "MethodNotAllowed")
            #expect(refusal.element("Method") == "GET")
            #expect(refusal.element("ResourceType") == "DeleteMarker")
            let taken = try await surface.send(Call(method: "DELETE", target: "/bucket/k?versionId=\(marker)"))
            #expect(taken.status == 204)
            #expect(taken.header("x-oss-delete-marker") == "true")
            #expect(taken.header("x-oss-version-id") == marker)
            let shown = try await surface.send(Call(method: "GET", target: "/bucket/k"))
            #expect(shown.header("x-oss-version-id") == version)
            let gone = try await surface.send(Call(method: "DELETE", target: "/bucket/k?versionId=\(version)"))
            #expect(gone.header("x-oss-delete-marker") == nil)
            let none = try await surface.send(Call(method: "GET", target: "/bucket/k"))
            #expect(none.status == 404)
            #expect(none.header("x-oss-delete-marker") == nil)
        }
    }

    @Test func anOldVersionIsCopiedAndNamed() async throws {
        try await withSurface { surface in
            let first = try #require(try await surface.put("k", "one").header("x-oss-version-id"))
            _ = try await surface.put("k", "two")
            let source = [("x-oss-copy-source", "/bucket/k?versionId=\(first)")]
            let copied = try await surface.send(Call(method: "PUT", target: "/bucket/k", headers: source))
            #expect(copied.status == 200)
            #expect(copied.header("x-oss-copy-source-version-id") == first)
            #expect(copied.header("x-oss-version-id") != first)
            let shown = try await surface.send(Call(method: "GET", target: "/bucket/k"))
            #expect(shown.text == "one")
            let begun = try await surface.send(Call(method: "POST", target: "/bucket/parts?uploads"))
            let id = try #require(begun.element("UploadId"))
            let part = try await surface.send(
                Call(method: "PUT", target: "/bucket/parts?partNumber=1&uploadId=\(id)", headers: source))
            #expect(part.header("x-oss-copy-source-version-id") == first)
            // oss2 names the version as a parameter too; another one would be a contradiction.
            for (version, status) in [(first, 200), ("null", 400), ("", 400)] {
                let target = "/bucket/parts?partNumber=1&uploadId=\(id)&versionId=\(version)"
                let again = try await surface.send(Call(method: "PUT", target: target, headers: source))
                #expect(again.status == status)
            }
            let completed = try await surface.send(
                Call(
                    method: "POST", target: "/bucket/parts?uploadId=\(id)", headers: [("x-oss-complete-all", "yes")]))
            #expect(completed.header("x-oss-version-id")?.hasPrefix("CAEQ") == true)
            let deleted = try await surface.send(Call(method: "DELETE", target: "/bucket/k"))
            let marker = try #require(deleted.header("x-oss-version-id"))
            let ofMarker = try await surface.send(
                Call(
                    method: "PUT", target: "/bucket/c",
                    headers: [("x-oss-copy-source", "/bucket/k?versionId=\(marker)")]))
            #expect(ofMarker.status == 405)
            let hidden = try await surface.send(
                Call(method: "PUT", target: "/bucket/c", headers: [("x-oss-copy-source", "/bucket/k")]))
            #expect(hidden.element("Code") == "NoSuchKey")
        }
    }

    @Test func aListShowsVersionsAndMarkersInTheirOrder() async throws {
        try await withSurface(nil) { surface in
            _ = try await surface.put("a%26/b", "0")
            _ = try await surface.setVersioning("Enabled")
            _ = try await surface.put("a%26/b", "1")
            _ = try await surface.put("k", "two")
            _ = try await surface.send(Call(method: "DELETE", target: "/bucket/k"))
            let answer = try await surface.send(
                Call(method: "GET", target: "/bucket?versions&encoding-type=url&max-keys=3"))
            let result = try ListVersionsResult(document: answer.body)
            #expect(result.entries.map(\.key.text) == ["a&/b", "a&/b", "k"])
            #expect(result.entries.map(\.isDeleteMarker) == [false, false, true])
            #expect(result.entries.map(\.isLatest) == [true, false, true])
            #expect(result.entries[1].versionID == "null")
            #expect(result.entries[1].content?.eTag == "\"CFCD208495D565EF66E7DFF9F98764DA\"")
            #expect(result.entries[1].owner?.id == "owner")
            let marker = try #require(result.nextMarker)
            let next = try await surface.send(
                Call(
                    method: "GET",
                    target: "/bucket?versions&key-marker=\(marker.key)&version-id-marker=\(marker.versionID)"))
            let rest = try ListVersionsResult(document: next.body)
            #expect(rest.entries.map(\.content?.sizeBytes) == [3])
            #expect(rest.nextMarker == nil)
            let folded = try await surface.send(Call(method: "GET", target: "/bucket?versions&delimiter=/"))
            let folders = try ListVersionsResult(document: folded.body)
            #expect(folders.commonPrefixes == ["a&/"])
        }
    }

    @Test(arguments: [
        "max-keys=0", "max-keys=1001", "max-keys=x", "version-id-marker=null", "key-marker=k&version-id-marker=1",
        "key-marker=k&version-id-marker=CAEQAA", "encoding-type=base65",
        "prefix=\(String(repeating: "a", count: 1_025))", "delimiter=\(String(repeating: "a", count: 1_025))",
        "key-marker=\(String(repeating: "a", count: 1_025))",
    ])
    func aBadListIsRefused(query: String) async throws {
        try await withSurface { surface in
            let answer = try await surface.send(Call(method: "GET", target: "/bucket?versions&\(query)"))
            #expect(answer.status == 400)
            #expect(answer.element("Code") == "InvalidArgument")
        }
    }

    @Test func manyVersionsAreDeletedAtOnce() async throws {
        try await withSurface { surface in
            let first = try #require(try await surface.put("k", "one").header("x-oss-version-id"))
            _ = try await surface.put("k", "two")
            let request = DeleteRequest(
                isQuiet: false,
                objects: [
                    .init(key: try ObjectKey("k"), versionID: first), .init(key: try ObjectKey("k")),
                    .init(key: try ObjectKey("none")),
                ])
            let answer = try await surface.deleteMany(request)
            let deleted = try DeleteResult(document: answer.body).deleted
            #expect(deleted.map(\.versionID) == [first, nil, nil])
            #expect(deleted.map { $0.deleteMarkerVersionID != nil } == [false, true, true])
            let marker = try #require(deleted[1].deleteMarkerVersionID)
            let again = try await surface.deleteMany(
                DeleteRequest(isQuiet: false, objects: [.init(key: try ObjectKey("k"), versionID: marker)]))
            let removed = try DeleteResult(document: again.body).deleted
            #expect(removed == [.init(key: try ObjectKey("k"), versionID: marker, deleteMarkerVersionID: marker)])
            let shown = try await surface.send(Call(method: "GET", target: "/bucket/k"))
            #expect(shown.text == "two")
            let good = DeleteRequest.Object(key: try ObjectKey("k"))
            let bad = try await surface.deleteMany(
                DeleteRequest(isQuiet: true, objects: [good, .init(key: good.key, versionID: "234")]))
            #expect(bad.element("Code") == "InvalidArgument")
            let kept = try await surface.send(Call(method: "GET", target: "/bucket/k"))
            #expect(kept.text == "two")
        }
    }

    @Test func aSuspendedBucketWritesTheVersionNull() async throws {
        try await withSurface("Suspended") { surface in
            let put = try await surface.put("k", "one", [("x-oss-forbid-overwrite", "true")])
            let over = try await surface.put("k", "two", [("x-oss-forbid-overwrite", "true")])
            #expect([put, over].map { $0.header("x-oss-version-id") } == ["null", "null"])
            let deleted = try await surface.send(Call(method: "DELETE", target: "/bucket/k"))
            #expect(deleted.header("x-oss-version-id") == "null")
            #expect(deleted.header("x-oss-delete-marker") == "true")
            let bucket = try await surface.send(Call(method: "DELETE", target: "/bucket"))
            #expect(bucket.element("Code") == "BucketNotEmpty")
            _ = try await surface.send(Call(method: "DELETE", target: "/bucket/k?versionId=null"))
            let gone = try await surface.send(Call(method: "DELETE", target: "/bucket"))
            #expect(gone.status == 204)
        }
    }

    @Test func anAppendableObjectGrowsWithoutHistoryAndIsNotCopied() async throws {
        try await withSurface { surface in
            let append = { (text: String, position: Int) in
                try await surface.send(
                    Call(method: "POST", target: "/bucket/k?append&position=\(position)", body: Array(text.utf8)))
            }
            let answers = [try await append("a", 0), try await append("b", 1)]
            #expect(answers.map { $0.header("x-oss-version-id") } == ["null", "null"])
            let listed = try await surface.send(Call(method: "GET", target: "/bucket?versions"))
            #expect(try ListVersionsResult(document: listed.body).entries.count == 1)
            let copy = try await surface.send(
                Call(method: "PUT", target: "/bucket/c", headers: [("x-oss-copy-source", "/bucket/k")]))
            #expect(copy.element("Code") == "InvalidRequest")
            _ = try await surface.send(Call(method: "DELETE", target: "/bucket/k"))
            let hidden = try await append("a", 0)
            #expect(hidden.element("Code") == "ObjectNotAppendable")
        }
    }

    @Test func aLinkIsAVersionAndLeadsToWhatIsShown() async throws {
        try await withSurface { surface in
            _ = try await surface.put("target", "hello")
            let link = try await surface.send(
                Call(method: "PUT", target: "/bucket/l?symlink", headers: [("x-oss-symlink-target", "target")]))
            let version = try #require(link.header("x-oss-version-id"))
            _ = try await surface.put("l", "no link any more")
            let told = try await surface.send(Call(method: "GET", target: "/bucket/l?symlink&versionId=\(version)"))
            #expect(told.header("x-oss-symlink-target") == "target")
            #expect(told.header("x-oss-version-id") == version)
            let followed = try await surface.send(Call(method: "GET", target: "/bucket/l?versionId=\(version)"))
            #expect(followed.text == "hello")
            #expect(followed.header("x-oss-version-id") == version)
            let removed = try await surface.send(
                Call(method: "DELETE", target: "/bucket/l?symlink&versionId=\(version)"))
            #expect(removed.status == 204)
            let gone = try await surface.send(Call(method: "GET", target: "/bucket/l?versionId=\(version)"))
            #expect(gone.element("Code") == "NoSuchVersion")
            let other = try await surface.send(
                Call(method: "PUT", target: "/bucket/l?symlink", headers: [("x-oss-symlink-target", "target")]))
            let second = try #require(other.header("x-oss-version-id"))
            _ = try await surface.send(Call(method: "DELETE", target: "/bucket/target"))
            let nowhere = try await surface.send(Call(method: "GET", target: "/bucket/l?versionId=\(second)"))
            #expect(nowhere.element("Code") == "SymlinkTargetNotExist")
        }
    }

    @Test(arguments: [
        ("GET", "/bucket/k?versionId=", "InvalidArgument"), ("GET", "/bucket/k?versionId=234", "InvalidArgument"),
        ("GET", "/bucket/k?versionId=null", "NoSuchVersion"), ("GET", "/bucket/k?versionId=CAEQNhiB", "NoSuchVersion"),
        ("GET", "/bucket/none?versionId=CAEQNhiB", "NoSuchVersion"), ("GET", "/bucket/none", "NoSuchKey"),
        ("DELETE", "/bucket/k?versionId=", "InvalidArgument"), ("DELETE", "/bucket/k?versionId=%00", "InvalidArgument"),
        ("GET", "/bucket/k?acl&versionId=CAEQNhiB", "NoSuchVersion"),
        ("GET", "/bucket/k?tagging&versionId=x", "InvalidArgument"),
        ("DELETE", "/bucket/k?tagging&versionId=CAEQNhiB", "NoSuchVersion"),
        ("GET", "/bucket/k?symlink&versionId=CAEQNhiB", "NoSuchVersion"), ("GET", "/bucket/k?symlink", "NotSymlink"),
        ("PUT", "/bucket/k?versionId=null", "NotImplemented"), ("POST", "/bucket?versioning", "NotImplemented"),
        ("DELETE", "/bucket?versioning", "NotImplemented"), ("GET", "/none-there?versions", "NoSuchBucket"),
        ("GET", "/none-there?versioning", "NoSuchBucket"),
    ])
    func aBadCallIsRefusedAndTheObjectStays(method: String, target: String, code: String) async throws {
        try await withSurface { surface in
            let version = try await surface.put("k", "hello").header("x-oss-version-id")
            let answer = try await surface.send(Call(method: method, target: target, body: method == "PUT" ? [1] : nil))
            #expect(answer.element("Code") == code)
            let kept = try await surface.send(Call(method: "GET", target: "/bucket/k"))
            #expect(kept.header("x-oss-version-id") == version)
        }
    }

    @Test func aVersionThatIsNotThereIsDeletedTwice() async throws {
        try await withSurface { surface in
            let version = try #require(try await surface.put("k", "hello").header("x-oss-version-id"))
            for _ in 0..<2 {
                let answer = try await surface.send(Call(method: "DELETE", target: "/bucket/k?versionId=\(version)"))
                #expect(answer.status == 204)
                #expect(answer.header("x-oss-version-id") == version)
                #expect(answer.header("x-oss-delete-marker") == nil)
            }
        }
    }
}

extension TestSurface {
    fileprivate func setVersioning(_ status: String) async throws -> Answer {
        let document = "<VersioningConfiguration><Status>\(status)</Status></VersioningConfiguration>"
        return try await send(Call(method: "PUT", target: "/bucket?versioning", body: Array(document.utf8)))
    }

    fileprivate func deleteMany(_ request: DeleteRequest) async throws -> Answer {
        try await send(Call(method: "POST", target: "/bucket?delete", body: Array(request.write().utf8)))
    }
}
