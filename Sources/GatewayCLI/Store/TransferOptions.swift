import ArgumentParser
import CommandKit
import Foundation
import OSSClient
import OSSKit

/// What is stored beside the content of an object.
struct PropertyOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The Content-Type (default: by the end of the file's name).", valueName: "type"))
    var contentType: String?

    @Option(help: ArgumentHelp("The Cache-Control of later answers.", valueName: "text"))
    var cacheControl: String?

    @Option(help: ArgumentHelp("The Content-Disposition of later answers.", valueName: "text"))
    var contentDisposition: String?

    @Option(help: ArgumentHelp("The Content-Encoding of later answers.", valueName: "text"))
    var contentEncoding: String?

    @Option(help: ArgumentHelp("Metadata; can be given again.", valueName: "name=value"))
    var meta: [String] = []

    @Option(help: ArgumentHelp("A tag; can be given again, 10 times at most.", valueName: "key=value"))
    var tagging: [String] = []

    @Option(help: ArgumentHelp("Who may read and write it (default: as the bucket says).", valueName: "acl"))
    var acl: ObjectACL?

    @Option(help: ArgumentHelp("Such as Standard, IA or Archive (default: that of the bucket).", valueName: "class"))
    var storageClass: String?

    mutating func validate() throws {
        for text in meta {
            guard let (name, _) = Self.pair(text), Self.isMetadataName(name) else {
                throw ValidationError("--meta \(text): it is name=value, its name of letters, digits and hyphens")
            }
        }
        for text in tagging where Self.pair(text) == nil {
            throw ValidationError("--tagging \(text): it is key=value")
        }
        for text in [contentType, cacheControl, contentDisposition, contentEncoding, storageClass].compactMap(\.self)
            + meta where !Printable.isPrintable(text)
        {
            throw ValidationError("a header cannot hold control characters")
        }
    }

    /// The properties of an object.
    ///
    /// - Parameter fileName: the name by whose end the content type is guessed; nil for none.
    func properties(fileName: String?) -> ObjectProperties {
        var properties = ObjectProperties(contentType: contentType ?? fileName.map(ContentTypes.guess))
        properties.cacheControl = cacheControl
        properties.contentDisposition = contentDisposition
        properties.contentEncoding = contentEncoding
        for (name, value) in meta.compactMap(Self.pair) {
            properties.userMetadata[name.lowercased()] = value
        }
        properties.tags = tagging.compactMap(Self.pair).map { Tag($0.name, $0.value) }
        properties.acl = acl
        properties.storageClass = storageClass
        return properties
    }

    /// Whether any property is given that a copy does not take over from its source.
    var replacesProperties: Bool {
        contentType != nil || cacheControl != nil || contentDisposition != nil || contentEncoding != nil
            || !meta.isEmpty
    }

    /// The two sides of the first `=`; nil without one, or with nothing before it.
    static func pair(_ text: String) -> (name: String, value: String)? {
        guard let equals = text.firstIndex(of: "="), equals != text.startIndex else { return nil }
        return (String(text[..<equals]), String(text[text.index(after: equals)...]))
    }

    private static func isMetadataName(_ name: String) -> Bool {
        name.utf8.allSatisfy { byte in
            (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
                || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || byte == UInt8(ascii: "-")
        }
    }
}

/// How content is moved.
struct TransferOptions: ParsableArguments {
    @Flag(name: .shortAndLong, help: "All files of a folder, or all objects whose keys begin with the folder's.")
    var recursive = false

    @Flag(help: "Fail where an object, or a file, is there already.")
    var ifNoneExists = false

    @Option(
        help: ArgumentHelp(
            "Keep here how far a transfer came; the same command goes on from there after a break.", valueName: "dir"))
    var checkpointDir: String?

    @Option(help: ArgumentHelp("How much is under way at the same time, 1 to 64.", valueName: "count"))
    var parallel = 4

    @Option(help: ArgumentHelp("The length of parts, 100K to 5G (default: 8M).", valueName: "bytes"))
    var partSize: ByteCount?

    @Option(help: ArgumentHelp("How many bytes a second may pass, 1K at least, such as 2M.", valueName: "bytes"))
    var limitRate: ByteCount?

    mutating func validate() throws {
        guard (1...64).contains(parallel) else { throw ValidationError("--parallel is 1 to 64") }
        if let partSize, !(102_400...5_368_709_120).contains(partSize.bytes) {
            throw ValidationError("--part-size is 100K to 5G")
        }
        if let limitRate, limitRate.bytes < 1_024 { throw ValidationError("--limit-rate is 1K at least") }
    }

    /// How transfers of a bucket are done; all of one command share the limit of bytes a second.
    func settings() -> OSSTransfers.Settings {
        var settings = OSSTransfers.Settings()
        settings.parallelParts = parallel
        if let partSize {
            settings.partSizeBytes = partSize.bytes
            settings.singleUploadBytes = partSize.bytes
        }
        settings.bandwidthLimit = limitRate.map { BandwidthLimit(bytesPerSecond: $0.bytes) }
        return settings
    }

    /// The checkpoint of one transfer; nil if none is to be kept.
    ///
    /// - Parameter names: what tells this transfer from others, such as a file and an address.
    func checkpoint(of names: [String]) throws -> String? {
        guard let checkpointDir else { return nil }
        guard mkdir(checkpointDir, 0o700) == 0 || errno == EEXIST else {
            throw FailureReport(.cannotCreate, SystemError.text(errno), subject: checkpointDir)
        }
        var checksum = CRC64()
        // The same name in another folder is another file.
        for name in [FileManager.default.currentDirectoryPath] + names {
            checksum.update(Array(name.utf8) + [0])
        }
        return checkpointDir + "/" + String(checksum.value, radix: 16) + ".checkpoint"
    }
}

/// An amount of bytes on the command line, such as `512K`.
struct ByteCount: ExpressibleByArgument {
    /// The bytes.
    let bytes: Int64

    init?(argument: String) {
        guard let bytes = ByteAmount.parse(argument) else { return nil }
        self.bytes = bytes
    }
}

extension ObjectACL: ExpressibleByArgument {}
extension BucketACL: ExpressibleByArgument {}
