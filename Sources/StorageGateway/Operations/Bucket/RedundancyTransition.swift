import OSSKit
import ObjectStore

/// `/?redundancyTransition`: the wish that a bucket be kept in another redundancy; it is kept and told, and waits.
///
/// Source: oss-wire fact 11.6; that it waits for ever is assumption A-078.
enum RedundancyTransition {
    /// How many buckets are looked at for one list over all of them.
    private static let bucketLimit = 1_000

    /// Takes the wish.
    static func create(_ call: OSSCall) async throws -> OSSAnswer {
        let bucket = try await call.bucket()
        let parameter = "x-oss-target-redundancy-type"
        let asked = call.request.target.value(of: parameter) ?? ""
        guard asked == "ZRS" else {
            throw OSSError.invalidArgument(parameter, asked, message: "The target redundancy type is not valid.")
        }
        let id = Identifier.make(call.environment.randomBits)
        let task = XMLElement(
            BucketDataRedundancyTransition.rootName,
            children: [
                XMLElement("Bucket", text: bucket.name.text), XMLElement("TaskId", text: id),
                XMLElement("CreateTime", text: ISO8601.format(unixMilliseconds: call.environment.now())),
                XMLElement("Status", text: "Queueing"),
            ])
        try await call.store.changeConfiguration(.redundancyTransition, of: bucket) { former in
            guard former.current == nil else {
                throw OSSError(.invalidRequest, message: "The bucket has a redundancy transition already.")
            }
            return Array(task.document().utf8)
        }
        return OSSAnswer(document: BucketDataRedundancyTransition(taskID: id).write())
    }

    /// Tells the wish of a task's ID.
    static func tell(_ call: OSSCall) async throws -> OSSAnswer {
        let bucket = try await call.bucket()
        guard let found = try await task(call, bucket), isAsked(found, call) else {
            throw OSSError(.noSuchRedundancyTransition, fields: [("BucketName", bucket.name.text)])
        }
        return OSSAnswer(document: found.document())
    }

    /// Takes the wish back; that there is none is fine.
    static func remove(_ call: OSSCall) async throws -> OSSAnswer {
        let bucket = try await call.bucket()
        if let found = try await task(call, bucket), isAsked(found, call) {
            try await call.store.removeConfiguration(.redundancyTransition, of: bucket)
        }
        return OSSAnswer(status: 204)
    }

    /// Tells the wishes of a bucket.
    static func list(_ call: OSSCall) async throws -> OSSAnswer {
        let found = try await task(call, call.bucket())
        return OSSAnswer(document: document(found.map { [$0] } ?? []).document())
    }

    /// Tells the wishes of all buckets of the requester.
    static func listAll(_ call: OSSCall) async throws -> OSSAnswer {
        let limit = try PageQuery(call.request.target, limit: PageQuery.LimitParameter()).limit
        let token = call.request.target.value(of: "continuation-token") ?? ""
        let after = token.isEmpty ? "" : String(decoding: try ContinuationToken.read(token), as: UTF8.self)
        let page = try await call.store.buckets(
            ownedBy: call.requester.ownerID, after: after, limit: bucketLimit)
        var tasks: [XMLElement] = []
        var last = page.isTruncated ? page.records.last?.name : nil
        for bucket in page.records {
            guard let found = try await task(call, bucket) else { continue }
            tasks.append(found)
            if tasks.count == limit {
                last = bucket.name
                break
            }
        }
        var list = document(tasks).children
        list.append(XMLElement("IsTruncated", text: last == nil ? "false" : "true"))
        if let last {
            list.append(XMLElement("NextContinuationToken", text: ContinuationToken.write(Array(last.text.utf8))))
        }
        return OSSAnswer(document: XMLElement("ListBucketDataRedundancyTransition", children: list).document())
    }

    private static func document(_ tasks: [XMLElement]) -> XMLElement {
        XMLElement("ListBucketDataRedundancyTransition", children: tasks)
    }

    private static func task(_ call: OSSCall, _ bucket: BucketRecord) async throws -> XMLElement? {
        try await call.store.configuration(.redundancyTransition, of: bucket) { try XMLReader.read($0) }
    }

    private static func isAsked(_ task: XMLElement, _ call: OSSCall) -> Bool {
        let asked = call.request.target.value(of: "x-oss-redundancy-transition-taskid") ?? ""
        return task.text(of: "TaskId")?.utf8.elementsEqual(asked.utf8) ?? false
    }
}
