/// Whether a bucket's policy lets everybody in.
///
/// Source: oss-wire fact 11.6, as all documents here.
public struct PolicyStatus: BucketDocument {
    public static let rootName = "PolicyStatus"
    public static let subresource = "policyStatus"

    /// Whether it does.
    public let isPublic: Bool

    /// Makes a document.
    public init(isPublic: Bool) {
        self.isPublic = isPublic
    }

    public init(root: XMLElement) throws(OSSError) {
        isPublic = try root.requiredFlag(of: "IsPublic")
    }

    public func writeContent(to writer: inout XMLWriter) {
        writer.element("IsPublic", isPublic)
    }
}

/// Whether a bucket refuses every ACL and policy that would let everybody in.
public struct PublicAccessBlockConfiguration: RemovableBucketDocument {
    public static let rootName = "PublicAccessBlockConfiguration"
    public static let subresource = "publicAccessBlock"

    /// Whether it does.
    public let blocksPublicAccess: Bool

    /// Makes a document.
    public init(blocksPublicAccess: Bool) {
        self.blocksPublicAccess = blocksPublicAccess
    }

    public init(root: XMLElement) throws(OSSError) {
        blocksPublicAccess = try root.requiredFlag(of: "BlockPublicAccess")
    }

    public func writeContent(to writer: inout XMLWriter) {
        writer.element("BlockPublicAccess", blocksPublicAccess)
    }
}

/// Who pays for the requests to a bucket.
public struct RequestPaymentConfiguration: WritableBucketDocument {
    public static let rootName = "RequestPaymentConfiguration"
    public static let subresource = "requestPayment"

    /// Who can pay.
    public enum Payer: String, Sendable, Hashable, CaseIterable {
        /// The bucket's owner.
        case bucketOwner = "BucketOwner"
        /// Whoever sends the request, and says so in it.
        case requester = "Requester"
    }

    /// Who pays.
    public let payer: Payer

    /// Makes a document.
    public init(_ payer: Payer) {
        self.payer = payer
    }

    public init(root: XMLElement) throws(OSSError) {
        payer = try root.requiredWord(of: "Payer")
    }

    public func writeContent(to writer: inout XMLWriter) {
        writer.element("Payer", payer.rawValue)
    }
}

/// Whether a bucket can be reached at the acceleration endpoint.
public struct TransferAccelerationConfiguration: WritableBucketDocument {
    public static let rootName = "TransferAccelerationConfiguration"
    public static let subresource = "transferAcceleration"

    /// Whether it can.
    public let isEnabled: Bool

    /// Makes a document.
    public init(isEnabled: Bool) {
        self.isEnabled = isEnabled
    }

    public init(root: XMLElement) throws(OSSError) {
        isEnabled = try root.requiredFlag(of: "Enabled")
    }

    public func writeContent(to writer: inout XMLWriter) {
        writer.element("Enabled", isEnabled)
    }
}

/// Whether archived objects of a bucket can be read without being restored.
public struct ArchiveDirectReadConfiguration: WritableBucketDocument {
    public static let rootName = "ArchiveDirectReadConfiguration"
    public static let subresource = "bucketArchiveDirectRead"

    /// Whether they can.
    public let isEnabled: Bool

    /// Makes a document.
    public init(isEnabled: Bool) {
        self.isEnabled = isEnabled
    }

    public init(root: XMLElement) throws(OSSError) {
        isEnabled = try root.requiredFlag(of: "Enabled")
    }

    public func writeContent(to writer: inout XMLWriter) {
        writer.element("Enabled", isEnabled)
    }
}

/// Whether a bucket keeps the time of the last access to each object.
public struct AccessMonitorConfiguration: WritableBucketDocument {
    public static let rootName = "AccessMonitorConfiguration"
    public static let subresource = "accessmonitor"

    /// Whether it does.
    public let status: FeatureStatus

    /// Makes a document.
    public init(_ status: FeatureStatus) {
        self.status = status
    }

    public init(root: XMLElement) throws(OSSError) {
        status = try root.requiredWord(of: "Status")
    }

    public func writeContent(to writer: inout XMLWriter) {
        writer.element("Status", status.rawValue)
    }
}

/// The resource group of a bucket.
public struct BucketResourceGroupConfiguration: WritableBucketDocument {
    public static let rootName = "BucketResourceGroupConfiguration"
    public static let subresource = "resourceGroup"

    /// The group's ID; empty for the usual one.
    public let resourceGroupID: String

    /// Makes a document.
    public init(resourceGroupID: String) {
        self.resourceGroupID = resourceGroupID
    }

    public init(root: XMLElement) throws(OSSError) {
        resourceGroupID = try root.requiredText(of: "ResourceGroupId")
    }

    public func writeContent(to writer: inout XMLWriter) {
        writer.element("ResourceGroupId", resourceGroupID)
    }
}

/// Which versions of TLS and which ciphers a bucket's own domains take.
public struct HTTPSConfiguration: WritableBucketDocument {
    public static let rootName = "HttpsConfiguration"
    public static let subresource = "httpsConfig"
    /// The versions that OSS knows.
    public static let versions = ["TLSv1.0", "TLSv1.1", "TLSv1.2", "TLSv1.3"]

    /// Whether the versions of TLS are limited.
    public var limitsTLS: Bool
    /// The versions, such as `TLSv1.2`.
    public var tlsVersions: [String]
    /// Which ciphers are taken; nil if that is not told.
    public var cipherSuite: CipherSuite?

    /// Which ciphers are taken.
    public struct CipherSuite: Sendable, Hashable {
        /// Whether ciphers are limited.
        public var isEnabled: Bool
        /// Whether they are limited to the strong ones; nil if it is not told.
        public var isStrong: Bool?
        /// The ciphers.
        public var custom: [String] = []
        /// The ciphers of TLS 1.3.
        public var customTLS13: [String] = []

        /// Makes a limit.
        public init(isEnabled: Bool) {
            self.isEnabled = isEnabled
        }
    }

    /// Makes a document.
    public init(limitsTLS: Bool, tlsVersions: [String] = [], cipherSuite: CipherSuite? = nil) {
        self.limitsTLS = limitsTLS
        self.tlsVersions = tlsVersions
        self.cipherSuite = cipherSuite
    }

    public init(root: XMLElement) throws(OSSError) {
        let tls = try root.required("TLS")
        self.init(limitsTLS: try tls.requiredFlag(of: "Enable"), tlsVersions: tls.texts("TLSVersion"))
        guard !limitsTLS || !tlsVersions.isEmpty, tlsVersions.allSatisfy({ Self.versions.contains($0) }) else {
            throw XMLReader.refusal("the element TLSVersion is missing or holds a word that is not known.")
        }
        cipherSuite = try root.value("CipherSuite") { element throws(OSSError) in
            var suite = CipherSuite(isEnabled: try element.requiredFlag(of: "Enable"))
            suite.isStrong = try element.flag(of: "StrongCipherSuite")
            suite.custom = element.texts("CustomCipherSuite")
            suite.customTLS13 = element.texts("TLS13CustomCipherSuite")
            return suite
        }
    }

    public func writeContent(to writer: inout XMLWriter) {
        writer.element("TLS") { writer in
            writer.element("Enable", limitsTLS)
            writer.elements("TLSVersion", tlsVersions)
        }
        guard let cipherSuite else { return }
        writer.element("CipherSuite") { writer in
            writer.element("Enable", cipherSuite.isEnabled)
            writer.element("StrongCipherSuite", ifPresent: cipherSuite.isStrong)
            writer.elements("CustomCipherSuite", cipherSuite.custom)
            writer.elements("TLS13CustomCipherSuite", cipherSuite.customTLS13)
        }
    }
}
