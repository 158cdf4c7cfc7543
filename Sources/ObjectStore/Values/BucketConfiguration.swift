import OSSKit

/// What can be said about a bucket beside its name and its ACL; the store keeps it as bytes that it does not look into.
package enum ConfigurationKind: String, Sendable, CaseIterable {
    case accessMonitor = "access-monitor"
    case archiveDirectRead = "archive-direct-read"
    case callbackPolicy = "callback-policy"
    case cname = "cname"
    case cnameToken = "cname-token"
    case cors = "cors"
    case encryption = "encryption"
    case httpsConfig = "https-config"
    case inventory = "inventory"
    case lifecycle = "lifecycle"
    case liveChannel = "live-channel"
    case logFields = "log-fields"
    case logging = "logging"
    case objectWorm = "object-worm"
    case overwriteConfig = "overwrite-config"
    case policy = "policy"
    case publicAccessBlock = "public-access-block"
    case qosInfo = "qos-info"
    case quota = "quota"
    case redundancyTransition = "redundancy-transition"
    case referer = "referer"
    case replication = "replication"
    case requesterQoS = "requester-qos"
    case requestPayment = "request-payment"
    case resourceGroup = "resource-group"
    case style = "style"
    case tags = "tags"
    case transferAcceleration = "transfer-acceleration"
    case userQoS = "user-qos"
    case website = "website"
    case worm = "worm"
}

/// A configuration of a bucket as it stands in the database.
package struct StoredConfiguration: Sendable, Equatable {
    /// Its name among those of its kind; empty for a kind of which a bucket has one.
    package let name: String
    /// What it says.
    package let bytes: [UInt8]
    /// When it was set, in milliseconds since 1970, UTC.
    package let changedAtMilliseconds: Int64

    /// Collects the three.
    package init(name: String, bytes: [UInt8], changedAtMilliseconds: Int64) {
        self.name = name
        self.bytes = bytes
        self.changedAtMilliseconds = changedAtMilliseconds
    }
}

/// One page of the configurations of a kind, in the order of the bytes of their names.
package struct ConfigurationPage: Sendable, Equatable {
    /// The configurations.
    package let configurations: [StoredConfiguration]
    /// Whether more follow after the last one.
    package let isTruncated: Bool
}

/// Which configurations a page is to hold.
package struct ConfigurationQuery: Sendable {
    /// How their names begin.
    package var prefix = ""
    /// The name after which the page begins; empty for the first page.
    package var after = ""
    /// The most of them; positive.
    package var limit: Int

    /// Asks for the first ones.
    package init(limit: Int) {
        self.limit = limit
    }
}

/// What a change of a configuration finds when it is made.
package struct FormerConfiguration: Sendable {
    /// The configuration of this kind and name; nil if there is none.
    package let current: StoredConfiguration?
    /// How many others of this kind the bucket has.
    package let otherCount: Int
    /// Whether another bucket has one of this kind and name; false for a kind of which a bucket has one.
    package let isElsewhere: Bool
}
