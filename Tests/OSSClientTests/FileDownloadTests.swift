import Foundation
import OSSClient
import OSSKit
import Testing

@Suite(.timeLimit(.minutes(5))) struct FileDownloadTests {
    private static let content = TransfersUnderTest.text(450_000)
    private static let key = "dir/é film.mp4"

    @discardableResult
    private func download(
        _ test: TransfersUnderTest, checkpoint: String? = nil, width: Int = 2
    ) async throws -> DownloadOutcome {
        let options = DownloadOptions(checkpoint: checkpoint.map { test.folder.file($0) })
        return try await test.transfers { $0.parallelParts = width }
            .download(try ObjectKey(Self.key), toFile: test.folder.file("target"), options).run()
    }

    @Test(arguments: [0, 1, 102_399, 102_400, 102_401, 204_800, 204_801, 450_000])
    func objectsOfAnyLengthArrive(size: Int) async throws {
        try await TransfersUnderTest.run { test in
            let content = TransfersUnderTest.text(size)
            test.store.put(Self.key, content, headers: ["x-oss-meta-author": "a"])
            let found = try await download(test)
            #expect(test.folder.read("target") == content)
            #expect(found.crc64 == CRC64.of(Array(content.utf8)))
            #expect(found.metadata.userMetadata == ["author": "a"])
            let names = try test.folder.names()
            #expect(names == ["target"])
            let ranges = test.store.requests.filter { $0.method == "GET" }
            #expect(ranges.count == (size + 102_399) / 102_400)
            #expect(ranges.allSatisfy { $0.header("If-Match") == StandInStore.eTag(content) })
        }
    }

    @Test(arguments: ["an error", "a cut connection", "a cut body"])
    func faultsThatPassAreMadeGood(fault: String) async throws {
        try await TransfersUnderTest.run { test in
            test.store.put(Self.key, Self.content)
            let count = Count()
            test.store.setChange { request, answer in
                guard request.method == "GET", count.next() % 2 == 1 else { return answer }
                guard fault == "a cut body", case .answer(let status, let headers, let body) = answer else {
                    return fault == "an error" ? .answer(503) : .hangUp
                }
                let length = ("Content-Length", String(body.utf8.count))
                return .answer(status, headers + [length], body: String(body.prefix(50_000)))
            }
            try await download(test, width: 1)
            #expect(test.folder.read("target") == Self.content)
            let names = try test.folder.names()
            #expect(names == ["target"])
        }
    }

    @Test(arguments: [nil, "checkpoint"])
    func aWholeWithAnotherChecksumNeverAppears(checkpoint: String?) async throws {
        try await TransfersUnderTest.run { test in
            test.store.put(Self.key, Self.content)
            try test.folder.write("target", "what was there")
            test.store.setChange { request, answer in
                guard request.name.hasSuffix("bytes=204800-307199"),
                    case .answer(let status, let headers, let body) = answer
                else { return answer }
                return .answer(status, headers, body: "#" + body.dropFirst())
            }
            let found = await #expect(throws: OSSClientError.self) { try await download(test, checkpoint: checkpoint) }
            guard case .wrongChecksum? = found else {
                Issue.record("\(String(describing: found))")
                return
            }
            #expect(test.folder.read("target") == "what was there")
            let names = try test.folder.names()
            #expect(names == ["target"])
        }
    }

    @Test(arguments: ["a longer range", "another range", "the whole object", "another length of the object"])
    func bytesFromElsewhereAreNotTaken(fault: String) async throws {
        try await TransfersUnderTest.run { test in
            test.store.put(Self.key, Self.content)
            test.store.setChange { request, answer in
                guard request.method == "GET", case .answer(let status, var headers, let body) = answer else {
                    return answer
                }
                headers.removeAll { $0.0 == "Content-Range" }
                let size = fault == "another length of the object" ? 450_001 : 450_000
                let range =
                    switch fault {
                    case "another range": "bytes 1-102400/\(size)"
                    case "a longer range": "bytes 0-102400/\(size)"
                    default: request.bounds("Range").map { "bytes \($0.lowerBound)-\($0.upperBound)/\(size)" } ?? ""
                    }
                return .answer(
                    fault == "the whole object" ? 200 : status, headers + [("Content-Range", range)], body: body)
            }
            await #expect(throws: (any Error).self) { try await download(test, checkpoint: "checkpoint", width: 1) }
            #expect(test.folder.read("target") == nil)
        }
    }

    @Test(arguments: ["replaced", "removed"])
    func anObjectThatChangesMeanwhileIsAnError(change: String) async throws {
        try await TransfersUnderTest.run { test in
            test.store.put(Self.key, Self.content)
            let store = test.store
            store.setFault { request in
                guard request.name.hasSuffix("bytes=102400-204799") else { return nil }
                return StandInStore.refusal(change == "removed" ? .noSuchKey : .preconditionFailed)
            }
            let found = await #expect(throws: TransferError.self) {
                try await download(test, checkpoint: "checkpoint")
            }
            #expect(found == .objectChanged)
            let names = try test.folder.names()
            #expect(names == [])
        }
    }

    @Test func aMissingObjectLeavesNothing() async throws {
        try await TransfersUnderTest.run { test in
            let found = await #expect(throws: ServiceError.self) { try await download(test, checkpoint: "checkpoint") }
            #expect(found?.isMissingObject == true)
            let names = try test.folder.names()
            #expect(names == [])
        }
    }

    @Test func aFolderIsNotReplaced() async throws {
        try await TransfersUnderTest.run { test in
            let target = test.folder.file("target")
            try FileManager.default.createDirectory(atPath: target, withIntermediateDirectories: true)
            let found = await #expect(throws: TransferError.self) { try await download(test) }
            #expect(found == .targetNotReplaceable(path: target))
            #expect(test.store.asked.isEmpty)
        }
    }

    @Test(arguments: [nil, "checkpoint"])
    func cancellingLeavesNothingButACheckpoint(checkpoint: String?) async throws {
        try await TransfersUnderTest.run { test in
            test.store.put(Self.key, Self.content)
            let arrived = Signal()
            test.store.setFault { request in
                guard request.name.hasSuffix("bytes=307200-409599") else { return nil }
                arrived.send()
                return .silence
            }
            let options = DownloadOptions(checkpoint: checkpoint.map { test.folder.file($0) })
            let transfer = test.transfers().download(
                try ObjectKey(Self.key), toFile: test.folder.file("target"), options)
            let task = Task {
                // A transfer that ends too early must not be waited for.
                defer { arrived.send() }
                return try await transfer.run()
            }
            await arrived.wait()
            task.cancel()
            await #expect(throws: CancellationError.self) { try await task.value }
            let names = try test.folder.names()
            guard checkpoint != nil else {
                #expect(names == [])
                return
            }
            #expect(names.count == 2 && names.last?.hasSuffix(".part") == true)
            try await test.transfers().abandon(checkpoint: test.folder.file("checkpoint"))
            let left = try test.folder.names()
            #expect(left == [])
        }
    }

    @Test func progressComesToTheEnd() async throws {
        try await TransfersUnderTest.run { test in
            test.store.put(Self.key, Self.content)
            let transfer = test.transfers().download(try ObjectKey(Self.key), toFile: test.folder.file("target"))
            async let outcome = transfer.run()
            var last = TransferProgress()
            for await progress in transfer.progress {
                #expect(progress.transferredBytes <= 450_000)
                last = progress
            }
            _ = try await outcome
            #expect(last.transferredBytes == 450_000 && last.totalBytes == 450_000)
            #expect(last.finishedParts == 5 && last.totalParts == 5)
        }
    }

    // MARK: Going on

    /// Leaves an unfinished file behind that has three parts, and a checkpoint.
    private func interrupt(_ test: TransfersUnderTest) async throws {
        test.store.put(Self.key, Self.content)
        test.store.setFault { request in
            request.name.hasSuffix("bytes=307200-409599") ? StandInStore.refusal(.accessDenied) : nil
        }
        await #expect(throws: ServiceError.self) { try await download(test, checkpoint: "checkpoint", width: 1) }
        let remaining = try unfinished(test)
        #expect(remaining != nil)
        #expect(test.folder.read("target") == nil)
        test.store.forget()
    }

    private func unfinished(_ test: TransfersUnderTest) throws -> String? {
        try test.folder.names().first { $0.hasSuffix(".part") }
    }

    @Test func whatIsThereIsNotFetchedAgain() async throws {
        try await TransfersUnderTest.run { test in
            try await interrupt(test)
            try await download(test, checkpoint: "checkpoint", width: 1)
            #expect(test.store.asked == ["HEAD", "GET bytes=307200-409599", "GET bytes=409600-449999"])
            #expect(test.folder.read("target") == Self.content)
            let names = try test.folder.names()
            #expect(names == ["target"])
        }
    }

    @Test func damagedBytesAreFetchedAgain() async throws {
        try await TransfersUnderTest.run { test in
            try await interrupt(test)
            let name = try #require(try unfinished(test))
            try test.folder.overwrite(name, at: 150_000, with: "#")
            try await download(test, checkpoint: "checkpoint", width: 1)
            #expect(test.store.asked[1] == "GET bytes=102400-204799")
            #expect(test.store.asked.count == 4)
            #expect(test.folder.read("target") == Self.content)
        }
    }

    @Test(arguments: ["another object", "removed", "cut", "torn checkpoint"])
    func whatCannotGoOnBeginsAnew(change: String) async throws {
        try await TransfersUnderTest.run { test in
            try await interrupt(test)
            let name = try #require(try unfinished(test))
            var content = Self.content
            switch change {
            case "another object":
                content = TransfersUnderTest.text(450_000, seed: 2)
                test.store.put(Self.key, content)
            case "removed": try FileManager.default.removeItem(atPath: test.folder.file(name))
            case "cut": try test.folder.truncate(name, to: 1_000)
            default:
                try test.folder.truncate("checkpoint", to: 100)
                // Nobody knows any more whose it is.
                try FileManager.default.moveItem(
                    atPath: test.folder.file(name), toPath: test.folder.file("stray"))
            }
            try await download(test, checkpoint: "checkpoint", width: 1)
            #expect(test.store.asked.count == 6)
            #expect(test.folder.read("target") == content)
            let remaining = try unfinished(test)
            #expect(remaining == nil)
            #expect(test.folder.read("checkpoint") == nil)
        }
    }

    @Test func twoDoNotShareACheckpoint() async throws {
        try await TransfersUnderTest.run { test in
            try await interrupt(test)
            let arrived = Signal()
            test.store.setFault { request in
                guard request.method == "GET" else { return nil }
                arrived.send()
                return .silence
            }
            let first = Task {
                defer { arrived.send() }
                return try await download(test, checkpoint: "checkpoint")
            }
            await arrived.wait()
            let found = await #expect(throws: TransferError.self) {
                try await download(test, checkpoint: "checkpoint")
            }
            #expect(found == .checkpointInUse(path: test.folder.file("checkpoint")))
            first.cancel()
            await #expect(throws: CancellationError.self) { try await first.value }
            let remaining = try unfinished(test)
            #expect(remaining != nil)
        }
    }
}
