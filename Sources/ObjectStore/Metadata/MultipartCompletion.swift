import GRDB
import OSSKit

/// A part that the completer of an upload names.
package struct CompletedPart: Sendable, Equatable {
    /// Its number.
    package let number: PartNumber
    /// Its ETag as it was sent, with its quotes or without.
    package let etag: String

    /// Names a part.
    package init(number: PartNumber, etag: String) {
        self.number = number
        self.etag = etag
    }
}

/// The choice of the parts that become an object.
///
/// Source: oss-wire fact 9; what is refused without any part is assumption A-054.
struct MultipartCompletion {
    /// The least size of every part but the last, in bytes: 100 KiB.
    static let leastPartBytes: Int64 = 102_400
    /// The greatest size of an object, in bytes: 48.8 TiB.
    static let greatestObjectBytes: Int64 = 53_687_091_200_000
    /// What one part writes to the log, about.
    static let weightBytesOfPart = 128

    private let upload: MultipartUpload
    private let parts: [PartRecord]
    private let takesAll: Bool
    private let sizeBytes: Int64

    /// Chooses the parts of an upload: those that are named, or all.
    ///
    /// - Throws: `InvalidPart`, `InvalidPartOrder`, `EntityTooSmall`, `EntityTooLarge`.
    init(of upload: MultipartUpload, asked: [CompletedPart]?, in database: Database) throws {
        let all = try PartTable.page(
            ofUpload: upload.number, after: 0, limit: PartNumber.range.upperBound, in: database)
        self.upload = upload
        self.parts = try asked.map { try Self.choose($0, from: all, of: upload) } ?? all
        self.takesAll = parts.count == all.count
        guard let last = parts.last else { throw Self.invalidPart(nil, of: upload) }
        var sum = last.sizeBytes
        for part in parts.dropLast() {
            guard part.sizeBytes >= Self.leastPartBytes else { throw Self.tooSmall(part, of: upload) }
            let (more, overflow) = sum.addingReportingOverflow(part.sizeBytes)
            guard !overflow, more <= Self.greatestObjectBytes else { throw OSSError(.entityTooLarge) }
            sum = more
        }
        self.sizeBytes = sum
    }

    /// Makes a body of the parts' bodies, which it takes over.
    func assemble(in database: Database) throws -> ObjectContent {
        let body = try BodyTable.insertSegmented(sizeBytes: sizeBytes, in: database)
        var (start, crc64) = (Int64(0), UInt64(0))
        for part in parts where part.sizeBytes > 0 {
            let range = start..<(start + part.sizeBytes)
            try SegmentTable.insert(
                Segment(range: range, crc64: part.crc64, body: part.body), intoBody: body.id, in: database)
            crc64 = CRC64.combine(crc64, part.crc64, secondLengthBytes: part.sizeBytes)
            start = range.upperBound
        }
        return ObjectContent(
            type: .multipart, sizeBytes: sizeBytes, entityTag: EntityTag(ofParts: parts.map(\.md5)), crc64: crc64,
            body: body)
    }

    /// Removes the rows of the parts; those that were not chosen, and empty ones, are cleared away later.
    func clearParts(_ leftovers: inout Leftovers, in database: Database) throws {
        let taken = parts.filter { $0.sizeBytes > 0 }
        let leavesNothing = takesAll && taken.count == parts.count
        try PartTable.delete(leavesNothing ? nil : taken, ofUpload: upload.number, in: database)
        if !leavesNothing {
            leftovers.releases.append(try ReleaseTable.insert(.parts(upload.number), in: database))
        }
    }

    private static func choose(
        _ asked: [CompletedPart], from all: [PartRecord], of upload: MultipartUpload
    ) throws(OSSError) -> [PartRecord] {
        var chosen: [PartRecord] = []
        var rest = all[...]
        for (part, next) in zip(asked, asked.dropFirst()) {
            guard part.number < next.number else { throw OSSError(.invalidPartOrder) }
        }
        for part in asked {
            rest = rest.drop { $0.number < part.number }
            guard let found = rest.first, found.number == part.number, isETag(part.etag, of: found) else {
                throw invalidPart(part, of: upload)
            }
            chosen.append(found)
        }
        return chosen
    }

    private static func isETag(_ sent: String, of part: PartRecord) -> Bool {
        var digits = sent.utf8[...]
        if digits.count >= 2, digits.first == UInt8(ascii: "\""), digits.last == UInt8(ascii: "\"") {
            digits = digits.dropFirst().dropLast()
        }
        return Hexadecimal.decode(Substring(digits)) == part.md5
    }

    private static func invalidPart(_ part: CompletedPart?, of upload: MultipartUpload) -> OSSError {
        let asked = part.map { [("ETag", $0.etag), ("PartNumber", $0.number.description)] } ?? []
        return OSSError(.invalidPart, fields: asked + [("UploadId", upload.id.text)])
    }

    private static func tooSmall(_ part: PartRecord, of upload: MultipartUpload) -> OSSError {
        OSSError(
            .entityTooSmall, ec: "0042-00000213",
            fields: [
                ("ProposedSize", String(part.sizeBytes)), ("MinSizeAllowed", String(leastPartBytes)),
                ("PartNumber", part.number.description), ("ETag", "\"\(part.etag)\""), ("UploadId", upload.id.text),
            ])
    }
}
