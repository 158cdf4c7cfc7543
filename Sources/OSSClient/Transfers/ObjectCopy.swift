import OSSKit

/// One copy of an object inside the endpoint.
struct ObjectCopy: Sendable {
    let transfers: OSSTransfers
    let source: CopySource
    let key: ObjectKey
    let options: CopyObjectOptions
    let meter: TransferMeter

    private var client: OSSClient { transfers.client }

    func run() async throws -> CopyOutcome {
        let home = source.bucket.map { client.service.bucket($0) } ?? client
        let metadata = try await home.headObject(source.key, GetObjectOptions(versionID: source.versionID))
        guard metadata.sizeBytes > transfers.settings.singleCopyBytes else { return try await copyWhole(metadata) }
        let plan = try PartPlan(
            sizeBytes: metadata.sizeBytes, preferredPartSizeBytes: transfers.settings.copyPartSizeBytes)
        try Task.checkCancellation()
        let upload = try await uncancelled {
            try await client.initiateMultipartUpload(
                key, properties(metadata), forbidsOverwrite: options.forbidsOverwrite)
        }
        do {
            return try await copyParts(upload, plan, metadata)
        } catch {
            throw await tidied(after: error) { try await client.abortMultipartUpload(upload) }
        }
    }

    private func copyWhole(_ metadata: ObjectMetadata) async throws -> CopyOutcome {
        meter.begin(totalBytes: metadata.sizeBytes, totalParts: 1)
        let answer = try await client.copyObject(from: source, to: key, options)
        meter.finishPart(1, sizeBytes: metadata.sizeBytes)
        return CopyOutcome(
            eTag: answer.eTag, crc64: answer.crc64, sizeBytes: metadata.sizeBytes, versionID: answer.versionID)
    }

    private func copyParts(
        _ upload: MultipartUpload, _ plan: PartPlan, _ metadata: ObjectMetadata
    ) async throws -> CopyOutcome {
        meter.begin(totalBytes: plan.sizeBytes, totalParts: plan.count)
        var conditions = options.conditions
        conditions.ifMatch = conditions.ifMatch ?? metadata.eTag
        let fixed = conditions
        var parts: [UploadedPart] = []
        do {
            try await forEach(plan.numbers, width: transfers.settings.parallelParts) { number in
                let range = plan.range(of: number)
                let part = try await client.uploadPartCopy(
                    upload, number, from: source, range: range.lowerBound...(range.upperBound - 1),
                    conditions: fixed)
                meter.finishPart(number.value, sizeBytes: Int64(range.count))
                return part
            } accept: {
                parts.append($0)
            }
        } catch let refusal as ServiceError where refusal.status == 412 && options.conditions == ObjectConditions() {
            throw TransferError.objectChanged
        }
        parts.sort { $0.number < $1.number }
        var complete = CompleteUploadOptions()
        complete.forbidsOverwrite = options.forbidsOverwrite
        let (ordered, ending) = (parts, complete)
        try Task.checkCancellation()
        let completed = try await uncancelled {
            try await client.completeMultipartUpload(upload, .listed(ordered), ending)
        }
        if let wanted = metadata.crc64, let found = completed.crc64, wanted != found {
            throw OSSClientError.wrongChecksum
        }
        return CopyOutcome(
            eTag: completed.eTag, crc64: completed.crc64, sizeBytes: plan.sizeBytes, versionID: completed.versionID)
    }

    /// What is stored beside the copy: an upload in parts takes nothing over from its source by itself.
    private func properties(_ metadata: ObjectMetadata) -> ObjectProperties {
        var properties: ObjectProperties
        if let replacing = options.replacingProperties {
            properties = replacing
        } else {
            properties = ObjectProperties(
                contentType: metadata.contentType, userMetadata: metadata.userMetadata)
            properties.cacheControl = metadata.header("Cache-Control")
            properties.contentDisposition = metadata.header("Content-Disposition")
            properties.contentEncoding = metadata.header("Content-Encoding")
            properties.contentLanguage = metadata.header("Content-Language")
            properties.expires = metadata.header("Expires")
        }
        properties.acl = options.acl ?? properties.acl
        properties.storageClass = options.storageClass ?? properties.storageClass
        properties.tags = options.replacingTags ?? properties.tags
        return properties
    }
}
