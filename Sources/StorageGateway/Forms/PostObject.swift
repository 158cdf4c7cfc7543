import OSSKit

/// `POST /` on a bucket with a form: stores the form's file.
///
/// Source: oss-wire fact 4. A header `Authorization` and a signature in the URL mean nothing here.
enum PostObject {
    /// Whether a request is a form upload: a parameter that means something makes it another operation.
    static func isMeant(by request: WireRequest, level: ResourceLevel) -> Bool {
        request.method == "POST" && level == .bucket
            && !request.target.query.contains { OperationTable.isReserved($0, in: request) }
    }

    static func answer(_ call: OSSCall, _ authenticator: Authenticator) async throws -> OSSAnswer {
        _ = try call.bucketName()
        let body = try RequestBodyReader(
            call, limitBytes: Limits.objectBytes + Int64(OSSKit.Limits.maximumFormBytesBesideFile))
        var reception = try FormReception(call, authenticator)
        var digest = body.contentMD5.map { _ in RunningChecksum(.md5) }
        do {
            _ = try await body.forEachChunk { chunk in
                chunk.withUnsafeReadableBytes { digest?.update($0) }
                try await reception.take(chunk)
            }
            // The header is about the whole form, not about the file.
            if let wanted = body.contentMD5, let digest, !equalInConstantTime(wanted, digest.bytes) {
                throw OSSError(.invalidDigest)
            }
            return try await reception.finish()
        } catch {
            await reception.discard()
            throw error
        }
    }
}
