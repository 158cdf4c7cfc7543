import GRDB
import OSSKit

/// Reads bodies to their last byte and tells what is wrong with them.
struct BodyScrubber: Sendable {
    /// How often a body is looked at again that was changed while it was read.
    private static let tries = 5

    /// The rows.
    let database: MetadataDatabase
    /// The files.
    let blobs: BlobFolder
    /// What keeps a body of segments in one piece while it is read.
    let reaper: Reaper
    /// Told how many bytes were read; returns when more may be read.
    let pace: @Sendable (Int) async throws -> Void

    /// What is wrong with the body of a row.
    ///
    /// What was overwritten or deleted meanwhile is not damaged: the row is looked up anew before anything is told.
    /// - Returns: nil if the body is whole, or if the row is gone.
    func fault(of named: NamedBody) async throws -> BodyFault? {
        var named = named
        for _ in 0..<Self.tries {
            guard let fault = try await faultNow(of: named) else { return nil }
            let position = named.position
            switch try await database.read({ try BodyWalk.row(at: position, in: $0) }) {
            case nil: return nil
            case .unreadable: return BodyFault(.wrongRow, "the row cannot be read")
            case .body(let current):
                if current.body == named.body, current.checks == named.checks { return fault }
                named = current
            }
        }
        // Somebody writes to it faster than it can be read; the next walk looks at it again.
        return nil
    }

    private func faultNow(of named: NamedBody) async throws -> BodyFault? {
        do {
            switch named.body.place {
            case .inline, .blob: try await readPlain(named.body, named.checks)
            case .segments: try await readSegments(named.body, named.checks)
            }
            return nil
        } catch let fault as BodyFault {
            return fault
        } catch StoreFailure.bodyIsGone {
            return BodyFault(.missing, "its bytes are gone")
        } catch let failure as StoreFailure {
            guard case .system(let call, let number) = failure, !failure.isPassing else { throw failure }
            return BodyFault(.unreadable, "\(call) fails with error \(number)")
        }
    }

    private func readPlain(_ body: BodyReference, _ checks: BodyChecks) async throws {
        guard let blob = body.blob else { return try await readInline(body, checks) }
        let threads = blobs.threads
        var (examination, count) = try await threads.run { [blobs] in
            var examination = try BlobExamination(blob, checks, in: blobs)
            let count = try examination.checkNextBlock()
            return (examination, count)
        }
        while let read = count {
            try await pace(read)
            (examination, count) = try await threads.run { [examination] in
                var next = examination
                let count = try next.checkNextBlock()
                return (next, count)
            }
        }
    }

    private func readInline(_ body: BodyReference, _ checks: BodyChecks) async throws {
        let fault = try await database.read { database -> BodyFault? in
            let statement = try database.cachedStatement(sql: "SELECT crc64, body FROM inline WHERE id = ?")
            guard let row = try Row.fetchOne(statement, arguments: [body.id]) else {
                // A symbolic link has a body of nothing.
                return checks.sizeBytes == 0 ? nil : BodyFault(.missing, "its row of bytes is gone")
            }
            guard let crc64 = row.number(0), let bytes = row.bytes(1) else {
                return BodyFault(.wrongRow, "its row of bytes cannot be read")
            }
            guard Int64(bytes.count) == checks.sizeBytes else {
                return BodyFault(.wrongLength, "its row has \(bytes.count) bytes in the place of \(checks.sizeBytes)")
            }
            let found = CRC64.of(bytes)
            guard found == checks.crc64 else {
                return found == UInt64(bitPattern: crc64)
                    ? BodyFault(.wrongChecksum, "its row of bytes is that of another body")
                    : BodyFault(.wrongBlock, "its row of bytes")
            }
            return nil
        }
        if let fault { throw fault }
        try await pace(Int(clamping: checks.sizeBytes))
    }

    private func readSegments(_ body: BodyReference, _ checks: BodyChecks) async throws {
        let pin = reaper.pin(body.id)
        defer { withExtendedLifetime(pin) {} }
        guard try await database.read({ try BodyTable.isNamed(body.id, in: $0) }) else {
            throw BodyFault(.missing, "the list of its parts is gone")
        }
        var (end, crc64) = (Int64(0), UInt64(0))
        while end < checks.sizeBytes {
            let offset = end
            let page = try await database.read { database in
                try SegmentTable.page(ofBody: body.id, from: offset, limit: BodyWalk.pageSize, in: database)
            }
            guard !page.isEmpty else { throw BodyFault(.incomplete, "nothing is named behind byte \(end)") }
            for segment in page {
                guard segment.range.lowerBound == end, !segment.range.isEmpty else {
                    throw BodyFault(.incomplete, "nothing is named behind byte \(end)")
                }
                try await readSegment(segment)
                end = segment.range.upperBound
                crc64 = CRC64.combine(crc64, segment.crc64, secondLengthBytes: segment.checks.sizeBytes)
            }
        }
        guard end == checks.sizeBytes, crc64 == checks.crc64 else {
            throw BodyFault(.wrongChecksum, "its parts are not those that the object was made of")
        }
    }

    private func readSegment(_ segment: Segment) async throws {
        do {
            try await readPlain(segment.body, segment.checks)
        } catch let fault as BodyFault {
            let range = segment.range
            throw BodyFault(
                fault.kind, "\(fault.detail), in bytes \(range.lowerBound) to \(range.upperBound - 1)")
        }
    }
}
