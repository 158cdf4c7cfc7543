import OSSKit
import ObjectStore

/// `POST /key?restore`: makes an object of an archive class readable for some days.
///
/// Source: oss-wire fact 8.9; how long it takes is assumption A-112, what a tier does A-127.
enum RestoreObject {
    private static let millisecondsPerDay: Int64 = 24 * 3_600 * 1_000

    static func answer(_ call: OSSCall) async throws -> OSSAnswer {
        let document = try await RequestBodyReader.document(of: call)
        let asked = try document.map { (document) throws(OSSError) in try RestoreRequest(document: document) }
        let bucket = try await call.bucket()
        let key = try call.key()
        return try await call.whileItChanges {
            let object = try await ObjectRead.object(call, bucket: bucket, key: key)
            let days = Int64(asked?.days ?? 1)
            let greatest: Int64 = object.storageClass == "Archive" ? 7 : 365
            let state = call.archiveState(of: object)
            guard state != .readable else { throw OSSError(.operationNotSupported) }
            // Only the cold classes can be restored sooner or later.
            guard asked?.tier == nil || object.storageClass != "Archive" else {
                throw OSSError(.malformedXML)
            }
            guard days <= greatest else {
                throw OSSError.invalidArgument(
                    "Days", String(days), message: "Days must be between 1 and \(greatest).")
            }
            guard state != .restoring else { throw OSSError(.restoreAlreadyInProgress) }
            let isRestored = state != .frozen
            let ready = call.origin.milliseconds + (isRestored ? 0 : ArchiveState.restorationMilliseconds)
            let headers = ArchiveState.headers(
                of: object, readyAtMilliseconds: ready, untilMilliseconds: ready + days * millisecondsPerDay)
            try await call.store.setHeaders(headers, of: object, in: bucket)
            let priority = asked?.tier.map { [("x-oss-object-restore-priority", $0.rawValue)] } ?? []
            return OSSAnswer(
                status: isRestored ? 200 : 202, headers: priority + VersionHeaders.of(object.version, in: bucket))
        }
    }
}

/// `POST /key?cleanRestoredObject`: ends the time in which a restored object can be read.
enum CleanRestoredObject {
    static func answer(_ call: OSSCall) async throws -> OSSAnswer {
        let bucket = try await call.bucket()
        let key = try call.key()
        return try await call.whileItChanges {
            let object = try await ObjectRead.object(call, bucket: bucket, key: key)
            switch call.archiveState(of: object) {
            case .readable: throw OSSError(.operationNotSupported)
            case .restoring: throw OSSError(.restoreAlreadyInProgress)
            case .frozen: return OSSAnswer()
            case .restored: break
            }
            let headers = ArchiveState.headers(of: object, readyAtMilliseconds: 0, untilMilliseconds: nil)
            try await call.store.setHeaders(headers, of: object, in: bucket)
            return OSSAnswer()
        }
    }
}
