import OSSClient
import OSSKit
import Testing

@Suite(.timeLimit(.minutes(5))) struct ObjectCopyTests {
    private static let content = TransfersUnderTest.text(450_000)

    private func copy(
        _ test: TransfersUnderTest, _ options: CopyObjectOptions = CopyObjectOptions()
    ) async throws -> CopyOutcome {
        try await test.transfers().copy(
            from: CopySource(key: try ObjectKey("source")), to: try ObjectKey("copy"), options
        ).run()
    }

    @Test(arguments: [0, 1, 102_400, 102_401, 450_000])
    func objectsOfAnyLengthAreCopied(size: Int) async throws {
        try await TransfersUnderTest.run { test in
            let content = TransfersUnderTest.text(size)
            let headers = ["content-type": "video/mp4", "cache-control": "no-cache", "x-oss-meta-author": "a"]
            test.store.put("source", content, headers: headers)
            let found = try await copy(test)
            #expect(found.crc64 == CRC64.of(Array(content.utf8)))
            #expect(found.sizeBytes == Int64(size))
            #expect(test.store.objects["copy"]?.content == content)
            #expect(test.store.objects["copy"]?.headers == headers)
            #expect(test.store.uploads.isEmpty)
            let parts = test.store.requests.filter { $0.partNumber != nil }
            #expect(parts.count == (size > 102_400 ? (size + 102_399) / 102_400 : 0))
            let eTag = StandInStore.eTag(content)
            #expect(parts.allSatisfy { $0.header("x-oss-copy-source-if-match") == eTag })
        }
    }

    @Test func replacedPropertiesAreStored() async throws {
        try await TransfersUnderTest.run { test in
            test.store.put("source", Self.content, headers: ["content-type": "video/mp4"])
            _ = try await copy(test, CopyObjectOptions(replacingProperties: ObjectProperties(contentType: "a/b")))
            let found = test.store.objects["copy"]?.headers
            #expect(found == ["content-type": "a/b"])
        }
    }

    @Test(arguments: [[OSSKit.Tag("k", "v"), OSSKit.Tag("a", "b c")], []])
    func tagsAloneAreReplaced(tags: [OSSKit.Tag]) async throws {
        for size in [1, 450_000] {
            try await TransfersUnderTest.run { test in
                let headers = ["content-type": "video/mp4", "x-oss-meta-author": "a"]
                test.store.put("source", TransfersUnderTest.text(size), headers: headers)
                var options = CopyObjectOptions()
                options.replacingTags = tags
                _ = try await copy(test, options)
                let found = test.store.objects["copy"]?.headers
                #expect(found == headers)
                let written = try #require(test.store.requests.first { ["PUT", "POST"].contains($0.method) })
                #expect(written.header("x-oss-tagging") == (tags.isEmpty ? nil : "k=v&a=b%20c"))
                #expect(written.header("x-oss-tagging-directive") == (size == 1 ? "Replace" : nil))
                #expect(written.header("x-oss-metadata-directive") == nil)
            }
        }
    }

    @Test func aSourceThatChangesMeanwhileLeavesNothing() async throws {
        try await TransfersUnderTest.run { test in
            test.store.put("source", Self.content)
            let store = test.store
            store.setFault { request in
                if request.name == "part 3" {
                    store.put("source", "other")
                }
                return nil
            }
            let found = await #expect(throws: TransferError.self) { try await copy(test) }
            #expect(found == .objectChanged)
            #expect(store.uploads.isEmpty)
            #expect(store.objects["copy"] == nil)
        }
    }

    @Test func aCopyWithAnotherChecksumIsAnError() async throws {
        try await TransfersUnderTest.run { test in
            test.store.put("source", Self.content)
            test.store.setChange { request, answer in
                guard request.name == "complete", case .answer(let status, _, let body) = answer else { return answer }
                return .answer(status, [("x-oss-hash-crc64ecma", "1")], body: body)
            }
            let found = await #expect(throws: OSSClientError.self) { try await copy(test) }
            guard case .wrongChecksum? = found else {
                Issue.record("\(String(describing: found))")
                return
            }
        }
    }

    @Test(arguments: ["begin", "part 2", "complete"])
    func aFailureLeavesNothing(name: String) async throws {
        try await TransfersUnderTest.run { test in
            test.store.put("source", Self.content)
            test.store.setFault { $0.name == name ? StandInStore.refusal(.accessDenied) : nil }
            await #expect(throws: ServiceError.self) { try await copy(test) }
            #expect(test.store.uploads.isEmpty)
            #expect(test.store.objects["copy"] == nil)
        }
    }
}
