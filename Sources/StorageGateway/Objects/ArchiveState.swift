import OSSKit
import ObjectStore

/// Whether an object of an archive class can be read.
///
/// The state is kept with the object as the two times of its last restoration, so that it needs no clockwork: it follows
/// from the time of whoever asks. Source: oss-wire facts 8.2 and 8.9; the times are assumption A-112.
enum ArchiveState: Equatable, Sendable {
    /// The class is none of the archive's: it can always be read.
    case readable
    /// It has to be restored first.
    case frozen
    /// It is being restored.
    case restoring
    /// It can be read until then, in unix milliseconds.
    case restored(untilMilliseconds: Int64)

    /// How long a restoration takes.
    static let restorationMilliseconds: Int64 = 10_000

    /// The name under which the times are kept; no header that a client can send is kept under it.
    private static let name = "x-oss-restored-times"
    private static let classes: Set<String> = ["Archive", "ColdArchive", "DeepColdArchive"]

    /// The state of an object at a time.
    init(_ object: ObjectRecord, nowMilliseconds now: Int64) {
        guard Self.classes.contains(object.storageClass) else {
            self = .readable
            return
        }
        let kept = object.attributes.headers.first { $0.name == Self.name }?.value ?? ""
        let times = kept.split(separator: "-").compactMap { DecimalNumber.parse($0) }
        guard times.count == 2, now < times[1] else {
            self = .frozen
            return
        }
        self = now < times[0] ? .restoring : .restored(untilMilliseconds: times[1])
    }

    /// The headers to keep with an object that is restored: ready at one time, frozen again at another.
    static func headers(
        of object: ObjectRecord, readyAtMilliseconds ready: Int64, untilMilliseconds end: Int64?
    ) -> [AttributePair] {
        var headers = Self.kept(object.attributes.headers)
        if let end { headers.append(AttributePair(name: name, value: "\(ready)-\(end)")) }
        return headers
    }

    /// The headers of an object without the state, for answers and for copies.
    static func kept(_ headers: [AttributePair]) -> [AttributePair] { headers.filter { $0.name != name } }

    /// The value of `x-oss-restore`; nil if nobody asked for a restoration.
    var header: String? {
        switch self {
        case .readable, .frozen: nil
        case .restoring: #"ongoing-request="true""#
        case .restored(let end):
            #"ongoing-request="false", expiry-date="\#(HTTPDate.format(unixSeconds: end / 1_000))""#
        }
    }

    /// Refuses to read what is not restored.
    ///
    /// - Throws: `InvalidObjectState`.
    func requireReadable(_ key: ObjectKey) throws(OSSError) {
        switch self {
        case .readable, .restored: return
        case .frozen, .restoring: throw OSSError(.invalidObjectState, fields: [("ObjectName", key.text)])
        }
    }
}

extension OSSCall {
    /// The state of an object now.
    func archiveState(of object: ObjectRecord) -> ArchiveState {
        ArchiveState(object, nowMilliseconds: origin.milliseconds)
    }
}
