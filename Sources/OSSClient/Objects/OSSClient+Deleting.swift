import NIOCore
import OSSKit

/// What became of many objects that were to be deleted.
public struct DeleteObjectsResult: Sendable, Equatable {
    /// Those that the endpoint says are gone; one that was not there is among them.
    public internal(set) var deleted: [DeleteResult.Deleted] = []
    /// Those of which the endpoint did not say so, though it took the request; none after a quiet call.
    public internal(set) var unconfirmed: [DeleteRequest.Object] = []
}

extension OSSClient {
    /// Deletes any number of objects, 1,000 with each request.
    ///
    /// A call that throws has deleted the objects of the requests before; it can be made again as it is.
    ///
    /// - Parameters:
    ///   - objects: the objects.
    ///   - isQuiet: whether the endpoint is not to tell what it deleted, and the result is empty.
    /// - Throws: `ServiceError`; `OSSClientError`.
    @discardableResult
    public func deleteObjects(
        _ objects: some Sequence<DeleteRequest.Object>, isQuiet: Bool = false
    ) async throws -> DeleteObjectsResult {
        var result = DeleteObjectsResult()
        var batch: [DeleteRequest.Object] = []
        for object in objects {
            guard XMLWriter.canHold(object.key.text) else {
                // In a document the key would be another one.
                let answer = try await deleteObject(object.key, versionID: object.versionID)
                if !isQuiet { result.deleted.append(DeleteResult.Deleted(object, answer)) }
                continue
            }
            batch.append(object)
            if batch.count == Limits.maximumKeysPerDelete {
                try await delete(batch, isQuiet, &result)
                batch.removeAll()
            }
        }
        try await delete(batch, isQuiet, &result)
        return result
    }

    /// Deletes any number of objects by their keys, as `deleteObjects(_:isQuiet:)`.
    @discardableResult
    public func deleteObjects(
        keys: some Sequence<ObjectKey>, isQuiet: Bool = false
    ) async throws -> DeleteObjectsResult {
        try await deleteObjects(keys.lazy.map { DeleteRequest.Object(key: $0) }, isQuiet: isQuiet)
    }

    private func delete(
        _ batch: [DeleteRequest.Object], _ isQuiet: Bool, _ result: inout DeleteObjectsResult
    ) async throws {
        guard !batch.isEmpty else { return }
        let document = ByteBuffer(string: DeleteRequest(isQuiet: isQuiet, objects: batch).write())
        var request = OSSRequest(
            method: "POST", query: [QueryItem("delete"), QueryItem("encoding-type", "url")],
            headers: [
                WireHeader("Content-Type", "application/xml"),
                WireHeader("Content-MD5", Base64.encode(MD5Digest.of(document.readableBytesView))),
            ], body: .bytes(document))
        request.isRepeatable = true
        let answer = try await send(request) { try DeleteResult(document: try await $0.document()) }
        guard !isQuiet else { return }
        result.deleted += answer.deleted
        let named = Set(answer.deleted.map { DeletedName($0.key, $0.versionID) })
        result.unconfirmed += batch.filter { !named.contains(DeletedName($0.key, $0.versionID)) }
    }
}

/// What a request to delete names.
private struct DeletedName: Hashable {
    let key: ObjectKey
    let versionID: String?

    /// Some endpoints write an empty element where there is no version.
    init(_ key: ObjectKey, _ versionID: String?) {
        self.key = key
        self.versionID = versionID?.isEmpty == true ? nil : versionID
    }
}

extension DeleteResult.Deleted {
    /// The entry that a request of its own stands for.
    fileprivate init(_ object: DeleteRequest.Object, _ answer: DeleteObjectResult) {
        self.init(
            key: object.key, versionID: object.versionID,
            deleteMarkerVersionID: answer.isDeleteMarker ? answer.versionID : nil)
    }
}
