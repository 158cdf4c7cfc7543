import OSSKit

/// How far an upload has come.
struct UploadCheckpoint: Checkpoint, Equatable {
    static let kind = "storage-gateway-upload-1"

    /// What has to be the same for an upload to go on.
    struct Subject: Codable, Sendable, Equatable {
        let endpoint: String
        let bucket: String
        let key: [UInt8]
        let source: FileIdentity
        /// The checksum of the headers with which the upload was begun.
        let headers: UInt64

        init(_ client: OSSClient, _ key: ObjectKey, _ source: FileIdentity, _ options: UploadOptions) {
            endpoint = client.configuration.endpoint.description
            bucket = client.configuration.bucket.text
            self.key = key.bytes
            self.source = source
            let lines = options.properties.headers.map { "\($0.name):\($0.value)\n" }
            headers = CRC64.of(Array((lines.joined() + "\(options.forbidsOverwrite)").utf8))
        }
    }

    /// A part that the endpoint has.
    struct Part: Codable, Sendable, Equatable {
        let number: Int
        let eTag: String
        let crc64: UInt64
    }

    /// What is uploaded, and where to.
    let subject: Subject
    /// The ID that the endpoint gave to the upload.
    let uploadID: String
    /// The length of every part but the last one.
    let partSizeBytes: Int64
    /// The finished parts, in the order in which they were finished.
    var parts: [Part] = []

    init(_ subject: Subject, _ upload: MultipartUpload, _ plan: PartPlan) {
        self.subject = subject
        uploadID = upload.uploadID.text
        partSizeBytes = plan.partSizeBytes
    }

    /// Whether the upload is one to the bucket of a client.
    func isFor(_ client: OSSClient) -> Bool {
        subject.endpoint == client.configuration.endpoint.description
            && subject.bucket == client.configuration.bucket.text
    }

    /// The upload; nil if key or ID cannot be one.
    var upload: MultipartUpload? {
        guard let key = try? ObjectKey(bytes: subject.key), let uploadID = try? UploadID(uploadID) else { return nil }
        return MultipartUpload(key: key, uploadID: uploadID)
    }

    /// How the file is cut; nil if no plan cuts it so.
    var plan: PartPlan? {
        let plan = try? PartPlan(sizeBytes: subject.source.sizeBytes, preferredPartSizeBytes: partSizeBytes)
        return plan?.partSizeBytes == partSizeBytes ? plan : nil
    }

    /// The finished parts as the endpoint should have them, by their numbers; those that no plan has are left out.
    func finishedParts(_ plan: PartPlan) -> [PartNumber: UploadedPart] {
        var found: [PartNumber: UploadedPart] = [:]
        for part in parts {
            guard let number = PartNumber(part.number), part.number <= plan.count else { continue }
            let range = plan.range(of: number)
            found[number] = UploadedPart(
                number: number, eTag: part.eTag, sizeBytes: range.upperBound - range.lowerBound, crc64: part.crc64)
        }
        return found
    }

    /// Remembers a part.
    mutating func note(_ part: UploadedPart) {
        guard let crc64 = part.crc64 else { return }
        parts.append(Part(number: part.number.value, eTag: part.eTag, crc64: crc64))
    }
}
