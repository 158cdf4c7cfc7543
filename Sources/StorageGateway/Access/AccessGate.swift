import OSSKit
import ObjectStore

/// Asks for every right that one request needs, with the facts that the decision is made of.
struct AccessGate: Sendable {
    /// Who sent the request.
    let requester: Requester
    private let access: OperationAccess
    private let request: WireRequest
    private let sourceAddress: @Sendable () -> String?
    private let nowUnixSeconds: Int64
    private let surroundings: Surroundings

    /// An object, or a version of it, that a right is asked for.
    private struct ObjectName {
        let key: ObjectKey
        let version: VersionID?

        init(_ key: ObjectKey, _ version: VersionID?) {
            self.key = key
            self.version = version
        }
    }

    /// What all requests have in common.
    struct Surroundings: Sendable {
        let store: DiskStore
        let documents: AccessDocuments
        let region: String
        /// Whether a public ACL lets everybody list as well.
        let publicACLLists: Bool
    }

    /// How a request came, and what it asks for.
    struct Arrival: Sendable {
        /// The right that its operation needs.
        let access: OperationAccess
        /// Where its connection came from, as a text; nil if it is not known.
        let sourceAddress: @Sendable () -> String?
        /// When it came.
        let nowUnixSeconds: Int64
    }

    /// Takes a request, whose signature was verified.
    init(_ request: WireRequest, by requester: Requester, _ arrival: Arrival, in surroundings: Surroundings) {
        self.request = request
        self.requester = requester
        access = arrival.access
        sourceAddress = arrival.sourceAddress
        nowUnixSeconds = arrival.nowUnixSeconds
        self.surroundings = surroundings
    }

    /// The gate of the same request in other words, or for somebody else, such as the signer of the form in its body.
    func changing(to requester: Requester, request: WireRequest) -> AccessGate {
        AccessGate(request, by: requester, arrival(for: access), in: surroundings)
    }

    /// The gate of the same request to an operation that needs a right.
    func asking(for access: OperationAccess) -> AccessGate {
        AccessGate(request, by: requester, arrival(for: access), in: surroundings)
    }

    private func arrival(for access: OperationAccess) -> Arrival {
        Arrival(access: access, sourceAddress: sourceAddress, nowUnixSeconds: nowUnixSeconds)
    }

    /// The action that the operation needs the right to.
    private var action: String { request.target.contains("versionId") ? access.versionAction : access.action }

    /// Lets a request in to its operation, or refuses it, before anything else is looked at.
    ///
    /// - Returns: The bucket that the request is about; nil where there is none, or none that the operation asks for.
    /// - Throws: `NoSuchBucket`, `InvalidBucketName`, `AccessDenied`.
    func admit(_ resource: SignedResource) async throws -> BucketRecord? {
        switch access.rule {
        case .everybody: return nil
        case .account:
            try await requireAccount(resource)
            return nil
        case .form, .eachKey, .one: break
        }
        guard let name = resource.bucket else {
            try refuse(question(access.action, .configuration, .service, ownerID: requester.ownerID))
            return nil
        }
        let bucket = try await surroundings.store.bucket(BucketName(name))
        switch access.rule {
        case .one(let kind):
            let version = request.target.value(of: "versionId").flatMap { try? VersionID($0) }
            let object = try resource.key.map { ObjectName(try ObjectKey(bytes: $0), version) }
            try await require(action, kind, bucket, object)
        case .eachKey(let kind):
            let place = AccessResource.Place.someKey(bucket.name.text)
            try await judge(question(access.action, kind, place, ownerID: bucket.ownerID), bucket, objectACL: nil)
        case .everybody, .account, .form: break
        }
        try await requireWhatHeadersAskFor(of: bucket, key: resource.key)
        return bucket
    }

    /// Asks for a right on a bucket, or on an object of it or a version of one, which is looked up for its ACL.
    ///
    /// - Throws: `AccessDenied`.
    private func require(
        _ action: String, _ kind: AccessQuestion.Kind, _ bucket: BucketRecord, _ object: ObjectName?
    ) async throws {
        let place =
            object.map { AccessResource.Place.object(bucket.name.text, $0.key.bytes) } ?? .bucket(bucket.name.text)
        let question = question(action, kind, place, ownerID: bucket.ownerID)
        try await judge(question, bucket) {
            guard let object else { return nil }
            do {
                guard let version = object.version else {
                    return try await surroundings.store.object(in: bucket, key: object.key).attributes.acl
                }
                return try await surroundings.store.object(in: bucket, key: object.key, version: version)
                    .attributes.acl
            } catch let refusal as OSSError {
                // There is no such object or version, or it is a delete marker: the operation will say so.
                guard [.noSuchKey, .noSuchVersion, .methodNotAllowed].contains(refusal.code) else { throw refusal }
                return nil
            }
        }
    }

    /// Asks for the right to delete each of several objects or versions.
    ///
    /// - Throws: `AccessDenied` for the first that may not be deleted.
    func require(_ deletions: [Deletion], in bucket: BucketRecord) async throws {
        guard try await !isUnquestioned(bucket) else { return }
        for deletion in deletions {
            let action = deletion.version == nil ? access.action : access.versionAction
            try await require(action, .writeObject, bucket, ObjectName(deletion.key, deletion.version))
        }
    }

    /// Asks for the right to read the source of a copy.
    ///
    /// - Throws: `AccessDenied`.
    func require(_ source: CopySource, in bucket: BucketRecord) async throws {
        let action = Self.readAction(isVersion: source.version != nil)
        try await require(action, .readObject, bucket, ObjectName(source.key, source.version))
    }

    /// Asks for the rights to take the tags of an object along to its copy.
    ///
    /// - Throws: `AccessDenied`.
    func requireTags(of source: ObjectRecord, in bucket: BucketRecord, for key: ObjectKey, in target: BucketRecord)
        async throws
    {
        guard !source.attributes.tags.isEmpty else { return }
        try await require(
            "oss:GetObjectTagging", .readObjectConfiguration, bucket, ObjectName(source.key, nil))
        try await require("oss:PutObjectTagging", .writeObjectConfiguration, target, ObjectName(key, nil))
    }

    /// Asks for the right to read an object that was looked up, such as the source of a copy or the end of a link.
    ///
    /// - Throws: `AccessDenied`.
    func requireReading(of object: ObjectRecord, isVersion: Bool = false, in bucket: BucketRecord) async throws {
        let place = AccessResource.Place.object(bucket.name.text, object.key.bytes)
        let question = question(
            Self.readAction(isVersion: isVersion), .readObject, place, ownerID: bucket.ownerID)
        try await judge(question, bucket, objectACL: object.attributes.acl)
    }

    /// Asks once more for an object that was looked up to be read: it may have another ACL than the one that was judged.
    ///
    /// - Throws: `AccessDenied`.
    func confirmReading(of object: ObjectRecord, in bucket: BucketRecord) async throws {
        guard access.rule == .one(.readObject) else { return }
        let place = AccessResource.Place.object(bucket.name.text, object.key.bytes)
        let question = question(action, .readObject, place, ownerID: bucket.ownerID)
        try await judge(question, bucket, objectACL: object.attributes.acl)
    }

    /// Refuses a policy that opens something to everybody, in a bucket that lets nothing become so.
    ///
    /// - Throws: `AccessDenied`.
    func refusePublicPolicy(of bucket: BucketRecord) async throws {
        guard try await surroundings.documents.rules(of: bucket).blocksPublicAccess else { return }
        throw OSSError(
            .accessDenied, message: "Put public bucket policy is not allowed",
            fields: [("BucketName", bucket.name.text)])
    }

    /// Asks for an account and its right to what has no bucket yet, or whose bucket the store will judge.
    private func requireAccount(_ resource: SignedResource) async throws {
        guard let name = resource.bucket else {
            return try refuse(question(access.action, .configuration, .service, ownerID: requester.ownerID))
        }
        let bucketName = try BucketName(name)
        let question = question(
            access.action, .configuration, .bucket(bucketName.text), ownerID: requester.ownerID)
        do {
            let bucket = try await surroundings.store.bucket(bucketName)
            if owns(bucket) {
                for question in [question] + settings(ofBucket: bucketName) {
                    try await judge(question, bucket, objectACL: nil)
                }
                return try await requireWhatHeadersAskFor(of: bucket, key: nil)
            }
        } catch let refusal as OSSError where refusal.code == .noSuchBucket {}
        for question in [question] + settings(ofBucket: bucketName) { try refuse(question) }
    }

    /// The rights to what the headers of PutBucket set beside making the bucket.
    ///
    /// Source: assumption A-097.
    private func settings(ofBucket name: BucketName) -> [AccessQuestion] {
        [
            ("x-oss-acl", "oss:PutBucketAcl"), ("x-oss-bucket-tagging", "oss:PutBucketTagging"),
            ("x-oss-server-side-encryption", "oss:PutBucketEncryption"),
            ("x-oss-resource-group-id", "oss:PutBucketResourceGroup"),
        ].filter { request.header($0.0) != nil }.map { _, action in
            question(action, .configuration, .bucket(name.text), ownerID: requester.ownerID)
        }
    }

    /// What a request asks for beside its operation: tags, and an ACL that opens something to everybody.
    ///
    /// Source: assumption A-097.
    private func requireWhatHeadersAskFor(of bucket: BucketRecord, key: [UInt8]?) async throws {
        if let key, request.method != "GET", request.header("x-oss-tagging") != nil {
            try await require(
                "oss:PutObjectTagging", .writeObjectConfiguration, bucket, ObjectName(ObjectKey(bytes: key), nil))
        }
        for (header, thing) in [("x-oss-object-acl", "object"), ("x-oss-acl", "bucket")] {
            guard let acl = request.header(header), acl.utf8.starts(with: "public-".utf8),
                try await surroundings.documents.rules(of: bucket).blocksPublicAccess
            else { continue }
            throw OSSError(
                .accessDenied, message: "Put public \(thing) acl is not allowed", ec: "0016-00000901",
                fields: [("BucketName", bucket.name.text)])
        }
    }

    private static func readAction(isVersion: Bool) -> String {
        isVersion ? "oss:GetObjectVersion" : "oss:GetObject"
    }

    private func owns(_ bucket: BucketRecord) -> Bool {
        !requester.isAnonymous && bucket.ownerID.utf8.elementsEqual(requester.ownerID.utf8)
    }

    /// Whether nothing could forbid the requester anything in a bucket: it is their own, and no policy says a word.
    private func isUnquestioned(_ bucket: BucketRecord) async throws -> Bool {
        guard owns(bucket), !requester.isBound else { return false }
        if case .none = try await surroundings.documents.rules(of: bucket).policy { return true }
        return false
    }

    private func question(
        _ action: String, _ kind: AccessQuestion.Kind, _ place: AccessResource.Place, ownerID: String
    ) -> AccessQuestion {
        var question = AccessQuestion(
            action, kind, on: AccessResource(place, region: surroundings.region, ownerID: ownerID), by: requester,
            facts: RequestFacts(nowUnixSeconds: nowUnixSeconds))
        question.lists = surroundings.publicACLLists
        return question
    }

    /// Decides about a bucket; what an object's ACL is, is asked only if it matters.
    private func judge(
        _ question: AccessQuestion, _ bucket: BucketRecord, objectACL: () async throws -> String?
    ) async throws {
        guard try await !isUnquestioned(bucket) else { return }
        var question = question
        question.bucket = AccessQuestion.Bucket(
            ownerID: bucket.ownerID, acl: BucketACL(rawValue: bucket.acl) ?? .private,
            rules: try await surroundings.documents.rules(of: bucket))
        if !owns(bucket) { question.objectACL = try await objectACL().map { ObjectACL(rawValue: $0) ?? .private } }
        try refuse(question)
    }

    private func judge(_ question: AccessQuestion, _ bucket: BucketRecord, objectACL: String?) async throws {
        try await judge(question, bucket) { objectACL }
    }

    private func refuse(_ question: AccessQuestion) throws(OSSError) {
        var question = question
        question.facts = RequestFacts(
            request, sourceAddress: sourceAddress(), accessKeyID: requester.isAnonymous ? nil : requester.accessKeyID,
            nowUnixSeconds: nowUnixSeconds)
        if let refusal = AccessDecision.judge(question).refusal(of: question) { throw refusal }
    }
}
