import NIOCore
import OSSClient
import OSSKit
import Testing

@Suite(.timeLimit(.minutes(5))) struct MultipartTests {
    private static let content = "hello"

    private func number(_ value: Int) throws -> PartNumber { try #require(PartNumber(value)) }

    @Test func anUploadInPartsBecomesAnObject() async throws {
        let store = StandInStore()
        try await ClientUnderTest.run(store.script) { test, server in
            var properties = ObjectProperties(contentType: "text/plain", userMetadata: ["author": "a"])
            properties.cacheControl = "no-cache"
            let upload = try await test.client.initiateMultipartUpload(
                try ObjectKey("a b/é+"), properties, forbidsOverwrite: true)
            let second = try await test.client.uploadPart(upload, try number(2), .text(" world"))
            let first = try await test.client.uploadPart(upload, try number(1), .text("hello"))
            #expect(first.crc64 == OSSClientTests.helloCRC64)
            #expect(first.sizeBytes == 5)
            let completed = try await test.client.completeMultipartUpload(upload, .listed([first, second]))
            #expect(completed.crc64 == 5_981_764_153_023_615_706)
            let stored = try #require(store.objects["a b/é+"])
            #expect(stored.content == "hello world")
            #expect(stored.eTag == completed.eTag)
            let wanted = ["content-type": "text/plain", "cache-control": "no-cache", "x-oss-meta-author": "a"]
            #expect(stored.headers == wanted)
            #expect(store.requests.first?.header("x-oss-forbid-overwrite") == "true")
            #expect(store.uploads.isEmpty)
            for request in server.requests {
                try ClientUnderTest.verify(request)
            }
        }
    }

    @Test func allPartsMakeTheObjectWhereNoneIsListed() async throws {
        let store = StandInStore()
        try await ClientUnderTest.run(store.script) { test, _ in
            let upload = try await test.client.initiateMultipartUpload(try ObjectKey("k"))
            _ = try await test.client.uploadPart(upload, try number(7), .text("b"))
            _ = try await test.client.uploadPart(upload, try number(3), .text("a"))
            let completed = try await test.client.completeMultipartUpload(upload, .all)
            #expect(store.objects["k"]?.content == "ab")
            #expect(completed.crc64 == CRC64.of(Array("ab".utf8)))
            let last = try #require(store.requests.last)
            #expect(last.header("x-oss-complete-all") == "yes")
            #expect(last.body.isEmpty)
        }
    }

    @Test(arguments: ["begin", "part 1", "complete", "abort"])
    func whatMayPassIsTriedAgain(name: String) async throws {
        let store = StandInStore()
        let count = Count()
        store.setFault { $0.name == name && count.next() < 3 ? .answer(503) : nil }
        try await ClientUnderTest.run(store.script) { test, _ in
            let upload = try await test.client.initiateMultipartUpload(try ObjectKey("k"))
            let part = try await test.client.uploadPart(upload, try number(1), .text("hello"))
            if name == "abort" {
                try await test.client.abortMultipartUpload(upload)
            } else {
                try await test.client.completeMultipartUpload(upload, .listed([part]))
            }
            #expect(store.asked.count { $0 == name } == 3)
        }
    }

    @Test func aPartThatArrivedWrongIsSentAgain() async throws {
        let store = StandInStore()
        let count = Count()
        store.setChange { request, answer in
            guard request.name == "part 1", count.next() < 3 else { return answer }
            return .answer(200, [("ETag", "\"E\""), ("x-oss-hash-crc64ecma", "1")])
        }
        try await ClientUnderTest.run(store.script) { test, _ in
            let upload = try await test.client.initiateMultipartUpload(try ObjectKey("k"))
            _ = try await test.client.uploadPart(upload, try number(1), .text("hello"))
            #expect(store.asked == ["begin", "part 1", "part 1", "part 1"])
            store.setChange { _, _ in .answer(200, [("ETag", "\"E\""), ("x-oss-hash-crc64ecma", "1")]) }
            let found = await #expect(throws: OSSClientError.self) {
                try await test.client.uploadPart(upload, try number(1), .text("hello"))
            }
            guard case .wrongChecksum? = found else {
                Issue.record("\(String(describing: found))")
                return
            }
        }
    }

    @Test func aWholeWithAnotherChecksumIsAnErrorAndIsNotAskedForAgain() async throws {
        let store = StandInStore()
        store.setChange { request, answer in
            guard request.name == "complete", case .answer(let status, _, let body) = answer else { return answer }
            return .answer(status, [("x-oss-hash-crc64ecma", "1")], body: body)
        }
        try await ClientUnderTest.run(store.script) { test, _ in
            let upload = try await test.client.initiateMultipartUpload(try ObjectKey("k"))
            let part = try await test.client.uploadPart(upload, try number(1), .text("hello"))
            let found = await #expect(throws: OSSClientError.self) {
                try await test.client.completeMultipartUpload(upload, .listed([part]))
            }
            guard case .wrongChecksum? = found else {
                Issue.record("\(String(describing: found))")
                return
            }
            #expect(store.asked == ["begin", "part 1", "complete"])
        }
    }

    @Test func aLostAnswerOfTheLastCallIsMadeGoodByALookAtTheObject() async throws {
        let store = StandInStore()
        let count = Count()
        store.setChange { request, answer in request.name == "complete" && count.next() == 1 ? .hangUp : answer }
        try await ClientUnderTest.run(store.script) { test, _ in
            let upload = try await test.client.initiateMultipartUpload(try ObjectKey("k"))
            let part = try await test.client.uploadPart(upload, try number(1), .text("hello"))
            let completed = try await test.client.completeMultipartUpload(upload, .listed([part]))
            #expect(completed.crc64 == OSSClientTests.helloCRC64)
            #expect(store.asked == ["begin", "part 1", "complete", "complete", "HEAD"])
        }
    }

    @Test(arguments: [true, false])
    func anObjectThatMayNotBeReplacedIsOursOnlyAfterALostAnswer(isLost: Bool) async throws {
        let store = StandInStore()
        try await ClientUnderTest.run(store.script) { test, _ in
            let first = try await test.client.initiateMultipartUpload(try ObjectKey("k"))
            let part = try await test.client.uploadPart(first, try number(1), .text("hello"))
            try await test.client.completeMultipartUpload(first, .listed([part]))
            let second = try await test.client.initiateMultipartUpload(try ObjectKey("k"))
            _ = try await test.client.uploadPart(second, try number(1), .text("hello"))
            store.forget()
            let count = Count()
            store.setFault { request in
                guard request.name == "complete" else { return nil }
                return isLost && count.next() == 1 ? .hangUp : StandInStore.refusal(.fileAlreadyExists)
            }
            if isLost {
                try await test.client.completeMultipartUpload(second, .listed([part]))
                #expect(store.asked == ["complete", "complete", "HEAD", "abort"])
                #expect(store.uploads.isEmpty)
            } else {
                let found = await #expect(throws: ServiceError.self) {
                    try await test.client.completeMultipartUpload(second, .listed([part]))
                }
                #expect(found?.isCode(.fileAlreadyExists) == true)
                #expect(store.asked == ["complete"])
            }
        }
    }

    @Test(arguments: ["hallo", "hello world", nil])
    func anotherObjectDoesNotPassForTheOneOfTheParts(content: String?) async throws {
        let store = StandInStore()
        try await ClientUnderTest.run(store.script) { test, _ in
            let upload = try await test.client.initiateMultipartUpload(try ObjectKey("k"))
            let part = try await test.client.uploadPart(upload, try number(1), .text("hello"))
            store.removeUploads()
            if let content { store.put("k", content) }
            let found = await #expect(throws: ServiceError.self) {
                try await test.client.completeMultipartUpload(upload, .listed([part]))
            }
            #expect(found?.isCode(.noSuchUpload) == true)
        }
    }

    @Test(arguments: [[], [2, 1], [1, 1]])
    func aWrongListOfPartsIsNotSent(numbers: [Int]) async throws {
        let store = StandInStore()
        try await ClientUnderTest.run(store.script) { test, _ in
            let upload = MultipartUpload(key: try ObjectKey("k"), uploadID: try UploadID("U"))
            let parts = try numbers.map { UploadedPart(number: try number($0), eTag: "\"E\"") }
            await #expect(throws: OSSError.self) {
                try await test.client.completeMultipartUpload(upload, .listed(parts))
            }
            #expect(store.asked.isEmpty)
        }
    }

    @Test func partsAreListedPageByPage() async throws {
        let store = StandInStore()
        try await ClientUnderTest.run(store.script) { test, server in
            let upload = try await test.client.initiateMultipartUpload(try ObjectKey("k"))
            var wanted: [UploadedPart] = []
            for value in [1, 2, 5, 9, 10_000] {
                wanted.append(try await test.client.uploadPart(upload, try number(value), .text("part \(value)")))
            }
            store.forget()
            let found = try await test.client.parts(of: upload).collect(upTo: 100).map { UploadedPart($0) }
            #expect(found == wanted)
            #expect(store.asked == ["list parts", "list parts", "list parts"])
            try ClientUnderTest.verify(try #require(server.requests.last))
        }
    }

    @Test(arguments: ["another upload", "another key", "the same page", "descending"])
    func aListThatIsNotTheAnswerIsAnError(fault: String) async throws {
        let store = StandInStore()
        try await ClientUnderTest.run(store.script) { test, _ in
            let key = try ObjectKey(fault == "another key" ? "l" : "k")
            let uploadID = try UploadID(fault == "another upload" ? "V" : "U")
            let numbers = fault == "descending" ? [2, 1] : [1, 2]
            let result = ListPartsResult(
                question: .init(bucket: "workspace", key: key, uploadID: uploadID),
                parts: numbers.compactMap { PartNumber($0) }.map {
                    .init(number: $0, lastModifiedMilliseconds: 0, eTag: "\"E\"", sizeBytes: 1, crc64: nil)
                }, isTruncated: true)
            store.setFault { _ in .answer(200, body: result.write()) }
            let upload = MultipartUpload(key: try ObjectKey("k"), uploadID: try UploadID("U"))
            let found = await #expect(throws: OSSClientError.self) {
                for try await _ in test.client.parts(of: upload) {}
            }
            guard case .malformedAnswer? = found else {
                Issue.record("\(String(describing: found))")
                return
            }
        }
    }

    @Test func uploadsAreListedPageByPage() async throws {
        let store = StandInStore()
        let keys = ["a b", "a b", "é&"]
        store.setFault { request in
            guard request.name == "list uploads" else { return nil }
            let start = request.number("upload-id-marker") ?? 0
            var question = ListMultipartUploadsResult.Question(bucket: "workspace", prefix: "p")
            question.isURLEncoded = true
            guard let key = try? ObjectKey(keys[start]), let uploadID = try? UploadID(String(start + 1)) else {
                return .answer(400)
            }
            let next =
                start + 1 < keys.count
                ? ListMultipartUploadsResult.Marker(key: key.text, uploadID: "\(start + 1)") : nil
            let result = ListMultipartUploadsResult(
                question: question, uploads: [.init(key: key, uploadID: uploadID, initiatedMilliseconds: 0)],
                next: next)
            return .answer(200, body: result.write())
        }
        try await ClientUnderTest.run(store.script) { test, server in
            var found: [String] = []
            for try await upload in test.client.multipartUploads(.init(prefix: "p", delimiter: "/")) {
                found.append("\(upload.key) \(upload.uploadID)")
            }
            #expect(found == ["a b 1", "a b 2", "é& 3"])
            #expect(store.asked.count == 3)
            #expect(server.requests.last?.head.uri.contains("key-marker=a%20b&upload-id-marker=2") == true)
            for request in server.requests {
                try ClientUnderTest.verify(request)
            }
        }
    }

    @Test func aPartIsCopied() async throws {
        let store = StandInStore()
        store.put("source é", "0123456789")
        let eTag = StandInStore.eTag("0123456789")
        try await ClientUnderTest.run(store.script) { test, server in
            let upload = try await test.client.initiateMultipartUpload(try ObjectKey("k"))
            var conditions = ObjectConditions()
            conditions.ifMatch = eTag
            store.setFault { request in
                guard request.copySource != nil else { return nil }
                let isRight =
                    request.header("x-oss-copy-source") == "/workspace/source%20%C3%A9"
                    && request.header("x-oss-copy-source-range") == "bytes=2-5"
                    && request.header("x-oss-copy-source-if-match") == eTag
                let body = CopyPartResult(eTag: "\"AB\"", lastModifiedMilliseconds: 0).write()
                return isRight ? .answer(200, body: body) : .answer(400)
            }
            let part = try await test.client.uploadPartCopy(
                upload, try number(1), from: CopySource(key: try ObjectKey("source é")), range: 2...5,
                conditions: conditions)
            #expect(part == UploadedPart(number: try number(1), eTag: "\"AB\"", sizeBytes: 4))
            try ClientUnderTest.verify(try #require(server.requests.last))
        }
    }

    @Test func anUploadThatIsGoneIsAborted() async throws {
        let store = StandInStore()
        try await ClientUnderTest.run(store.script) { test, _ in
            let upload = try await test.client.initiateMultipartUpload(try ObjectKey("k"))
            try await test.client.abortMultipartUpload(upload)
            try await test.client.abortMultipartUpload(upload)
            #expect(store.uploads.isEmpty)
            store.setFault { _ in StandInStore.refusal(.accessDenied) }
            await #expect(throws: ServiceError.self) { try await test.client.abortMultipartUpload(upload) }
        }
    }

    @Test(arguments: [
        "", "<html></html>",
        "<InitiateMultipartUploadResult><Key>other</Key><UploadId>U</UploadId></InitiateMultipartUploadResult>",
        "<InitiateMultipartUploadResult><Key>k</Key><UploadId></UploadId></InitiateMultipartUploadResult>",
    ])
    func aBeginningThatCannotBeReadIsAnError(body: String) async throws {
        try await ClientUnderTest.run({ _, _ in .answer(200, body: body) }) { test, _ in
            let found = await #expect(throws: OSSClientError.self) {
                try await test.client.initiateMultipartUpload(try ObjectKey("k"))
            }
            guard case .malformedAnswer? = found else {
                Issue.record("\(String(describing: found))")
                return
            }
        }
    }
}
