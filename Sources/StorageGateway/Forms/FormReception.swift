import NIOCore
import OSSKit
import ObjectStore

/// A form upload on its way in: first the fields, then who sends it and whether that is allowed, then the file.
struct FormReception {
    private let call: OSSCall
    private let authenticator: Authenticator
    private var reader: FormDataReader
    private var fields: [PostForm.Field] = []
    private var file: AcceptedForm?
    private var upload: ObjectUpload?
    private var fileBytes: Int64 = 0

    /// Begins with the head of the request.
    ///
    /// - Throws: as `FormDataReader`.
    init(_ call: OSSCall, _ authenticator: Authenticator) throws(OSSError) {
        self.call = call
        self.authenticator = authenticator
        reader = try FormDataReader(contentType: call.header("content-type"))
    }

    /// Takes the next bytes of the body.
    mutating func take(_ chunk: ByteBuffer) async throws {
        for piece in try reader.take(chunk.readableBytesView) {
            switch piece {
            case .field(let name, let value):
                fields.append(PostForm.Field(name, value))
            case .fileBegins(let part):
                let form = PostForm(
                    bucket: call.resource.bucket ?? "", fields: fields, fileContentType: part.contentType)
                let accepted = try await AcceptedForm(form, filename: part.filename ?? "", call, authenticator)
                file = accepted
                upload = try await call.store.beginUpload(in: accepted.bucket)
            case .fileBytes(let bytes):
                fileBytes += Int64(bytes.count)
                guard fileBytes <= file?.greatestBytes ?? 0 else {
                    throw OSSError(.entityTooLarge, ec: "0006-00000003")
                }
                try await upload?.append(ByteBuffer(bytes: bytes))
            case .fileEnds:
                try file?.policy?.checkLength(fileBytes)
            }
        }
    }

    /// Stores the file, after the whole body was read.
    mutating func finish() async throws -> OSSAnswer {
        try reader.finish()
        guard let file, let upload else { throw OSSError(.incorrectNumberOfFilesInPOSTRequest) }
        _ = try await upload.finish()
        let object = try await call.store.put(
            upload, in: file.bucket, key: file.key, attributes: file.attributes, condition: file.condition)
        let answer = file.answer(object, call)
        return try await file.callback?.completing(answer, of: object, file.call) ?? answer
    }

    /// Gives up what was received.
    mutating func discard() async {
        await upload?.discard()
        upload = nil
    }
}
