/// The limits of the OSS surface.
///
/// Source: oss-wire fact 15 (OSS documentation, "Limits").
enum Limits {
    /// The largest object of a single upload: 5 GiB.
    static let objectBytes: Int64 = 5 * 1_024 * 1_024 * 1_024
    /// The largest XML document in a request body: 2 MiB.
    static let documentBytes = 2 * 1_024 * 1_024
    /// The most bytes of names and values of an object's user metadata.
    static let userMetadataBytes = 8 * 1_024
    /// The page sizes that a list accepts.
    static let pageSizes: ClosedRange<Int64> = 1...1_000
    /// The page size of a list that asks for none.
    static let usualPageSize = 100
    /// The most bytes of a prefix, a delimiter or a marker of a list of versions.
    static let listParameterBytes = 1_024
    /// The most bytes of one response-header override.
    static let overrideBytes = 8 * 1_024
}

extension Limits {
    /// The longest policy, in bytes: 16 KiB, as OSS has it.
    static let policyBytes = 16 * 1_024
    /// The most statements of a policy.
    static let policyStatements = 100
    /// The most patterns of one element of a statement.
    static let policyPatterns = 256
    /// How many bytes of access logs may wait in memory to be written.
    package static let waitingLogBytes = 8 * 1_024 * 1_024
    /// How deep the parts of a policy may be nested.
    static let policyDepth = 16
    /// How many policies of buckets are kept read.
    static let keptPolicies = 256
    /// How many security tokens are kept opened.
    static let keptTokens = 1_024
    /// The longest policy of a session, in bytes, as STS has it.
    static let sessionPolicyBytes = 2_048
    /// The longest body of a call of the security token service, in bytes.
    static let securityTokenCallBytes = 16 * 1_024
    /// The longest nonce of such a call, in bytes.
    static let nonceBytes = 128
    /// How many nonces of an access key are kept.
    static let keptNoncesOfKey = 16_384
}
