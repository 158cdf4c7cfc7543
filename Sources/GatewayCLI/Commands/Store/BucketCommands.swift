import ArgumentParser
import CommandKit
import OSSClient
import OSSKit

/// `mb`: makes a bucket.
struct MakeBucketCommand: StoreCommand {
    static let configuration = CommandConfiguration(
        commandName: "mb", abstract: "Make a bucket; one of your own that is there already stays.")

    @Argument(help: ArgumentHelp("The bucket, such as oss://bucket.", valueName: "address")) var place: String
    @Option(help: ArgumentHelp("Who may read and write its objects (default: private).", valueName: "acl")) var acl:
        BucketACL?
    @Option(help: ArgumentHelp("Such as Standard or IA (default: Standard).", valueName: "class"))
    var storageClass: String?

    @OptionGroup(title: "Output") var output: OutputOptions
    @OptionGroup(title: "The store") var store: StoreOptions

    mutating func validate() throws {
        try BucketWord.check(try address(place), place)
    }

    func run(in session: StoreSession) async throws {
        let address = try address(place)
        var options = PutBucketOptions(acl: acl)
        options.storageClass = storageClass
        try await session.telling(about: address.shown()) {
            try await session.bucket(of: address).putBucket(options)
        }
        try await BucketWord.tell("mb", "made", address, session)
    }
}

/// `rb`: deletes an empty bucket.
struct RemoveBucketCommand: StoreCommand {
    static let configuration = CommandConfiguration(
        commandName: "rb", abstract: "Delete a bucket, which has to be empty.",
        discussion: "It never deletes an object: rm --recursive does, and asks back.")

    @Argument(help: ArgumentHelp("The bucket, such as oss://bucket.", valueName: "address")) var place: String

    @OptionGroup(title: "Output") var output: OutputOptions
    @OptionGroup(title: "The store") var store: StoreOptions

    mutating func validate() throws {
        try BucketWord.check(try address(place), place)
    }

    func run(in session: StoreSession) async throws {
        let address = try address(place)
        try await session.telling(about: address.shown()) {
            try await session.bucket(of: address).deleteBucket()
        }
        try await BucketWord.tell("rb", "deleted", address, session)
    }
}

/// What the two commands of buckets share.
private enum BucketWord {
    static func check(_ address: StoreAddress, _ text: String) throws {
        guard address.bucket != nil, address.key.isEmpty else {
            throw ValidationError("\(text) is not a bucket such as oss://bucket")
        }
    }

    static func tell(
        _ operation: String, _ verb: String, _ address: StoreAddress, _ session: StoreSession
    ) async throws {
        var line = JSONLine()
        line.add("operation", operation)
        line.add("bucket", address.bucket?.text)
        try await session.console.result("\(verb)  \(address.shown())", json: line.text)
    }
}
