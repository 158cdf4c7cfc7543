import OSSKit

/// How fast requests may be: what a bucket says of itself, within what an account may have.
///
/// The limits are kept and told, and hold nobody back. Source: assumption A-086.
enum QoSLimits {
    /// What an account may have, in Gbit/s and requests a second; -1 is no limit.
    private static let ofAccount = [
        "TotalUploadBandwidth": 10, "IntranetUploadBandwidth": -1, "ExtranetUploadBandwidth": -1,
        "TotalDownloadBandwidth": 10, "IntranetDownloadBandwidth": -1, "ExtranetDownloadBandwidth": -1,
        "TotalQps": -1, "IntranetQps": -1, "ExtranetQps": -1,
    ]
    private static let things = ["UploadBandwidth", "DownloadBandwidth", "Qps"]

    /// The document with all limits, of which those that it does not name are none.
    ///
    /// - Throws: `MalformedXML`; `InvalidArgument` for a part that is greater than the whole.
    static func complete(_ bytes: [UInt8]) throws(OSSError) -> String {
        var document = DocumentShape.unlimitedQoS
        for child in try DocumentShape.qosConfiguration.read(bytes).children {
            document = document.setting(child.name, to: child.text)
        }
        func limit(_ name: String) -> Int64? { document.text(of: name).flatMap { DecimalNumber.parse($0) } }
        for thing in things {
            let account = ofAccount["Total" + thing].flatMap { $0 < 0 ? nil : Int64($0) }
            let total = limit("Total" + thing)
            try require(total, "Total" + thing, atMost: account)
            for part in ["Intranet", "Extranet"] {
                try require(limit(part + thing), part + thing, atMost: total ?? account)
            }
        }
        return document.document()
    }

    /// `GET /?qosInfo`: what the requester's account may have.
    static func tellOfAccount(_ call: OSSCall) async throws -> OSSAnswer {
        let region = XMLElement("Region", text: BucketEndpoints.location(ofRegion: call.configuration.region))
        let limits = DocumentShape.unlimitedQoS.children.map { child in
            XMLElement(child.name, text: String(ofAccount[child.name] ?? -1))
        }
        return OSSAnswer(document: XMLElement("QoSConfiguration", children: [region] + limits).document())
    }

    private static func require(_ limit: Int64?, _ name: String, atMost most: Int64?) throws(OSSError) {
        guard let limit, let most, limit > most else { return }
        throw .invalidArgument(name, String(limit), message: "The value of \(name) is beyond the limit.")
    }
}
