import OSSKit
import ObjectStore

/// `GET /key?uploadId=U`: the parts that an upload has.
///
/// Source: oss-wire fact 9.
enum ListParts {
    static func answer(_ call: OSSCall) async throws -> OSSAnswer {
        let target = call.request.target
        let page = try PageQuery(
            target, limit: .init(name: "max-parts", usual: ListPartsResult.Question.usualMaximumParts))
        let marker = try partNumberMarker(target)
        let upload = try await call.multipartUpload()
        let found = try await call.store.parts(of: upload, after: marker, limit: page.limit)
        var question = ListPartsResult.Question(
            bucket: upload.bucket.name.text, key: upload.key, uploadID: upload.id, partNumberMarker: marker,
            maxParts: page.limit)
        question.isURLEncoded = page.isURLEncoded
        var result = ListPartsResult(
            question: question,
            parts: found.parts.map { part in
                ListPartsResult.Part(
                    number: part.number, lastModifiedMilliseconds: part.lastModifiedMilliseconds,
                    eTag: part.quotedETag, sizeBytes: part.sizeBytes, crc64: part.crc64)
            },
            isTruncated: found.isTruncated)
        result.storageClass = upload.attributes.storageClass
        return OSSAnswer(document: result.write())
    }

    private static func partNumberMarker(_ target: RequestTarget) throws(OSSError) -> Int {
        let name = "part-number-marker"
        guard let text = target.value(of: name), !text.isEmpty else { return 0 }
        guard let number = DecimalNumber.parse(text), let marker = Int(exactly: number) else {
            throw .invalidArgument(name, text, message: "Argument part-number-marker must be an integer.")
        }
        return marker
    }
}
