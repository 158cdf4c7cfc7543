import OSSKit
import ObjectStore

/// `/name?live`: streams that become lists of short films; they are kept and told, and nobody can publish to them.
///
/// Source: clients.md 4 and what official clients send and read; that there is no stream is assumption A-080.
enum LiveChannel {
    /// The most channels of a bucket.
    private static let limit = 10_000

    /// Makes a channel, or changes one.
    static func set(_ call: OSSCall) async throws -> OSSAnswer {
        let bucket = try await call.bucket()
        let name = try name(call)
        let asked = try DocumentShape.liveChannel.read(try await RequestBodyReader.document(of: call) ?? [])
        let channel = try completed(asked)
        try await call.store.changeConfiguration(.liveChannel, named: name, of: bucket) { former in
            guard former.otherCount < limit else {
                throw OSSError(.invalidArgument, message: "The number of live channels is beyond limit.")
            }
            return Array(channel.document().utf8)
        }
        let answer = XMLElement("CreateLiveChannelResult", children: urls(call, bucket, name, channel))
        return OSSAnswer(document: answer.document())
    }

    /// Switches a channel on or off.
    static func setStatus(_ call: OSSCall) async throws -> OSSAnswer {
        let bucket = try await call.bucket()
        let name = try name(call)
        let status = call.request.target.value(of: "status") ?? ""
        guard ["enabled", "disabled"].contains(status) else {
            throw OSSError.invalidArgument("status", status, message: "The status must be enabled or disabled.")
        }
        try await call.store.changeConfiguration(.liveChannel, named: name, of: bucket) { former in
            guard let current = former.current else { throw refusal(name) }
            return Array(try read(current).setting("Status", to: status).document().utf8)
        }
        return OSSAnswer()
    }

    /// Tells a channel.
    static func tell(_ call: OSSCall) async throws -> OSSAnswer {
        OSSAnswer(document: try await find(call).document())
    }

    /// Tells whether somebody publishes, which nobody does.
    static func tellState(_ call: OSSCall) async throws -> OSSAnswer {
        let isOn = try await find(call).text(of: "Status") == "enabled"
        let state = XMLElement(
            "LiveChannelStat", children: [XMLElement("Status", text: isOn ? "Idle" : "Disabled")])
        return OSSAnswer(document: state.document())
    }

    /// Tells who published, which nobody did.
    static func tellHistory(_ call: OSSCall) async throws -> OSSAnswer {
        _ = try await find(call)
        return OSSAnswer(document: XMLElement("LiveChannelHistory").document())
    }

    /// Removes a channel.
    static func remove(_ call: OSSCall) async throws -> OSSAnswer {
        let bucket = try await call.bucket()
        let name = try name(call)
        try await call.store.changeConfiguration(.liveChannel, named: name, of: bucket) { former in
            guard former.current != nil else { throw refusal(name) }
            return nil
        }
        return OSSAnswer(status: 204)
    }

    /// Refuses a list of what was recorded, since nothing was.
    static func refuseRecording(_ call: OSSCall) async throws -> OSSAnswer {
        _ = try await call.bucket()
        for parameter in ["startTime", "endTime"] {
            let text = call.request.target.value(of: parameter) ?? ""
            guard DecimalNumber.parse(text) != nil else {
                throw OSSError.invalidArgument(parameter, text, message: "The time is not valid.")
            }
        }
        throw OSSError(.invalidArgument, message: "No ts file found in specified time span.")
    }

    /// `GET /?live` on a bucket: a page of its channels, of which there may be none.
    static func list(_ call: OSSCall) async throws -> OSSAnswer {
        let target = call.request.target
        let page = try PageQuery(target, limit: PageQuery.LimitParameter())
        let bucket = try await call.bucket()
        var query = ConfigurationQuery(limit: page.limit)
        query.prefix = target.value(of: "prefix") ?? ""
        query.after = target.value(of: "marker") ?? ""
        let found = try await call.store.configurations(.liveChannel, of: bucket, query)
        let last = found.isTruncated ? found.configurations.last?.name : nil
        var list = [
            XMLElement("Prefix", text: query.prefix), XMLElement("Marker", text: query.after),
            XMLElement("MaxKeys", text: String(page.limit)),
            XMLElement("IsTruncated", text: last == nil ? "false" : "true"),
        ]
        if let last { list.append(XMLElement("NextMarker", text: last)) }
        for stored in found.configurations {
            list.append(try entry(call, bucket, stored))
        }
        return OSSAnswer(document: XMLElement("ListLiveChannelResult", children: list).document())
    }

    private static func entry(
        _ call: OSSCall, _ bucket: BucketRecord, _ stored: StoredConfiguration
    ) throws -> XMLElement {
        let channel = try read(stored)
        let changed = ISO8601.format(unixMilliseconds: stored.changedAtMilliseconds)
        return XMLElement(
            "LiveChannel",
            children: [
                XMLElement("Name", text: stored.name),
                XMLElement("Description", text: channel.text(of: "Description") ?? ""),
                XMLElement("Status", text: channel.text(of: "Status") ?? ""), XMLElement("LastModified", text: changed),
            ] + urls(call, bucket, stored.name, channel))
    }

    /// The channel with all that the request left to the server.
    private static func completed(_ asked: XMLElement) throws(OSSError) -> XMLElement {
        var target: [XMLElement] = []
        for (name, usual) in [
            ("Type", "HLS"), ("FragDuration", "5"), ("FragCount", "3"), ("PlaylistName", "playlist.m3u8"),
        ] {
            let text = asked.child("Target")?.text(of: name) ?? ""
            target.append(XMLElement(name, text: text.isEmpty ? usual : text))
        }
        let list = target[3].text
        guard list.utf8.count >= 6, list.hasSuffix(".m3u8"), !list.contains("/") else {
            throw .invalidArgument("PlaylistName", list, message: "The name of the play list must end with .m3u8.")
        }
        let children = [
            XMLElement("Description", text: asked.text(of: "Description") ?? ""),
            XMLElement("Status", text: asked.text(of: "Status") ?? "enabled"),
            XMLElement("Target", children: target),
        ]
        return XMLElement(asked.name, children: children + asked.all("Snapshot"))
    }

    private static func urls(
        _ call: OSSCall, _ bucket: BucketRecord, _ name: String, _ channel: XMLElement
    ) -> [XMLElement] {
        let host = "\(bucket.name.text).\(call.endpoints.extranet)"
        let path = PercentCoding.encode(Array(name.utf8), keepingSlash: true)
        let list = channel.child("Target")?.text(of: "PlaylistName") ?? ""
        return [
            XMLElement("PublishUrls", children: [XMLElement("Url", text: "rtmp://\(host)/live/\(path)")]),
            XMLElement("PlayUrls", children: [XMLElement("Url", text: "http://\(host)/\(path)/\(list)")]),
        ]
    }

    private static func find(_ call: OSSCall) async throws -> XMLElement {
        let bucket = try await call.bucket()
        let name = try name(call)
        guard let stored = try await call.store.configuration(.liveChannel, named: name, of: bucket) else {
            throw refusal(name)
        }
        return try read(stored)
    }

    private static func read(_ stored: StoredConfiguration) throws(OSSError) -> XMLElement {
        try DocumentShape.liveChannel.read(stored.bytes)
    }

    private static func name(_ call: OSSCall) throws(OSSError) -> String {
        let key = try call.key()
        guard key.bytes.allSatisfy({ $0 >= 0x20 && $0 != UInt8(ascii: "/") }) else {
            throw .invalidArgument("LiveChannelName", key.text, message: "The name of the live channel is not valid.")
        }
        return key.text
    }

    private static func refusal(_ name: String) -> OSSError {
        OSSError(.noSuchLiveChannel, fields: [("LiveChannel", name)])
    }
}
