import OSSKit
import ObjectStore

extension ObjectAttributes {
    /// Headers that are stored and given back as they came.
    static let keptHeaders = [
        "cache-control", "content-disposition", "content-encoding", "content-language", "expires",
    ]

    /// The type of an object whose writer named none.
    ///
    /// Source: assumption A-003.
    static let usualContentType = "application/octet-stream"

    /// Reads what the headers of a write say about the object.
    ///
    /// - Throws: `InvalidArgument` for a value that OSS refuses, `NotImplemented` for one that has no effect here yet.
    /// - Parameter readsTags: Whether its tags count; else they are not looked at.
    init(writing call: OSSCall, readsTags: Bool = true) throws(OSSError) {
        self.init()
        contentType = call.header("content-type") ?? Self.usualContentType
        for name in Self.keptHeaders {
            if let value = call.header(name) { headers.append(AttributePair(name: name, value: value)) }
        }
        userMetadata = try Self.userMetadata(of: call.request)
        storageClass = try Self.storageClass(call)
        acl = try Self.acl(call)
        if readsTags { tags = try Self.tags(call) }
    }

    private static func userMetadata(of request: WireRequest) throws(OSSError) -> [AttributePair] {
        let prefix = "x-oss-meta-"
        var pairs: [AttributePair] = []
        var sizeBytes = 0
        for header in request.headers {
            let name = header.name.lowercased()
            // An empty header may be one that no signature covers (assumption A-004), so that it means nothing.
            guard name.hasPrefix(prefix), !header.value.isEmpty else { continue }
            let key = String(name.dropFirst(prefix.count))
            guard !key.isEmpty, key.utf8.allSatisfy(isMetadataNameByte) else {
                throw .invalidArgument(
                    header.name, header.value, message: "The name of the user metadata is invalid.",
                    ec: "0011-00000004")
            }
            sizeBytes += key.utf8.count + header.value.utf8.count
            guard sizeBytes <= Limits.userMetadataBytes else {
                throw .invalidArgument(
                    header.name, "", message: "The user metadata is too large.", ec: "0011-00000002")
            }
            if let index = pairs.firstIndex(where: { $0.name == key }) {
                pairs[index] = AttributePair(name: key, value: pairs[index].value + "," + header.value)
            } else {
                pairs.append(AttributePair(name: key, value: header.value))
            }
        }
        return pairs
    }

    private static func isMetadataNameByte(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
            || byte == UInt8(ascii: "-")
    }

    /// The storage class that is asked for; `Standard` if none is.
    static func storageClass(_ call: OSSCall) throws(OSSError) -> String {
        guard let asked = call.header("x-oss-storage-class") else { return "Standard" }
        switch asked {
        case "Standard", "IA", "Archive", "ColdArchive", "DeepColdArchive": return asked
        default:
            throw .invalidArgument("x-oss-storage-class", asked, message: "No such bucket storage class exists.")
        }
    }

    /// The ACL that is asked for; `default` if none is.
    static func acl(_ call: OSSCall) throws(OSSError) -> String {
        guard let asked = call.header("x-oss-object-acl") else { return ObjectACL.default.rawValue }
        return try objectACL(asked).rawValue
    }

    /// Reads an ACL.
    ///
    /// - Throws: `InvalidArgument` for a text that is none.
    static func objectACL(_ asked: String) throws(OSSError) -> ObjectACL {
        guard let acl = ObjectACL(rawValue: asked) else {
            throw .invalidArgument("x-oss-object-acl", asked, message: "no such object access control exists")
        }
        return acl
    }

    /// The tags that are asked for.
    static func tags(_ call: OSSCall) throws(OSSError) -> [Tag] {
        guard let asked = call.header("x-oss-tagging") else { return [] }
        let tagging = try Tagging(headerValue: asked)
        try tagging.check(for: .object)
        return tagging.tags
    }
}
