import Foundation
import NIOCore
import OSSClient
import OSSKit
import Testing

/// The client and the server of this project against each other.
@Suite struct RealStoreTests {
    @Test(arguments: OSSClient.SignatureVersion.allCases)
    func anObjectLivesFromItsMakingToItsEnd(signatures: OSSClient.SignatureVersion) async throws {
        try await RealStore.run(signatures: signatures) { client in
            try await client.putBucket()
            let key = try ObjectKey("a b/é+\u{1}.txt")
            var options = PutObjectOptions(contentType: "text/plain")
            options.properties.userMetadata = ["author": "me"]
            let text = String(repeating: "0123456789", count: 40_000)
            let put = try await client.putObject(key, .text(text), options)
            let head = try await client.headObject(key)
            #expect(head.crc64 == put.crc64 && head.contentType == "text/plain")
            #expect(head.userMetadata == ["author": "me"])
            let got = try await client.getObject(key, maximumBytes: 1_000_000)
            #expect(String(buffer: got.content) == text)
            let part = try await client.getObject(key, maximumBytes: 10, .init(range: .bytes(399_995...999_999)))
            #expect(String(buffer: part.content) == "56789")
            let meta = try await client.getObjectMeta(key)
            #expect(meta.sizeBytes == 400_000 && meta.eTag == head.eTag)
            let copy = try ObjectKey("copy")
            try await client.copyObject(from: .init(key: key), to: copy)
            #expect(try await client.headObject(copy).eTag == head.eTag)
            let entries = try await client.objects().collect(upTo: 10)
            #expect(entries.count == 2)
            let deleted = try await client.deleteObjects(keys: [key, copy])
            #expect(deleted.deleted.count == 2 && deleted.unconfirmed.isEmpty)
            let missing = await #expect(throws: ServiceError.self) { try await client.headObject(key) }
            #expect(missing?.isMissingObject == true)
            try await client.deleteBucket()
            let gone = await #expect(throws: ServiceError.self) { try await client.getBucketInfo() }
            #expect(gone?.isCode(.noSuchBucket) == true)
        }
    }

    @Test func streamsOfUnknownLengthArrive() async throws {
        try await RealStore.run { client in
            try await client.putBucket()
            let key = try ObjectKey("k")
            let put = try await client.putObject(key, .stream(ObjectCallTests.Pieces(text: "hello"), lengthBytes: nil))
            #expect(put.crc64 == OSSClientTests.helloCRC64)
            #expect(try await client.headObject(key).sizeBytes == 5)
        }
    }

    @Test func conditionsAndRangesAreRefusedAsOSSRefusesThem() async throws {
        try await RealStore.run { client in
            try await client.putBucket()
            let key = try ObjectKey("k")
            let eTag = try await client.putObject(key, .text("hello")).eTag
            var same = GetObjectOptions()
            same.conditions.ifNoneMatch = eTag
            let unchanged = await #expect(throws: ServiceError.self) { try await client.headObject(key, same) }
            #expect(unchanged?.isNotModified == true)
            var other = GetObjectOptions()
            other.conditions.ifMatch = "\"00000000000000000000000000000000\""
            let changed = await #expect(throws: ServiceError.self) {
                _ = try await client.getObject(key, maximumBytes: 9, other)
            }
            #expect(changed?.isCode(.preconditionFailed) == true)
            let beyond = await #expect(throws: ServiceError.self) {
                _ = try await client.getObject(key, maximumBytes: 9, .init(range: .from(5)))
            }
            #expect(beyond?.isCode(.invalidRange) == true)
            var once = PutObjectOptions()
            once.forbidsOverwrite = true
            let twice = await #expect(throws: ServiceError.self) {
                _ = try await client.putObject(key, .text("other"), once)
            }
            #expect(twice?.isCode(.fileAlreadyExists) == true)
        }
    }

    @Test(arguments: [true, false])
    func listsAreWholeAndInOrder(isByMarker: Bool) async throws {
        try await RealStore.run { client in
            try await client.putBucket()
            let keys = try ["a", "b/1", "b/2", "b\u{1}", "c", "d/1", "e\u{301}", "é", "z"].map { try ObjectKey($0) }
            for key in keys {
                try await client.putObject(key, .text("x"))
            }
            var options = ListObjectsOptions()
            options.maxKeys = 2
            let all = try await client.objects(options, isByMarker: isByMarker).collect(upTo: 100)
            let found = all.compactMap { entry in
                if case .object(let object) = entry { object.key } else { nil }
            }
            #expect(found == keys.sorted())
            options.delimiter = "/"
            let rolled = try await client.objects(options, isByMarker: isByMarker).collect(upTo: 100)
            #expect(rolled.filter { if case .commonPrefix = $0 { true } else { false } }.count == 2)
            #expect(rolled.count == 8)
            let after = ListObjectsOptions(prefix: "b/", startAfter: "b/1")
            #expect(try await client.objects(after, isByMarker: isByMarker).collect(upTo: 100).count == 1)
        }
    }

    @Test func bucketsAreListedAndDescribed() async throws {
        try await RealStore.run { client in
            for name in ["b-1", "b-2", "c-1"] {
                try await client.service.bucket(try BucketName(name)).putBucket()
            }
            let found = try await client.service.buckets(prefix: "b-").collect(upTo: 10).map(\.name)
            #expect(found == ["b-1", "b-2"])
            let bucket = client.service.bucket(try BucketName("b-1"))
            #expect(try await bucket.getBucketLocation() == "cn-hangzhou")
            #expect(try await bucket.getBucketInfo().name == "b-1")
        }
    }

    @Test(arguments: [3_600, -86_400] as [Int64])
    func aClockThatIsOffIsSetByTheServer(seconds: Int64) async throws {
        try await RealStore.run(serverIsAhead: seconds) { client in
            try await client.putBucket()
            #expect(client.clockCorrection.repairCount == 1)
            #expect(abs(client.clockCorrection.offsetSeconds - seconds) <= 1)
            try await client.putObject(try ObjectKey("k"), .text("hello"))
            #expect(client.clockCorrection.repairCount == 1)
        }
    }
}
