import OSSKit
import Testing

/// An object of an archive class is read only after it was restored, and only for as long.
@Suite struct ArchiveOperationsTests {
    private func withSurface(_ body: (TestSurface) async throws -> Void) async throws {
        let surface = try await TestSurface()
        do {
            try await body(surface)
        } catch {
            try? await surface.close()
            throw error
        }
        try await surface.close()
    }

    private func send(
        _ surface: TestSurface, _ method: String, _ target: String, _ headers: [(String, String)] = [],
        _ body: String? = nil
    ) async throws -> TestSurface.Answer {
        try await surface.send(
            TestSurface.Call(
                method: method, target: "/bucket/\(target)", headers: headers, body: body.map { Array($0.utf8) }))
    }

    @Test(arguments: ["Archive", "ColdArchive", "DeepColdArchive"])
    func anArchivedObjectIsReadOnceItIsRestored(storageClass: String) async throws {
        try await withSurface { surface in
            _ = try await surface.put("k", "cold", [("x-oss-storage-class", storageClass)])
            let frozen = try await send(surface, "GET", "k")
            #expect(frozen.status == 403)
            #expect(frozen.element("Code") == "InvalidObjectState")
            let head = try await send(surface, "HEAD", "k")
            #expect(head.status == 200)
            #expect(head.header("x-oss-storage-class") == storageClass)
            #expect(head.header("x-oss-restore") == nil)

            let wish = "<RestoreRequest><Days>2</Days></RestoreRequest>"
            let begun = try await send(surface, "POST", "k?restore", [], wish)
            #expect(begun.status == 202)
            let again = try await send(surface, "POST", "k?restore")
            #expect(again.status == 409)
            #expect(again.element("Code") == "RestoreAlreadyInProgress")
            let running = try await send(surface, "HEAD", "k")
            #expect(running.header("x-oss-restore") == "ongoing-request=\"true\"")
            let early = try await send(surface, "GET", "k")
            #expect(early.element("Code") == "InvalidObjectState")

            surface.clock.nowMilliseconds += 10_000
            let read = try await send(surface, "GET", "k")
            #expect(read.text == "cold")
            let told = read.header("x-oss-restore") ?? ""
            #expect(told.hasPrefix("ongoing-request=\"false\", expiry-date=\""))
            let repeated = try await send(surface, "POST", "k?restore")
            #expect(repeated.status == 200)

            surface.clock.nowMilliseconds += 24 * 3_600 * 1_000
            let late = try await send(surface, "GET", "k")
            #expect(late.element("Code") == "InvalidObjectState")
        }
    }

    @Test(arguments: ["Standard", "IA"])
    func whatIsNotArchivedIsNotRestored(storageClass: String) async throws {
        try await withSurface { surface in
            _ = try await surface.put("k", "warm", [("x-oss-storage-class", storageClass)])
            for call in ["k?restore", "k?cleanRestoredObject"] {
                let refused = try await send(surface, "POST", call)
                #expect(refused.status == 400)
                #expect(refused.element("Code") == "OperationNotSupported")
            }
            let read = try await send(surface, "GET", "k")
            #expect(read.text == "warm")
        }
    }

    @Test(arguments: [
        "<RestoreRequest><Days>0</Days></RestoreRequest>", "<RestoreRequest><Days>8</Days></RestoreRequest>",
        "<RestoreRequest><Days>-1</Days></RestoreRequest>", "<RestoreRequest><Days>x</Days></RestoreRequest>",
        "<RestoreRequest><JobParameters><Tier>Fast</Tier></JobParameters></RestoreRequest>", "<Other/>", "nonsense",
        "<RestoreRequest><JobParameters><Tier>Bulk</Tier></JobParameters></RestoreRequest>",
    ])
    func aBadWishRestoresNothing(document: String) async throws {
        try await withSurface { surface in
            _ = try await surface.put("k", "cold", [("x-oss-storage-class", "Archive")])
            let refused = try await send(surface, "POST", "k?restore", [], document)
            #expect(refused.status == 400)
            let head = try await send(surface, "HEAD", "k")
            #expect(head.header("x-oss-restore") == nil)
        }
    }

    @Test(arguments: ["Expedited", "Standard", "Bulk"])
    func theTierOfAColdRestorationIsTold(tier: String) async throws {
        try await withSurface { surface in
            _ = try await surface.put("k", "cold", [("x-oss-storage-class", "ColdArchive")])
            let wish = "<RestoreRequest><JobParameters><Tier>\(tier)</Tier></JobParameters></RestoreRequest>"
            let answer = try await send(surface, "POST", "k?restore", [], wish)
            #expect(answer.status == 202)
            #expect(answer.header("x-oss-object-restore-priority") == tier)
        }
    }

    @Test func aRestorationEndsOnRequestAndIsNotCopied() async throws {
        try await withSurface { surface in
            _ = try await surface.put("k", "cold", [("x-oss-storage-class", "Archive"), ("Cache-Control", "a")])
            let source = [("x-oss-copy-source", "/bucket/k"), ("x-oss-storage-class", "Archive")]
            let frozen = try await send(surface, "PUT", "copy", source)
            #expect(frozen.element("Code") == "InvalidObjectState")
            _ = try await send(surface, "POST", "k?restore")
            surface.clock.nowMilliseconds += 10_000
            let copied = try await send(surface, "PUT", "copy", source)
            #expect(copied.status == 200)
            let copy = try await send(surface, "HEAD", "copy")
            #expect(copy.header("x-oss-restore") == nil)
            #expect(copy.header("Cache-Control") == "a")
            let ended = try await send(surface, "POST", "k?cleanRestoredObject")
            #expect(ended.status == 200)
            let read = try await send(surface, "GET", "k")
            #expect(read.element("Code") == "InvalidObjectState")
            let kept = try await send(surface, "HEAD", "k")
            #expect(kept.header("Cache-Control") == "a")
            #expect(kept.header("x-oss-restored-times") == nil)
        }
    }

    @Test func nothingThatIsNotThereIsRestored() async throws {
        try await withSurface { surface in
            for target in ["missing?restore", "missing?cleanRestoredObject"] {
                let refused = try await send(surface, "POST", target)
                #expect(refused.element("Code") == "NoSuchKey")
            }
        }
    }

    @Test func encryptionIsTold() async throws {
        try await withSurface { surface in
            let written = try await surface.put("k", "x", [("x-oss-server-side-encryption", "AES256")])
            #expect(written.header("x-oss-server-side-encryption") == "AES256")
            let read = try await send(surface, "GET", "k")
            #expect(read.header("x-oss-server-side-encryption") == "AES256")
            let key = [
                ("x-oss-server-side-encryption", "KMS"), ("x-oss-server-side-data-encryption", "SM4"),
                ("x-oss-server-side-encryption-key-id", "1234"), ("x-oss-copy-source", "/bucket/k"),
            ]
            let copied = try await send(surface, "PUT", "copy", key)
            #expect(copied.status == 200)
            let copy = try await send(surface, "HEAD", "copy")
            #expect(copy.header("x-oss-server-side-encryption") == "KMS")
            #expect(copy.header("x-oss-server-side-data-encryption") == "SM4")
            #expect(copy.header("x-oss-server-side-encryption-key-id") == "1234")
            _ = try await send(surface, "PUT", "plain", [("x-oss-copy-source", "/bucket/k")])
            let plain = try await send(surface, "HEAD", "plain")
            #expect(plain.header("x-oss-server-side-encryption") == nil)
        }
    }

    @Test func aTransferIsHeldBackToItsLimit() async throws {
        try await withSurface { surface in
            // 100 KiB a second is the least that OSS takes; the bytes are few, so that the test is short.
            let bytes = String(repeating: "a", count: 51_200)
            let clock = ContinuousClock()
            let upload = try await clock.measure {
                let answer = try await surface.put("k", bytes, [("x-oss-traffic-limit", "819200")])
                #expect(answer.status == 200)
            }
            #expect(upload > .milliseconds(490))
            let download = try await clock.measure {
                let answer = try await send(surface, "GET", "k?x-oss-traffic-limit=819200")
                #expect(answer.body.count == 51_200)
            }
            #expect(download > .milliseconds(490))
        }
    }

    @Test func aLimitOnBothWaysOrOutsideItsRangeIsRefused() async throws {
        try await withSurface { surface in
            _ = try await surface.put("k", "x")
            for (query, headers) in [
                ("?x-oss-traffic-limit=819200", [("x-oss-traffic-limit", "819200")]), ("?x-oss-traffic-limit=1", []),
                ("?x-oss-traffic-limit=", []), ("", [("x-oss-traffic-limit", "99999999999999999999")]),
            ] {
                for method in ["GET", "PUT"] {
                    let refused = try await send(surface, method, "k\(query)", headers, method == "PUT" ? "y" : nil)
                    #expect(refused.element("Code") == "InvalidArgument")
                }
            }
        }
    }
}
