import Foundation
import NIOCore
import OSSClient
import OSSKit
import Testing

@Suite(.timeLimit(.minutes(5))) struct FileUploadTests {
    private static let size = 450_000
    private static let content = TransfersUnderTest.text(size)
    private static let key = "dir/é film.mp4"

    /// Fails the test unless nothing is left of an upload.
    private func expectNothingLeft(_ test: TransfersUnderTest, files: [String] = ["source"]) throws {
        #expect(test.store.uploads.isEmpty)
        #expect(try test.folder.names() == files)
    }

    @Test(arguments: [0, 1, 102_399, 102_400, 102_401, 204_799, 204_800, 204_801, 450_000])
    func filesOfAnyLengthArrive(size: Int) async throws {
        try await TransfersUnderTest.run { test in
            let content = TransfersUnderTest.text(size)
            let path = try test.folder.write("source", content)
            var properties = ObjectProperties(contentType: "video/mp4", userMetadata: ["author": "a"])
            properties.cacheControl = "no-cache"
            let found = try await test.transfers().upload(
                file: path, to: try ObjectKey(Self.key), UploadOptions(properties)
            ).run()
            let stored = try #require(test.store.objects[Self.key])
            #expect(stored.content == content)
            #expect(stored.eTag == found.eTag)
            #expect(found.crc64 == CRC64.of(Array(content.utf8)))
            #expect(found.sizeBytes == Int64(size))
            let wanted = ["content-type": "video/mp4", "cache-control": "no-cache", "x-oss-meta-author": "a"]
            #expect(stored.headers == wanted)
            let isWhole = size <= TransfersUnderTest.partSize
            #expect(test.store.asked.first == (isWhole ? "PUT" : "begin"))
            try expectNothingLeft(test)
        }
    }

    @Test(arguments: ["an error", "a cut connection", "a wrong checksum", "a lost last answer"])
    func faultsThatPassAreMadeGood(fault: String) async throws {
        try await TransfersUnderTest.run { test in
            let path = try test.folder.write("source", Self.content)
            let count = Count()
            test.store.setChange { request, answer in
                switch fault {
                case "a lost last answer": request.name == "complete" && count.next() == 1 ? .hangUp : answer
                case _ where !request.name.hasPrefix("part") || count.next() % 2 == 0: answer
                case "an error": .answer(500)
                case "a cut connection": .hangUp
                default: .answer(200, [("ETag", "\"E\""), ("x-oss-hash-crc64ecma", "1")])
                }
            }
            let found = try await test.transfers { $0.parallelParts = 1 }
                .upload(file: path, to: try ObjectKey(Self.key)).run()
            #expect(found.crc64 == CRC64.of(Array(Self.content.utf8)))
            #expect(test.store.objects[Self.key]?.content == Self.content)
            try expectNothingLeft(test)
        }
    }

    @Test(arguments: ["part 1", "part 3", "part 5", "complete"])
    func aFailureForGoodLeavesNothing(name: String) async throws {
        try await TransfersUnderTest.run { test in
            let path = try test.folder.write("source", Self.content)
            test.store.setFault { $0.name == name ? StandInStore.refusal(.accessDenied) : nil }
            let found = await #expect(throws: ServiceError.self) {
                try await test.transfers().upload(file: path, to: try ObjectKey(Self.key)).run()
            }
            #expect(found?.isCode(.accessDenied) == true)
            #expect(test.store.objects.isEmpty)
            try expectNothingLeft(test)
        }
    }

    @Test func whatCannotBeTakenAwayIsTold() async throws {
        try await TransfersUnderTest.run { test in
            let path = try test.folder.write("source", Self.content)
            test.store.setFault { request in
                ["part 2", "abort"].contains(request.name) ? StandInStore.refusal(.accessDenied) : nil
            }
            let found = await #expect(throws: UntidyTransferError.self) {
                try await test.transfers().upload(file: path, to: try ObjectKey(Self.key)).run()
            }
            #expect((found?.cause as? ServiceError)?.isCode(.accessDenied) == true)
            #expect(test.store.uploads.count == 1)
        }
    }

    @Test(arguments: [nil, "checkpoint"])
    func cancellingLeavesNothingButACheckpoint(checkpoint: String?) async throws {
        try await TransfersUnderTest.run { test in
            let path = try test.folder.write("source", Self.content)
            let arrived = Signal()
            test.store.setFault { request in
                guard request.name == "part 4" else { return nil }
                arrived.send()
                return .silence
            }
            let options = UploadOptions(checkpoint: checkpoint.map { test.folder.file($0) })
            let upload = test.transfers().upload(file: path, to: try ObjectKey(Self.key), options)
            let task = Task {
                // A transfer that ends too early must not be waited for.
                defer { arrived.send() }
                return try await upload.run()
            }
            await arrived.wait()
            task.cancel()
            await #expect(throws: CancellationError.self) { try await task.value }
            #expect(test.store.objects.isEmpty)
            guard checkpoint != nil else {
                try expectNothingLeft(test)
                return
            }
            #expect(test.store.uploads.count == 1)
            let names = try test.folder.names()
            #expect(names == ["checkpoint", "source"])
            try await test.transfers().abandon(checkpoint: test.folder.file("checkpoint"))
            try expectNothingLeft(test)
        }
    }

    @Test func whoIsCancelledBeforeTheBeginningAsksForNothing() async throws {
        try await TransfersUnderTest.run { test in
            let path = try test.folder.write("source", Self.content)
            let upload = test.transfers().upload(file: path, to: try ObjectKey(Self.key))
            let task = Task {
                withUnsafeCurrentTask { $0?.cancel() }
                return try await upload.run()
            }
            await #expect(throws: CancellationError.self) { try await task.value }
            #expect(test.store.objects.isEmpty)
            try expectNothingLeft(test)
        }
    }

    @Test(arguments: ["folder", "missing"])
    func whatIsNoFileIsNotSent(name: String) async throws {
        try await TransfersUnderTest.run { test in
            try FileManager.default.createDirectory(
                atPath: test.folder.file("folder"), withIntermediateDirectories: true)
            let found = await #expect(throws: (any Error).self) {
                try await test.transfers().upload(
                    file: test.folder.file(name), to: try ObjectKey(Self.key)
                ).run()
            }
            if name == "folder" {
                #expect(found as? TransferError == .notARegularFile(path: test.folder.file("folder")))
            }
            #expect(test.store.asked.isEmpty)
        }
    }

    @Test(arguments: ["overwritten", "grown", "cut", "replaced", "removed"])
    func aFileThatChangesWhileItIsSentNeverBecomesAnObject(change: String) async throws {
        try await TransfersUnderTest.run { test in
            let path = try test.folder.write("source", Self.content)
            let folder = test.folder
            test.store.setFault { request in
                guard request.name == "part 2" else { return nil }
                do {
                    try Self.apply(change, to: path, in: folder)
                } catch {
                    Issue.record(error)
                }
                return nil
            }
            let found = await #expect(throws: TransferError.self) {
                try await test.transfers { $0.parallelParts = 1 }.upload(
                    file: path, to: try ObjectKey(Self.key),
                    UploadOptions(checkpoint: folder.file("checkpoint"))
                ).run()
            }
            #expect(found == .sourceFileChanged(path: path))
            #expect(test.store.objects.isEmpty)
            try expectNothingLeft(test, files: change == "removed" ? [] : ["source"])
        }
    }

    @Test func aFileThatChangesDuringItsOnlyRequestNeverBecomesAnObject() async throws {
        try await TransfersUnderTest.run { test in
            let content = TransfersUnderTest.text(100_000)
            let path = try test.folder.write("source", content)
            let folder = test.folder
            let count = Count()
            // The clock is looked at for every piece.
            let now: @Sendable () -> Duration = {
                if count.next() == 4 {
                    do {
                        try Self.apply("overwritten", to: path, in: folder)
                    } catch {
                        Issue.record(error)
                    }
                }
                return .zero
            }
            let limit = BandwidthLimit(bytesPerSecond: 80_000)
            let found = await #expect(throws: TransferError.self) {
                try await test.transfers({ $0.bandwidthLimit = limit }, now: now)
                    .upload(file: path, to: try ObjectKey(Self.key)).run()
            }
            #expect(found == .sourceFileChanged(path: path))
            #expect(test.store.objects.isEmpty)
        }
    }

    private static func apply(_ change: String, to path: String, in folder: TestFolder) throws {
        switch change {
        case "overwritten":
            try folder.overwrite("source", at: 0, with: "#")
        case "grown": try folder.append("source", "x")
        case "cut": try folder.truncate("source", to: 200_000)
        case "replaced":
            try folder.write("other", content)
            try FileManager.default.removeItem(atPath: path)
            try FileManager.default.moveItem(atPath: folder.file("other"), toPath: path)
        default: try FileManager.default.removeItem(atPath: path)
        }
    }

    @Test func theLimitHoldsForAllPartsTogether() async throws {
        try await TransfersUnderTest.run { test in
            let path = try test.folder.write("source", Self.content)
            let limit = BandwidthLimit(bytesPerSecond: 100_000)
            _ = try await test.transfers { $0.bandwidthLimit = limit }
                .upload(file: path, to: try ObjectKey(Self.key)).run()
            // The clock stands still, so the last one waits for all bytes but those that the bucket held.
            let longest = test.pauses.all.max() ?? .zero
            #expect(longest > .milliseconds(4_399) && longest < .milliseconds(4_401))
            #expect(test.store.objects[Self.key]?.content == Self.content)
        }
    }
}
