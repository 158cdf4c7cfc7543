import NIOCore
import OSSKit
import Synchronization

/// A store in memory behind the server on loopback: objects and uploads in parts, and the faults that a test wants.
final class StandInStore: Sendable {
    /// Looks at a request before the store does; what it answers is answered, and the store does nothing.
    typealias Fault = @Sendable (StandInRequest) -> LoopbackAnswer?
    /// Looks at an answer before it leaves; the store has done its work by then.
    typealias Change = @Sendable (StandInRequest, LoopbackAnswer) -> LoopbackAnswer

    struct Object: Sendable, Equatable {
        var content: String
        var eTag: String
        var headers: [String: String] = [:]
    }

    struct Upload: Sendable {
        let key: String
        let headers: [String: String]
        var parts: [Int: Object] = [:]
    }

    private struct State {
        var objects: [String: Object] = [:]
        var uploads: [String: Upload] = [:]
        var begunUploads = 0
        var requests: [StandInRequest] = []
        var fault: Fault = { _ in nil }
        var change: Change = { _, answer in answer }
    }

    private let state = Mutex(State())

    /// What is stored, by key.
    var objects: [String: Object] { state.withLock { $0.objects } }
    /// The uploads that are neither completed nor aborted, by ID.
    var uploads: [String: Upload] { state.withLock { $0.uploads } }
    /// What was asked since the last `forget()`, as `PUT part 3`, in the order in which it came.
    var asked: [String] { state.withLock { $0.requests.map(\.name) } }
    /// The requests since the last `forget()`.
    var requests: [StandInRequest] { state.withLock { $0.requests } }

    /// Stores an object.
    func put(_ key: String, _ content: String, headers: [String: String] = [:]) {
        state.withLock { $0.objects[key] = Object(content: content, eTag: Self.eTag(content), headers: headers) }
    }

    /// Removes all uploads, as an abort from elsewhere does.
    func removeUploads() {
        state.withLock { $0.uploads = [:] }
    }

    /// Changes what a part is, as a second writer does.
    func replacePart(_ number: Int, with content: String) {
        state.withLock { state in
            for id in state.uploads.keys where state.uploads[id]?.parts[number] != nil {
                state.uploads[id]?.parts[number] = Object(content: content, eTag: Self.eTag(content))
            }
        }
    }

    func setFault(_ fault: @escaping Fault) {
        state.withLock { $0.fault = fault }
    }

    func setChange(_ change: @escaping Change) {
        state.withLock { $0.change = change }
    }

    /// Forgets the requests so far, and every fault.
    func forget() {
        state.withLock { state in
            state.requests = []
            state.fault = { _ in nil }
            state.change = { _, answer in answer }
        }
    }

    /// The script of the server.
    var script: LoopbackServer.Script {
        { [self] received, _ in
            guard let request = StandInRequest(received) else { return .answer(400) }
            let (fault, change) = state.withLock { state in
                state.requests.append(request)
                return (state.fault, state.change)
            }
            if let answer = fault(request) {
                return answer
            }
            let answer = state.withLock { Self.answer(request, &$0) }
            return change(request, answer)
        }
    }

    static func eTag(_ content: String) -> String {
        "\"" + Hexadecimal.upper(MD5Digest.of(Array(content.utf8))) + "\""
    }

    static func crc64(_ content: String) -> String {
        String(CRC64.of(Array(content.utf8)))
    }

    /// The refusal of a code, as an endpoint writes it.
    static func refusal(_ code: OSSErrorCode) -> LoopbackAnswer {
        let document = ErrorDocument.write(OSSError(code), requestID: "R", hostID: "h")
        return .answer(
            code.status,
            [("Content-Type", "application/xml"), ("x-oss-err", ErrorDocument.headerValue(of: document))],
            body: document)
    }

    private static func answer(_ request: StandInRequest, _ state: inout State) -> LoopbackAnswer {
        if request.has("uploads") { return initiate(request, &state) }
        if let id = request.uploadID {
            guard let upload = state.uploads[id], upload.key == request.key else { return refusal(.noSuchUpload) }
            switch request.method {
            case "PUT": return putPart(request, id, &state)
            case "GET": return listParts(request, upload)
            case "POST": return complete(request, id, &state)
            default:
                state.uploads[id] = nil
                return .answer(204)
            }
        }
        switch request.method {
        case "PUT": return putObject(request, &state)
        case "GET", "HEAD": return getObject(request, state)
        default: return refusal(.methodNotAllowed)
        }
    }

    private static func initiate(_ request: StandInRequest, _ state: inout State) -> LoopbackAnswer {
        guard let key = try? ObjectKey(request.key) else { return refusal(.invalidObjectName) }
        state.begunUploads += 1
        let id = "UPLOAD\(state.begunUploads)"
        guard let uploadID = try? UploadID(id) else { return refusal(.internalError) }
        state.uploads[id] = Upload(key: request.key, headers: request.storedHeaders)
        let result = InitiateMultipartUploadResult(
            bucket: "workspace", key: key, uploadID: uploadID, isURLEncoded: true)
        return .answer(200, body: result.write())
    }

    private static func putPart(_ request: StandInRequest, _ id: String, _ state: inout State) -> LoopbackAnswer {
        guard let number = request.partNumber else { return refusal(.invalidArgument) }
        var content = request.body
        if let source = request.copySource {
            guard let object = state.objects[source] else { return refusal(.noSuchKey) }
            if let wanted = request.header("x-oss-copy-source-if-match"), wanted != object.eTag {
                return refusal(.preconditionFailed)
            }
            content = request.range("x-oss-copy-source-range", of: object.content) ?? object.content
        }
        let part = Object(content: content, eTag: eTag(content))
        state.uploads[id]?.parts[number] = part
        guard request.copySource == nil else {
            return .answer(200, body: CopyPartResult(eTag: part.eTag, lastModifiedMilliseconds: 0).write())
        }
        return .answer(200, [("ETag", part.eTag), ("x-oss-hash-crc64ecma", crc64(content))])
    }

    private static func listParts(_ request: StandInRequest, _ upload: Upload) -> LoopbackAnswer {
        let marker = request.number("part-number-marker") ?? 0
        // Small pages, so that there is more than one.
        let count = min(request.number("max-parts") ?? 1_000, 2)
        let rest = upload.parts.sorted { $0.key < $1.key }.filter { $0.key > marker }
        guard let key = try? ObjectKey(request.key), let uploadID = try? UploadID(request.uploadID ?? "") else {
            return refusal(.internalError)
        }
        let parts = rest.prefix(count).compactMap { number, part in
            PartNumber(number).map {
                ListPartsResult.Part(
                    number: $0, lastModifiedMilliseconds: 0, eTag: part.eTag,
                    sizeBytes: Int64(part.content.utf8.count), crc64: CRC64.of(Array(part.content.utf8)))
            }
        }
        var question = ListPartsResult.Question(
            bucket: "workspace", key: key, uploadID: uploadID, partNumberMarker: marker, maxParts: count)
        question.isURLEncoded = true
        return .answer(
            200, body: ListPartsResult(question: question, parts: parts, isTruncated: rest.count > count).write())
    }

    private static func complete(_ request: StandInRequest, _ id: String, _ state: inout State) -> LoopbackAnswer {
        guard let upload = state.uploads[id], let key = try? ObjectKey(request.key) else {
            return refusal(.noSuchUpload)
        }
        var parts = upload.parts.sorted { $0.key < $1.key }.map(\.value)
        if request.header("x-oss-complete-all") != "yes" {
            guard let list = try? CompleteMultipartUpload(document: Array(request.body.utf8)) else {
                return refusal(.malformedXML)
            }
            parts = list.parts.compactMap { part in
                upload.parts[part.number.value].flatMap { $0.eTag == part.eTag ? $0 : nil }
            }
            guard parts.count == list.parts.count else { return refusal(.invalidPart) }
        }
        let content = parts.map(\.content).joined()
        let eTag = MultipartETag.of(parts.map(\.eTag)) ?? ""
        state.objects[request.key] = Object(content: content, eTag: eTag, headers: upload.headers)
        state.uploads[id] = nil
        let result = CompleteMultipartUploadResult(
            location: "http://h/", bucket: "workspace", key: key, eTag: eTag, isURLEncoded: true)
        return .answer(200, [("x-oss-hash-crc64ecma", crc64(content))], body: result.write())
    }

    private static func putObject(_ request: StandInRequest, _ state: inout State) -> LoopbackAnswer {
        if let source = request.copySource {
            guard let object = state.objects[source] else { return refusal(.noSuchKey) }
            state.objects[request.key] = object
            let result = CopyObjectResult(eTag: object.eTag, lastModifiedMilliseconds: 0)
            return .answer(200, [("x-oss-hash-crc64ecma", crc64(object.content))], body: result.write())
        }
        let object = Object(content: request.body, eTag: eTag(request.body), headers: request.storedHeaders)
        state.objects[request.key] = object
        return .answer(200, [("ETag", object.eTag), ("x-oss-hash-crc64ecma", crc64(object.content))])
    }

    private static func getObject(_ request: StandInRequest, _ state: State) -> LoopbackAnswer {
        guard let object = state.objects[request.key] else { return refusal(.noSuchKey) }
        if let wanted = request.header("If-Match"), wanted != object.eTag { return refusal(.preconditionFailed) }
        let size = object.content.utf8.count
        var headers = [
            ("ETag", object.eTag), ("Last-Modified", "Fri, 24 Feb 2012 06:07:48 GMT"),
            ("x-oss-hash-crc64ecma", crc64(object.content)),
        ]
        headers += object.headers.map { ($0.key, $0.value) }
        if request.method == "HEAD" { return .answer(200, headers + [("Content-Length", String(size))]) }
        guard let piece = request.range("Range", of: object.content), let bounds = request.bounds("Range") else {
            return .answer(200, headers, body: object.content)
        }
        headers.append(("Content-Range", "bytes \(bounds.lowerBound)-\(bounds.upperBound)/\(size)"))
        return .answer(206, headers, body: piece)
    }
}

/// A request as the stand-in store sees it.
struct StandInRequest: Sendable {
    let method: String
    let key: String
    let body: String
    private let target: RequestTarget
    private let headers: [WireHeader]

    init?(_ received: ReceivedRequest) {
        guard let wire = try? received.wireRequest(), let resource = try? wire.target.pathStyleResource() else {
            return nil
        }
        method = wire.method
        key = String(decoding: resource.key ?? [], as: UTF8.self)
        body = String(buffer: received.body)
        target = wire.target
        headers = wire.headers
    }

    var uploadID: String? { target.value(of: "uploadId") }
    var partNumber: Int? { number("partNumber") }
    var copySource: String? { header("x-oss-copy-source").map { String($0.dropFirst("/workspace/".count)) } }

    /// What was asked for, in a few words.
    var name: String {
        if has("uploads") { return method == "POST" ? "begin" : "list uploads" }
        guard uploadID != nil else { return header("Range").map { "\(method) \($0)" } ?? method }
        switch method {
        case "PUT": return "part \(partNumber ?? 0)"
        case "GET": return "list parts"
        case "POST": return "complete"
        default: return "abort"
        }
    }

    /// The headers that are stored with an object.
    var storedHeaders: [String: String] {
        var stored: [String: String] = [:]
        for header in headers {
            let name = header.name.lowercased()
            if name.hasPrefix("x-oss-meta-") || ["content-type", "cache-control"].contains(name) {
                stored[name] = header.value
            }
        }
        return stored
    }

    func has(_ name: String) -> Bool { target.contains(name) }

    func number(_ name: String) -> Int? { target.value(of: name).flatMap { DecimalNumber.parse($0) }.map { Int($0) } }

    func header(_ name: String) -> String? { headers.first { $0.isNamed(name) }?.value }

    /// The offsets in a header such as `bytes=0-4`.
    func bounds(_ name: String) -> ClosedRange<Int>? {
        let parts = header(name)?.dropFirst("bytes=".count).split(separator: "-") ?? []
        guard parts.count == 2, let first = Int(parts[0]), let last = Int(parts[1]), first <= last else { return nil }
        return first...last
    }

    /// The piece of an ASCII text that a header asks for.
    func range(_ name: String, of content: String) -> String? {
        guard let bounds = bounds(name), bounds.upperBound < content.utf8.count else { return nil }
        return String(decoding: Array(content.utf8)[bounds], as: UTF8.self)
    }
}
