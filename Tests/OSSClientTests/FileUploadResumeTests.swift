import Foundation
import OSSClient
import OSSKit
import Testing

@Suite(.timeLimit(.minutes(5))) struct FileUploadResumeTests {
    private static let content = TransfersUnderTest.text(450_000)
    private static let key = "film.mp4"

    /// Leaves an upload behind that has all parts before one, and a checkpoint.
    private func interrupt(_ test: TransfersUnderTest, at name: String = "part 4") async throws {
        try test.folder.write("source", Self.content)
        test.store.setFault { $0.name == name ? StandInStore.refusal(.accessDenied) : nil }
        await #expect(throws: ServiceError.self) { try await upload(test) }
        #expect(test.store.uploads.count == 1)
        let names = try test.folder.names()
        #expect(names == ["checkpoint", "source"])
        test.store.forget()
    }

    @discardableResult
    private func upload(
        _ test: TransfersUnderTest, _ properties: ObjectProperties = ObjectProperties()
    ) async throws -> UploadOutcome {
        let transfers = test.transfers { $0.parallelParts = 1 }
        return try await transfers.upload(
            file: test.folder.file("source"), to: try ObjectKey(Self.key),
            UploadOptions(properties, checkpoint: test.folder.file("checkpoint"))
        ).run()
    }

    private func expectDone(_ test: TransfersUnderTest, content: String = content) throws {
        #expect(test.store.objects[Self.key]?.content == content)
        #expect(test.store.uploads.isEmpty)
        let names = try test.folder.names()
        #expect(names == ["source"])
    }

    @Test func whatIsThereIsNotSentAgain() async throws {
        try await TransfersUnderTest.run { test in
            try await interrupt(test)
            let found = try await upload(test)
            #expect(found.crc64 == CRC64.of(Array(Self.content.utf8)))
            #expect(test.store.asked == ["list parts", "list parts", "part 4", "part 5", "complete"])
            try expectDone(test)
        }
    }

    @Test func itGoesOnAsOftenAsItIsInterrupted() async throws {
        try await TransfersUnderTest.run { test in
            try await interrupt(test, at: "part 2")
            for name in ["part 3", "part 4", "complete"] {
                test.store.setFault { $0.name == name ? StandInStore.refusal(.accessDenied) : nil }
                await #expect(throws: ServiceError.self) { try await upload(test) }
            }
            test.store.forget()
            try await upload(test)
            #expect(!test.store.asked.contains { $0.hasPrefix("part") })
            try expectDone(test)
        }
    }

    @Test func partsKeepTheLengthThatTheyHad() async throws {
        try await TransfersUnderTest.run { test in
            try await interrupt(test)
            let transfers = test.transfers { $0.partSizeBytes = 300_000 }
            _ = try await transfers.upload(
                file: test.folder.file("source"), to: try ObjectKey(Self.key),
                UploadOptions(checkpoint: test.folder.file("checkpoint"))
            ).run()
            #expect(test.store.asked.contains("part 5"))
            #expect(!test.store.asked.contains("begin"))
            try expectDone(test)
        }
    }

    @Test func aChangedFileIsSentAnew() async throws {
        try await TransfersUnderTest.run { test in
            try await interrupt(test)
            let other = TransfersUnderTest.text(450_000, seed: 2)
            try test.folder.write("source", other)
            try await upload(test)
            #expect(test.store.asked.prefix(3) == ["abort", "begin", "part 1"])
            try expectDone(test, content: other)
        }
    }

    @Test func bytesThatChangedBehindTheSameDateAreSent() async throws {
        try await TransfersUnderTest.run { test in
            try await interrupt(test)
            let path = test.folder.file("source")
            let date = try #require(try FileManager.default.attributesOfItem(atPath: path)[.modificationDate] as? Date)
            try test.folder.overwrite("source", at: 150_000, with: "#")
            try FileManager.default.setAttributes([.modificationDate: date], ofItemAtPath: path)
            try await upload(test)
            let other = try #require(test.folder.read("source"))
            #expect(other != Self.content)
            #expect(test.store.asked.contains("part 2"))
            try expectDone(test, content: other)
        }
    }

    @Test func aFailedCallbackLeavesNothingToGoOnWith() async throws {
        try await TransfersUnderTest.run { test in
            try test.folder.write("source", Self.content)
            test.store.setChange { request, answer in
                guard request.name == "complete" else { return answer }
                return .answer(203, body: "<Error><Code>CallbackFailed</Code><Message>m</Message></Error>")
            }
            let found = await #expect(throws: ServiceError.self) { try await upload(test) }
            #expect(found?.status == 203)
            try expectDone(test)
        }
    }

    @Test func otherPropertiesBeginAnew() async throws {
        try await TransfersUnderTest.run { test in
            try await interrupt(test)
            try await upload(test, ObjectProperties(contentType: "video/mp4"))
            #expect(test.store.asked.prefix(3) == ["abort", "begin", "part 1"])
            #expect(test.store.objects[Self.key]?.headers["content-type"] == "video/mp4")
            try expectDone(test)
        }
    }

    @Test func aFileThatBecameShortIsSentInOnePiece() async throws {
        try await TransfersUnderTest.run { test in
            try await interrupt(test)
            try test.folder.write("source", "short")
            try await upload(test)
            #expect(test.store.asked == ["abort", "PUT"])
            try expectDone(test, content: "short")
        }
    }

    @Test func aVanishedUploadIsBegunAnew() async throws {
        try await TransfersUnderTest.run { test in
            try await interrupt(test)
            test.store.removeUploads()
            try await upload(test)
            #expect(test.store.asked.prefix(3) == ["list parts", "begin", "part 1"])
            try expectDone(test)
        }
    }

    @Test(arguments: ["other bytes", "another length"])
    func aPartThatIsNoLongerTheSameIsSentAgain(change: String) async throws {
        try await TransfersUnderTest.run { test in
            try await interrupt(test)
            test.store.replacePart(
                2, with: TransfersUnderTest.text(change == "other bytes" ? 102_400 : 102_399, seed: 3))
            try await upload(test)
            #expect(test.store.asked.filter { $0.hasPrefix("part") } == ["part 2", "part 4", "part 5"])
            try expectDone(test)
        }
    }

    @Test func anUploadThatWasCompletedBeforeIsDone() async throws {
        try await TransfersUnderTest.run { test in
            try await interrupt(test, at: "complete")
            let checkpoint = try #require(test.folder.read("checkpoint"))
            try await upload(test)
            // As a process leaves it that is killed behind its last request.
            try test.folder.write("checkpoint", checkpoint)
            test.store.forget()
            let found = try await upload(test)
            #expect(found.crc64 == CRC64.of(Array(Self.content.utf8)))
            #expect(test.store.asked == ["list parts", "HEAD"])
            try expectDone(test)
            // The same again, and the object is another one by now.
            try test.folder.write("checkpoint", checkpoint)
            test.store.put(Self.key, "other")
            try await upload(test)
            try expectDone(test)
        }
    }

    @Test(arguments: [0.0, 0.01, 0.5, 0.99])
    func aTornCheckpointIsNotTrusted(kept: Double) async throws {
        try await TransfersUnderTest.run { test in
            try await interrupt(test)
            let whole = try #require(test.folder.read("checkpoint"))
            try test.folder.write("checkpoint", String(whole.prefix(Int(Double(whole.count) * kept))))
            try await upload(test)
            #expect(test.store.asked.prefix(2) == ["begin", "part 1"])
            #expect(test.store.objects[Self.key]?.content == Self.content)
            let names = try test.folder.names()
            #expect(names == ["source"])
        }
    }

    @Test(arguments: [
        "\0\0\0\0", "{}", "storage-gateway-upload-1 0\n", "storage-gateway-upload-1 0\n{}", "something else\n{}",
        "storage-gateway-download-1 0\n{}", String(repeating: "x", count: 5_000_000),
    ])
    func aForeignCheckpointIsNotTrusted(content: String) async throws {
        try await TransfersUnderTest.run { test in
            try test.folder.write("source", Self.content)
            try test.folder.write("checkpoint", content)
            try await upload(test)
            #expect(test.store.asked.first == "begin")
            try expectDone(test)
        }
    }

    @Test func everyByteOfACheckpointCounts() async throws {
        try await TransfersUnderTest.run { test in
            try await interrupt(test)
            let whole = Array(try #require(test.folder.read("checkpoint")).utf8)
            for index in stride(from: 0, to: whole.count, by: 7) {
                var damaged = whole
                damaged[index] ^= 1
                try Data(damaged).write(to: URL(filePath: test.folder.file("checkpoint")))
                test.store.forget()
                test.store.setFault { _ in StandInStore.refusal(.accessDenied) }
                await #expect(throws: ServiceError.self) { try await upload(test) }
                // Trusted, it would have asked for parts.
                #expect(test.store.asked == ["begin"], "byte \(index)")
            }
        }
    }

    @Test func progressTellsWhatWasThereBefore() async throws {
        try await TransfersUnderTest.run { test in
            try await interrupt(test)
            let transfers = test.transfers { $0.parallelParts = 1 }
            let upload = transfers.upload(
                file: test.folder.file("source"), to: try ObjectKey(Self.key),
                UploadOptions(checkpoint: test.folder.file("checkpoint")))
            async let outcome = upload.run()
            var last = TransferProgress()
            for await progress in upload.progress {
                #expect(progress.resumedBytes == 3 * TransfersUnderTest.partSize)
                #expect(progress.transferredBytes >= progress.resumedBytes)
                last = progress
            }
            _ = try await outcome
            #expect(last.transferredBytes == 450_000)
            #expect(last.totalBytes == 450_000)
            #expect(last.finishedParts == 5 && last.totalParts == 5)
        }
    }

    @Test func whoReadsTheProgressLateSeesItsEnd() async throws {
        try await TransfersUnderTest.run { test in
            try test.folder.write("source", Self.content)
            let upload = test.transfers().upload(file: test.folder.file("source"), to: try ObjectKey(Self.key))
            _ = try await upload.run()
            var found: [TransferProgress] = []
            for await progress in upload.progress {
                found.append(progress)
            }
            #expect(found.map(\.transferredBytes) == [450_000])
        }
    }
}
