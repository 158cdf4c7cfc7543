import OSSKit
import ObjectStore

/// `/?style`: ways to process images that have a name; they are kept and told.
///
/// Source: oss-wire fact 11.6.
enum BucketStyles {
    /// The most styles of a bucket.
    private static let limit = 1_000
    /// The longest content, in bytes.
    private static let contentLimitBytes = 4_096

    /// Sets a style; the time at which it was made stays.
    static func set(_ call: OSSCall) async throws -> OSSAnswer {
        let bucket = try await call.bucket()
        let name = try name(call)
        var style = try ImageStyle(document: try await RequestBodyReader.document(of: call) ?? [])
        guard (1...contentLimitBytes).contains(style.content.utf8.count) else {
            throw OSSError.invalidArgument("Content", style.content, message: "Style content is invalid.")
        }
        style.name = name
        style.category = call.request.target.value(of: "category") ?? "image"
        let now = HTTPDate.format(unixSeconds: call.environment.now() / 1_000)
        (style.createTime, style.lastModifyTime) = (now, now)
        try await call.store.changeConfiguration(.style, named: name, of: bucket) { [style] former in
            guard former.otherCount < limit else {
                throw OSSError(.invalidArgument, message: "The number of styles is beyond limit.")
            }
            var style = style
            if let current = former.current { style.createTime = try ImageStyle(document: current.bytes).createTime }
            return Array(style.write().utf8)
        }
        return OSSAnswer()
    }

    /// Tells a style.
    static func tell(_ call: OSSCall) async throws -> OSSAnswer {
        let bucket = try await call.bucket()
        let name = try name(call)
        guard let stored = try await call.store.configuration(.style, named: name, of: bucket) else {
            throw OSSError(.noSuchStyle, fields: [("StyleName", name)])
        }
        return OSSAnswer(document: String(decoding: stored.bytes, as: UTF8.self))
    }

    /// Removes a style; that there is none is fine.
    static func remove(_ call: OSSCall) async throws -> OSSAnswer {
        try await call.store.removeConfiguration(.style, named: name(call), of: call.bucket())
        return OSSAnswer(status: 204)
    }

    /// Tells all styles.
    static func list(_ call: OSSCall) async throws -> OSSAnswer {
        let page = try await call.store.configurations(
            .style, of: call.bucket(), ConfigurationQuery(limit: limit))
        let styles = try page.configurations.map { try ImageStyle(document: $0.bytes) }
        return OSSAnswer(document: StyleList(styles: styles).write())
    }

    private static func name(_ call: OSSCall) throws(OSSError) -> String {
        try call.name("styleName", lengths: 1...64)
    }
}
