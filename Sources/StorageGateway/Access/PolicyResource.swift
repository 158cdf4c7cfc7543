import OSSKit

/// What a request is about, as policies name it.
package struct AccessResource: Sendable {
    /// Which part of the store it is.
    package enum Place: Sendable {
        /// No bucket, as for ListBuckets.
        case service
        /// A bucket itself.
        case bucket(String)
        /// One key.
        case object(String, [UInt8])
        /// Keys of a bucket that the request names in its body, which nobody has read yet.
        case someKey(String)
    }

    /// Which part of the store it is.
    let place: Place
    /// The region's id, without `oss-`.
    let region: String
    /// The account to which the bucket belongs, or the requester's where there is no bucket.
    let ownerID: String

    /// Names a resource.
    package init(_ place: Place, region: String, ownerID: String) {
        self.place = place
        self.region = region
        self.ownerID = ownerID
    }

    /// What stands behind the account: `*`, `bucket`, or `bucket/key`; of keys not yet read, `bucket/`.
    var relativeName: [UInt8] {
        switch place {
        case .service: Array("*".utf8)
        case .bucket(let name): Array(name.utf8)
        case .object(let name, let key): Array(name.utf8) + Array("/".utf8) + key
        case .someKey(let name): Array(name.utf8) + Array("/".utf8)
        }
    }
}

/// A resource of a policy: `acs:oss:<region>:<account>:<bucket or bucket/key>`, each part a pattern, or `*` alone.
///
/// Source: assumption A-094.
struct PolicyResource: Sendable, Equatable {
    private let region: String
    private let account: String
    private let relativeName: [UInt8]

    /// Reads a resource.
    ///
    /// - Throws: `InvalidPolicyDocument`.
    init(_ text: String) throws(OSSError) {
        if text.utf8.elementsEqual("*".utf8) {
            (region, account, relativeName) = ("*", "*", Array("*".utf8))
            return
        }
        let pieces = text.utf8.split(separator: UInt8(ascii: ":"), maxSplits: 4, omittingEmptySubsequences: false)
        guard pieces.count == 5, pieces[0].elementsEqual("acs".utf8), pieces[1].elementsEqual("oss".utf8),
            !pieces[4].isEmpty
        else { throw AccessPolicy.invalid("\(text) is no resource such as acs:oss:*:*:bucket/*") }
        region = String(decoding: pieces[2], as: UTF8.self)
        account = String(decoding: pieces[3], as: UTF8.self)
        relativeName = Array(pieces[4])
    }

    /// Whether the pattern fits a resource; of keys not yet read, whether it could fit one of them.
    func fits(_ resource: AccessResource) -> Bool {
        guard fitsPlace(of: resource) else { return false }
        let name = resource.relativeName
        guard case .someKey = resource.place else { return Wildcard.matches(relativeName, name) }
        guard let start = Wildcard.literalStart(of: relativeName) else { return relativeName.starts(with: name) }
        return start.starts(with: name) || name.starts(with: start)
    }

    /// Whether the pattern fits every key of a bucket.
    func fitsEveryKey(of resource: AccessResource) -> Bool {
        fitsPlace(of: resource) && relativeName.last == UInt8(ascii: "*")
            && Wildcard.matches(relativeName, resource.relativeName)
    }

    private func fitsPlace(of resource: AccessResource) -> Bool {
        let isRegion =
            region.isEmpty || Wildcard.matches(region.utf8, resource.region.utf8)
            || Wildcard.matches(region.utf8, "oss-\(resource.region)".utf8)
        return isRegion && (account.isEmpty || Wildcard.matches(account.utf8, resource.ownerID.utf8))
    }
}
