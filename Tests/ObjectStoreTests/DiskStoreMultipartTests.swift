import OSSKit
import ObjectStore
import Testing

/// Uploads in parts: what they come to, and what is refused.
@Suite struct DiskStoreMultipartTests {
    private static let least = 102_400

    @Test func partsBecomeOneObjectWithTheETagOfOSS() async throws {
        try await withStore { store, folder in
            let bucket = try await store.makeBucket()
            let attributes = ObjectAttributes(
                contentType: "text/plain", userMetadata: [AttributePair(name: "a", value: "b")], acl: "private")
            let multipart = try await store.begin(in: bucket, "key", attributes: attributes)
            let (first, second) = (someBytes(200_000, seed: 1), someBytes(10, seed: 2))
            // Later numbers may come first, and numbers may be left out.
            let two = try await store.part(9_999, second, of: multipart)
            let one = try await store.part(3, first, of: multipart)
            let before = try await store.usage(of: bucket)
            #expect(before == BucketUsage(objectCount: 0, sizeBytes: 0))
            folder.clock.advance(byMilliseconds: 7)
            let record = try await store.complete(multipart, [one, two])
            let text = one.etag + two.etag
            let wanted = Hexadecimal.upper(MD5Digest.of(text.utf8)) + "-2"
            #expect(record.etag == wanted)
            #expect(record.crc64 == CRC64.of(first + second))
            #expect(record.type == .multipart)
            #expect(record.entityTag.md5 == nil)
            #expect(record.lastModifiedMilliseconds == folder.clock.milliseconds)
            let found = try await store.object(in: bucket, key: ObjectKey("key"))
            #expect(found == record)
            #expect(found.attributes == attributes)
            let read = try await store.bytes(of: found)
            #expect(read == first + second)
            let usage = try await store.usage(of: bucket)
            #expect(usage == BucketUsage(objectCount: 1, sizeBytes: 200_010))
            let listed = try await store.list(in: bucket, ListQuery()).entries
            #expect(listed.map(\.etag) == [wanted])
            let isThere = await store.hasUpload(multipart)
            #expect(!isThere)
        }
    }

    /// Values of oss-wire fact 5, captured and documented there.
    @Test(arguments: [
        (
            ["4DE8075FB607DF4D13FBC480EA488EFA", "AF947EC157726CEA88ED83B3C989063B"],
            "1C787C506EABFB9B45EAAA8DB039F4B2-2"
        ),
        (
            [
                "3349DC700140D7F86A078484278075A9", "8EFDA8BE206636A695359836FE0A0E0A",
                "8C315065167132444177411FDA149B92",
            ], "B864DB6A936D376F9F8D3ED3BBE540DD-3"
        ),
        (["5D41402ABC4B2A76B9719D911017C592"], "F872A18EB88181EB00816510E762FEE6-1"),
    ])
    func theETagIsTheOneThatWasCaptured(parts: [String], wanted: String) throws {
        let digests = try parts.map { try #require(Hexadecimal.decode($0)) }
        let found = EntityTag(ofParts: digests).text
        #expect(found == wanted)
    }

    @Test(arguments: [
        0..<1, 0..<300_003, 102_399..<102_401, 102_400..<204_800, 1..<204_801, 204_799..<204_801, 300_002..<300_003,
        204_800..<300_003, 150_000..<150_000,
    ])
    func everyRangeOfTheWholeIsRead(range: Range<Int64>) async throws {
        try await withStore { store, _ in
            let bucket = try await store.makeBucket()
            let (record, bytes) = try await store.storeInParts([102_400, 102_400, 95_203], in: bucket, "key")
            let read = try await store.bytes(of: record, range: range)
            #expect(read == Array(bytes[Int(range.lowerBound)..<Int(range.upperBound)]))
        }
    }

    @Test func moreSegmentsThanOneLookUpAreRead() async throws {
        try await withStore { store, _ in
            let bucket = try await store.makeBucket()
            let sizes = Array(repeating: Self.least, count: 150) + [5]
            let (record, bytes) = try await store.storeInParts(sizes, in: bucket, "key")
            let read = try await store.bytes(of: record)
            #expect(read == bytes)
            let tail = try await store.bytes(of: record, range: 14_900_000..<record.sizeBytes)
            #expect(tail == Array(bytes[14_900_000...]))
        }
    }

    @Test(arguments: [0, 1, 100_000])
    func oneSmallPartMakesAnObject(size: Int) async throws {
        try await withStore { store, _ in
            let bucket = try await store.makeBucket()
            let (record, bytes) = try await store.storeInParts([size], in: bucket, "key")
            #expect(record.crc64 == CRC64.of(bytes))
            #expect(record.etag.hasSuffix("-1"))
            let read = try await store.bytes(of: record)
            #expect(read == bytes)
        }
    }

    @Test func aPartThatIsSentAgainReplacesTheEarlierOne() async throws {
        let folder = TestFolder()
        let store = try await folder.open()
        let bucket = try await store.makeBucket()
        let multipart = try await store.begin(in: bucket, "key")
        let old = try await store.part(1, someBytes(200_000, seed: 1), of: multipart)
        let new = try await store.part(1, someBytes(150_000, seed: 2), of: multipart)
        let stale = await refusal { try await store.complete(multipart, [old]) }
        #expect(stale == .invalidPart)
        let record = try await store.complete(multipart, [new])
        let read = try await store.bytes(of: record)
        #expect(read == someBytes(150_000, seed: 2))
        await store.waitUntilCleared()
        try await store.close()
        let files = try folder.blobFiles().count
        #expect(files == 1)
        try folder.remove()
    }

    @Test func partsThatAreNotNamedAreRemovedWithTheEnd() async throws {
        let folder = TestFolder()
        let store = try await folder.open()
        let bucket = try await store.makeBucket()
        let multipart = try await store.begin(in: bucket, "key")
        var parts: [PartRecord] = []
        for number in 1...4 {
            parts.append(try await store.part(number, someBytes(120_000, seed: UInt64(number)), of: multipart))
        }
        let record = try await store.complete(multipart, [parts[1], parts[3]])
        #expect(record.sizeBytes == 240_000)
        let read = try await store.bytes(of: record)
        #expect(read == someBytes(120_000, seed: 2) + someBytes(120_000, seed: 4))
        await store.waitUntilCleared()
        try await store.close()
        let files = try folder.blobFiles().count
        #expect(files == 2)
        try folder.remove()
    }

    @Test func allPartsAreTakenWhenNoneIsNamed() async throws {
        try await withStore { store, _ in
            let bucket = try await store.makeBucket()
            let multipart = try await store.begin(in: bucket, "key")
            try await store.part(2, [3, 4], of: multipart)
            try await store.part(1, someBytes(Self.least), of: multipart)
            let record = try await store.complete(multipart, parts: nil, acl: "private")
            #expect(record.attributes.acl == "private")
            let read = try await store.bytes(of: record)
            #expect(read == someBytes(Self.least) + [3, 4])
        }
    }

    struct BadCompletion: Sendable, CustomTestStringConvertible {
        let name: String
        /// Sizes of the parts 1, 2 and so on that are there.
        var sizes = [102_400, 1]
        /// Numbers of the parts that are named.
        var numbers = [1, 2]
        /// What is done to the ETags that are named.
        var etag: @Sendable (String) -> String = { $0 }
        let code: OSSErrorCode
        var testDescription: String { name }
    }

    @Test(arguments: [
        BadCompletion(name: "a part that is not there", numbers: [1, 3], code: .invalidPart),
        BadCompletion(name: "a part too many", numbers: [1, 2, 3], code: .invalidPart),
        BadCompletion(name: "descending numbers", numbers: [2, 1], code: .invalidPartOrder),
        BadCompletion(name: "a number twice", numbers: [1, 1], code: .invalidPartOrder),
        BadCompletion(name: "another ETag", etag: { "0" + $0.dropFirst() }, code: .invalidPart),
        BadCompletion(name: "half an ETag", etag: { String($0.prefix(16)) }, code: .invalidPart),
        BadCompletion(name: "no ETag", etag: { _ in "" }, code: .invalidPart),
        BadCompletion(name: "one quote", etag: { "\"" + $0 }, code: .invalidPart),
        BadCompletion(name: "a first part that is too small", sizes: [102_399, 1], code: .entityTooSmall),
        BadCompletion(name: "an empty first part", sizes: [0, 1], code: .entityTooSmall),
        BadCompletion(
            name: "a middle part that is too small", sizes: [102_400, 5, 1], numbers: [1, 2, 3], code: .entityTooSmall),
        BadCompletion(name: "no part", numbers: [], code: .invalidPart),
    ])
    func aCompletionThatIsWrongIsRefusedAndTheUploadGoesOn(_ bad: BadCompletion) async throws {
        try await withStore { store, _ in
            let bucket = try await store.makeBucket()
            try await store.store([9], in: bucket, "key")
            let multipart = try await store.begin(in: bucket, "key")
            var etags: [String] = []
            for (index, size) in bad.sizes.enumerated() {
                // No digest of these begins with a zero.
                etags.append(try await store.part(index + 1, someBytes(size, seed: 7), of: multipart).etag)
            }
            let asked = try bad.numbers.map { number in
                CompletedPart(
                    number: try #require(PartNumber(number)),
                    etag: bad.etag(etags.indices.contains(number - 1) ? etags[number - 1] : etags[0]))
            }
            let code = await refusal { _ = try await store.complete(multipart, parts: asked) }
            #expect(code == bad.code)
            let goesOn = await store.hasUpload(multipart)
            #expect(goesOn)
            let listed = try await store.parts(of: multipart, limit: 10).parts.count
            #expect(listed == bad.sizes.count)
            let unchanged = try await store.bytes(in: bucket, "key")
            #expect(unchanged == [9])
        }
    }

    @Test(arguments: [{ $0 }, { "\"\($0)\"" }, { $0.lowercased() }] as [@Sendable (String) -> String])
    func anETagMayHaveQuotesAndEitherCase(form: @Sendable (String) -> String) async throws {
        try await withStore { store, _ in
            let multipart = try await store.begin(in: try await store.makeBucket(), "key")
            let part = try await store.part(1, [1], of: multipart)
            let record = try await store.complete(
                multipart, parts: [CompletedPart(number: part.number, etag: form(part.etag))])
            #expect(record.sizeBytes == 1)
        }
    }

    @Test func anUploadThatEndedIsGoneForEverything() async throws {
        try await withStore { store, _ in
            let bucket = try await store.makeBucket()
            for isAborted in [true, false] {
                let multipart = try await store.begin(in: bucket, "key")
                let part = try await store.part(1, [1], of: multipart)
                if isAborted {
                    try await store.abort(multipart)
                } else {
                    try await store.complete(multipart, [part])
                }
                let calls: [@Sendable () async throws -> Void] = [
                    { try await store.part(2, [2], of: multipart) },
                    { try await store.complete(multipart, [part]) },
                    { _ = try await store.complete(multipart, parts: nil) },
                    { try await store.abort(multipart) },
                    { _ = try await store.parts(of: multipart, limit: 1) },
                    { _ = try await store.multipartUpload(multipart.id, in: bucket, key: multipart.key) },
                ]
                for call in calls {
                    let error = await failure(call) as? OSSError
                    #expect(error?.code == .noSuchUpload)
                    #expect(error?.fields == [OSSError.Field(name: "UploadId", value: multipart.id.text)])
                }
            }
        }
    }

    @Test func anUploadIsFoundUnderItsOwnKeyOnly() async throws {
        try await withStore { store, _ in
            let (bucket, other) = (try await store.makeBucket(), try await store.makeBucket("other"))
            let multipart = try await store.begin(in: bucket, "key")
            let found = try await store.multipartUpload(multipart.id, in: bucket, key: multipart.key)
            #expect(found == multipart)
            let otherKey = await refusal {
                _ = try await store.multipartUpload(multipart.id, in: bucket, key: ObjectKey("key2"))
            }
            #expect(otherKey == .noSuchUpload)
            let otherBucket = await refusal {
                _ = try await store.multipartUpload(multipart.id, in: other, key: multipart.key)
            }
            #expect(otherBucket == .noSuchUpload)
            for text in ["X", String(repeating: "0", count: 32), multipart.id.text.lowercased() + "0", "\u{21}%_"] {
                let unknown = await refusal {
                    _ = try await store.multipartUpload(UploadID(text), in: bucket, key: multipart.key)
                }
                #expect(unknown == .noSuchUpload)
            }
        }
    }

    @Test func overwritingIsForbiddenAtBothEnds() async throws {
        try await withStore { store, _ in
            let bucket = try await store.makeBucket()
            let multipart = try await store.begin(in: bucket, "key")
            let part = try await store.part(1, [1], of: multipart)
            try await store.store([9], in: bucket, "key")
            let end = await refusal { try await store.complete(multipart, [part], forbidsOverwrite: true) }
            #expect(end == .fileAlreadyExists)
            let beginning = await refusal {
                _ = try await store.initiateUpload(
                    in: bucket, key: multipart.key, attributes: ObjectAttributes(),
                    condition: WriteCondition(forbidsOverwrite: true))
            }
            #expect(beginning == .fileAlreadyExists)
            try await store.complete(multipart, [part])
            let read = try await store.bytes(in: bucket, "key")
            #expect(read == [1])
        }
    }

    /// Assumption A-053.
    @Test func aBucketWithAnUploadIsNotEmpty() async throws {
        try await withStore { store, _ in
            let bucket = try await store.makeBucket()
            let multipart = try await store.begin(in: bucket, "key")
            let code = await refusal { try await store.deleteBucket(bucket.name, ownedBy: "alice") }
            #expect(code == .bucketNotEmpty)
            try await store.abort(multipart)
            try await store.deleteBucket(bucket.name, ownedBy: "alice")
            let gone = await refusal { _ = try await store.begin(in: bucket, "key") }
            #expect(gone == .noSuchBucket)
        }
    }
}
