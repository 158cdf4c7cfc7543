import OSSKit

/// `GET /?regions`: the one region that this server is.
///
/// Source: oss-wire fact 12.
enum DescribeRegions {
    static func answer(_ call: OSSCall) async throws -> OSSAnswer {
        let endpoints = call.endpoints
        let location = BucketEndpoints.location(ofRegion: endpoints.region)
        if let asked = call.request.target.value(of: "regions"), !asked.isEmpty,
            !asked.utf8.elementsEqual(location.utf8)
        {
            throw OSSError(.noSuchRegion, fields: [("Region", asked)])
        }
        let document = XMLElement(
            "RegionInfoList",
            children: [
                XMLElement(
                    "RegionInfo",
                    children: [
                        XMLElement("Region", text: location),
                        XMLElement("InternetEndpoint", text: endpoints.extranet),
                        XMLElement("InternalEndpoint", text: endpoints.intranet),
                        XMLElement("AccelerateEndpoint", text: endpoints.extranet),
                    ])
            ])
        return OSSAnswer(document: document.document())
    }
}
