import OSSKit
import ObjectStore

/// `GET /?uploads` on a bucket: its uploads that were begun and have not ended.
///
/// Source: oss-wire fact 9.
enum ListMultipartUploads {
    static func answer(_ call: OSSCall) async throws -> OSSAnswer {
        typealias Document = ListMultipartUploadsResult
        let target = call.request.target
        let page = try PageQuery(
            target, limit: .init(name: "max-uploads", usual: Document.Question.usualMaximumUploads))
        let bucket = try await call.bucket()
        let keyMarker = target.first("key-marker")?.valueBytes ?? []
        // Without a key it means nothing.
        let idMarker = keyMarker.isEmpty ? "" : target.value(of: "upload-id-marker") ?? ""
        let query = UploadQuery(
            prefix: target.first("prefix")?.valueBytes ?? [], delimiter: target.first("delimiter")?.valueBytes ?? [],
            keyMarker: keyMarker.isEmpty ? nil : keyMarker, uploadIDMarker: idMarker.isEmpty ? nil : idMarker,
            limit: page.limit)
        let found = try await call.store.multipartUploads(in: bucket, query)
        var question = Document.Question(
            bucket: bucket.name.text, prefix: target.value(of: "prefix") ?? "",
            delimiter: target.value(of: "delimiter"),
            marker: Document.Marker(key: target.value(of: "key-marker") ?? "", uploadID: idMarker),
            maxUploads: page.limit)
        question.isURLEncoded = page.isURLEncoded
        let result = Document(
            question: question,
            uploads: found.uploads.map { upload in
                Document.Upload(
                    key: upload.key, uploadID: upload.id, initiatedMilliseconds: upload.initiatedMilliseconds,
                    storageClass: upload.attributes.storageClass)
            },
            commonPrefixes: found.commonPrefixes.map { String(decoding: $0, as: UTF8.self) },
            next: found.next.map { place in
                Document.Marker(key: String(decoding: place.key, as: UTF8.self), uploadID: place.uploadID ?? "")
            })
        return OSSAnswer(document: result.write())
    }
}
