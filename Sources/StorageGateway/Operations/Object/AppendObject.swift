import OSSKit
import ObjectStore

/// `POST /key?append&position=N`: puts bytes behind those of an appendable object, or makes one.
///
/// Source: oss-wire fact 8.4; the order of the checks is assumption A-057, what later calls say of tags A-126.
enum AppendObject {
    static func answer(_ call: OSSCall) async throws -> OSSAnswer {
        let key = try call.key()
        let position = try position(of: call)
        try WriteHeaders.refuseUnknownMeaning(call)
        var attributes = try ObjectAttributes(writing: call, readsTags: position == 0)
        let condition = try WriteHeaders.condition(call)
        let reader = try RequestBodyReader(call, limitBytes: Limits.objectBytes)
        let bucket = try await call.bucket()
        try await attributes.complete(call, in: bucket)
        let place = ObjectPlace(bucket: bucket, key: key)
        // What cannot come to anything is refused before its bytes come; the commit judges again.
        try await call.store.requireAppendable(
            at: position, adding: reader.announcedBytes ?? 0, to: place, condition: condition)
        let upload = try await call.store.beginUpload(expectedBytes: reader.announcedBytes, in: bucket)
        do {
            _ = try await reader.forEachChunk { try await upload.append($0) }
            try reader.check(try await upload.finish())
            let object = try await call.store.append(
                upload, at: position, to: place, attributes: attributes, condition: condition)
            return OSSAnswer(
                headers: object.writtenHeaders(in: bucket) + [("x-oss-next-append-position", String(object.sizeBytes))])
        } catch {
            await upload.discard()
            throw error
        }
    }

    /// How many bytes the object is said to have.
    private static func position(of call: OSSCall) throws(OSSError) -> Int64 {
        let name = "position"
        guard let text = call.request.target.value(of: name), !text.isEmpty else {
            throw OSSError(.missingArgument, fields: [("ArgumentName", name)])
        }
        guard let position = DecimalNumber.parse(text) else {
            throw .invalidArgument(name, text, message: "The position must be an integer of 0 or more.")
        }
        return position
    }
}
