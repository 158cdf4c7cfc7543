import ArgumentParser
import CommandKit
import OSSClient
import OSSKit

/// `stat`: says what is known of an object or a bucket.
struct StatCommand: StoreCommand {
    static let configuration = CommandConfiguration(
        commandName: "stat", abstract: "Say what is known of an object, or of a bucket.")

    @Argument(help: ArgumentHelp("The object, or the bucket.", valueName: "address")) var place: String
    @Option(help: ArgumentHelp("The version of the object.", valueName: "id")) var versionID: String?

    @OptionGroup(title: "Output") var output: OutputOptions
    @OptionGroup(title: "The store") var store: StoreOptions

    mutating func validate() throws {
        let address = try address(place)
        guard address.bucket != nil else { throw ValidationError("oss:// names no bucket") }
        guard !address.key.isEmpty || versionID == nil else { throw ValidationError("a bucket has no versions") }
    }

    func run(in session: StoreSession) async throws {
        let address = try address(place)
        let versionID = versionID
        let facts = try await session.telling(about: address.shown(session.console.encoding)) {
            address.key.isEmpty
                ? Facts(try await session.bucket(of: address).getBucketInfo())
                : try await Self.object(address, versionID: versionID, session)
        }
        try await session.console.result(facts.text, json: facts.json)
    }

    private static func object(
        _ address: StoreAddress, versionID: String?, _ session: StoreSession
    ) async throws -> Facts {
        guard let key = address.objectKey else {
            throw FailureReport(.refused, "it has no key", subject: address.shown())
        }
        let metadata = try await session.bucket(of: address)
            .headObject(key, GetObjectOptions(versionID: versionID))
        return Facts(metadata, address, session.console.encoding)
    }
}

/// What is known of something, in the order in which it is printed.
private struct Facts {
    private var rows: [(name: String, value: String)] = []
    private var metadata: [(name: String, value: String)] = []
    private var line = JSONLine()

    /// The facts of an object.
    init(_ object: ObjectMetadata, _ address: StoreAddress, _ encoding: KeyEncoding) {
        line.add("type", "object")
        line.add("bucket", address.bucket?.text)
        line.add("key", encoding.jsonText(address.key))
        line.add("size", object.sizeBytes)
        rows.append(("address", address.shown(encoding)))
        let size = object.sizeBytes
        rows.append(("size", size < 1_024 ? "\(size) B" : "\(size) B (\(ByteAmount.text(size)))"))
        add("content type", "contentType", object.contentType)
        add("modified", "lastModified", ISO8601.format(unixSeconds: object.lastModifiedUnixSeconds))
        add("etag", "etag", object.eTag)
        add("crc64", "crc64", object.crc64.map { String($0) })
        add("object type", "objectType", object.objectType)
        add("storage class", "storageClass", object.storageClass)
        add("version", "versionId", object.versionID)
        for (title, name, header) in [
            ("cache control", "cacheControl", "Cache-Control"),
            ("disposition", "contentDisposition", "Content-Disposition"),
            ("content encoding", "contentEncoding", "Content-Encoding"), ("expires", "expires", "Expires"),
            ("md5", "contentMd5", "Content-MD5"), ("tags", "tagCount", "x-oss-tagging-count"),
            ("restore", "restore", "x-oss-restore"), ("encryption", "encryption", "x-oss-server-side-encryption"),
        ] {
            add(title, name, object.header(header))
        }
        metadata = object.userMetadata.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
        line.add("metadata", pairs: metadata)
    }

    /// The facts of a bucket.
    init(_ bucket: BucketInfo) {
        line.add("type", "bucket")
        line.add("bucket", bucket.name)
        rows.append(("address", "oss://\(bucket.name)"))
        add("created", "created", ISO8601.format(unixMilliseconds: bucket.createdAtMilliseconds))
        add("region", "region", bucket.endpoints.region)
        add("endpoint", "endpoint", bucket.endpoints.extranet)
        add("inner endpoint", "internalEndpoint", bucket.endpoints.intranet)
        add("acl", "acl", bucket.acl)
        add("storage class", "storageClass", bucket.storageClass)
        add("redundancy", "dataRedundancyType", bucket.dataRedundancyType)
        add("owner", "owner", bucket.owner.id)
    }

    private mutating func add(_ title: String, _ name: String, _ value: String?) {
        guard let value else { return }
        line.add(name, value)
        rows.append((title, Printable.text(value)))
    }

    var text: String {
        let all = rows.map { ($0.name, $0.value) } + metadata.map { ("meta \($0.name)", Printable.text($0.value)) }
        let width = (all.map(\.0.count).max() ?? 0) + 2
        return all.map { $0.0 + String(repeating: " ", count: width - $0.0.count) + $0.1 }.joined(separator: "\n")
    }

    var json: String { line.text }
}
