/// How a bucket encrypts objects that do not say it themselves.
///
/// Source: oss-wire fact 11.6.
public struct ServerSideEncryptionRule: RemovableBucketDocument {
    public static let rootName = "ServerSideEncryptionRule"
    public static let subresource = "encryption"
    /// The algorithms that OSS knows.
    public static let algorithms = ["AES256", "KMS", "SM4"]

    /// The algorithm, of those in `algorithms`.
    public var algorithm: String
    /// The key of the key service; nil for its usual one.
    public var masterKeyID: String?
    /// The algorithm that the key service's keys are used with, `SM4`; nil for AES.
    public var dataEncryption: String?

    /// Makes a rule.
    public init(algorithm: String, masterKeyID: String? = nil, dataEncryption: String? = nil) {
        self.algorithm = algorithm
        self.masterKeyID = masterKeyID
        self.dataEncryption = dataEncryption
    }

    public init(root: XMLElement) throws(OSSError) {
        let rule = try root.required("ApplyServerSideEncryptionByDefault")
        let algorithm = try rule.requiredText(of: "SSEAlgorithm")
        self.init(
            algorithm: algorithm, masterKeyID: rule.text(of: "KMSMasterKeyID"),
            dataEncryption: algorithm == "KMS" ? rule.text(of: "KMSDataEncryption") : nil)
        guard Self.algorithms.contains(algorithm) else { throw OSSError(.invalidEncryptionAlgorithmError) }
        if let masterKeyID, !masterKeyID.isEmpty, algorithm != "KMS" {
            throw .invalidArgument(
                "KMSMasterKeyID", masterKeyID, message: "KMSMasterKeyID is not applicable if the algorithm is not KMS.")
        }
    }

    public func writeContent(to writer: inout XMLWriter) {
        writer.element("ApplyServerSideEncryptionByDefault") { writer in
            writer.element("SSEAlgorithm", algorithm)
            writer.element("KMSMasterKeyID", ifPresent: masterKeyID)
            writer.element("KMSDataEncryption", ifPresent: dataEncryption)
        }
    }
}
