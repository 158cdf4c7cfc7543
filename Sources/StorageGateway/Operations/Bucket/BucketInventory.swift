import OSSKit
import ObjectStore

/// `/?inventory`: the lists of objects that a bucket is to have written, by ID; they are kept and told.
///
/// Source: oss-wire facts 11.6 and 15.
enum BucketInventory {
    /// The most configurations of a bucket.
    private static let limit = 1_000
    /// How many are told at once.
    private static let pageSize = 100

    /// Sets the configuration of an ID that is free.
    static func set(_ call: OSSCall) async throws -> OSSAnswer {
        let bucket = try await call.bucket()
        let id = try id(call)
        let document = try await RequestBodyReader.document(of: call) ?? []
        var configuration = try InventoryConfiguration(document: document)
        // Several classes are told in their own order, whatever the order in which they came: assumption A-128.
        if let classes = configuration.filter?.storageClass {
            configuration.filter?.storageClass =
                classes.split(separator: ",").map(String.init).sorted().joined(separator: ",")
        }
        guard configuration.id.utf8.elementsEqual(id.utf8) else {
            throw OSSError.invalidArgument(
                "Id", configuration.id, message: "The Id of the inventory is not that of the request.")
        }
        try check(configuration)
        let bytes = Array(configuration.write().utf8)
        try await call.store.changeConfiguration(.inventory, named: id, of: bucket) { former in
            guard former.current == nil else { throw OSSError(.inventoryAlreadyExist) }
            guard former.otherCount < limit else { throw OSSError(.inventoryExceedLimit) }
            return bytes
        }
        return OSSAnswer()
    }

    /// Tells the configuration of an ID.
    static func tell(_ call: OSSCall) async throws -> OSSAnswer {
        let bucket = try await call.bucket()
        guard let stored = try await call.store.configuration(.inventory, named: id(call), of: bucket) else {
            throw refusal(bucket)
        }
        return OSSAnswer(document: String(decoding: stored.bytes, as: UTF8.self))
    }

    /// Removes the configuration of an ID.
    static func remove(_ call: OSSCall) async throws -> OSSAnswer {
        try await call.store.removeConfiguration(.inventory, named: id(call), of: call.bucket())
        return OSSAnswer(status: 204)
    }

    /// Tells a page of all configurations.
    static func list(_ call: OSSCall) async throws -> OSSAnswer {
        let bucket = try await call.bucket()
        let token = call.request.target.value(of: "continuation-token") ?? ""
        var query = ConfigurationQuery(limit: pageSize)
        query.after = token.isEmpty ? "" : String(decoding: try ContinuationToken.read(token), as: UTF8.self)
        let page = try await call.store.configurations(.inventory, of: bucket, query)
        guard !page.configurations.isEmpty else { throw refusal(bucket) }
        let last = page.isTruncated ? page.configurations.last : nil
        var result = ListInventoryConfigurationsResult(
            configurations: try page.configurations.map { try InventoryConfiguration(document: $0.bytes) },
            nextContinuationToken: last.map { ContinuationToken.write(Array($0.name.utf8)) })
        result.continuationToken = token.isEmpty ? nil : token
        return OSSAnswer(document: result.write())
    }

    private static func id(_ call: OSSCall) throws(OSSError) -> String {
        try call.name("inventoryId", lengths: 1...64)
    }

    private static func check(_ configuration: InventoryConfiguration) throws(OSSError) {
        let words: [(name: String, value: String, known: [String])] = [
            ("Frequency", configuration.frequency, ["Daily", "Weekly"]),
            ("IncludedObjectVersions", configuration.includedObjectVersions, ["All", "Current"]),
            ("Format", configuration.destination.format, ["CSV", "ORC", "Parquet"]),
        ]
        for word in words where !word.known.contains(word.value) {
            throw OSSError(.malformedXML, fields: [("ErrorDetail", "the element \(word.name) is not known.")])
        }
    }

    private static func refusal(_ bucket: BucketRecord) -> OSSError {
        OSSError(.noSuchInventory, fields: [("BucketName", bucket.name.text)])
    }
}

extension OSSCall {
    /// A name that a parameter gives: letters, digits, `_`, `-` and `.`.
    ///
    /// - Throws: `InvalidArgument`.
    func name(_ parameter: String, lengths: ClosedRange<Int>) throws(OSSError) -> String {
        let name = request.target.value(of: parameter) ?? ""
        let isGood = name.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"):
                true
            default: "_-.".utf8.contains(byte)
            }
        }
        guard isGood, lengths.contains(name.utf8.count) else {
            throw .invalidArgument(parameter, name, message: "The value of \(parameter) is not valid.")
        }
        return name
    }
}
