/// The limits of what OSSKit reads from outside.
///
/// A text over a limit is refused before anything looks into it.
public enum Limits {
    /// The longest request target that is read, in bytes.
    public static let maximumTargetBytes = 16_384
    /// The most parameters of one query string.
    public static let maximumQueryItems = 128
    /// The longest name of a query parameter, decoded, in bytes.
    public static let maximumQueryNameBytes = 1_024
    /// The longest value of a query parameter, decoded, in bytes.
    ///
    /// A security token or a callback of 5 KB fits with room to spare.
    public static let maximumQueryValueBytes = 8_192
    /// The longest XML document that is read, in bytes.
    public static let maximumXMLBytes = 2 * 1_024 * 1_024
    /// How deep the elements of an XML document may be nested; the root is at depth 1.
    public static let maximumXMLDepth = 16
    /// The most attributes of one XML element, name-space declarations included.
    public static let maximumXMLAttributes = 32
    /// The most elements of one XML document.
    public static let maximumXMLElements = 32_768
    /// The most keys of one DeleteMultipleObjects request.
    public static let maximumKeysPerDelete = 1_000
    /// How far the clock of a signer may be from ours, in seconds.
    public static let clockSkewSeconds: Int64 = 900
    /// The longest life of a V4 URL, in seconds: seven days.
    public static let maximumV4LifetimeSeconds: Int64 = 604_800
    /// The longest access key ID, in bytes.
    public static let maximumAccessKeyIDBytes = 128
    /// The longest signature that is compared, in bytes; the longest real one has 64.
    public static let maximumSignatureBytes = 256
    /// The longest security token, in bytes.
    public static let maximumSecurityTokenBytes = 8_192
    /// The longest policy of a form that is read, in bytes of its base64 text.
    public static let maximumPolicyBytes = 65_536
    /// The most conditions of a form's policy.
    public static let maximumPolicyConditions = 256
    /// The longest boundary of a form, in bytes; RFC 2046 allows 70.
    public static let maximumFormBoundaryBytes = 128
    /// The longest head of a form's part, in bytes.
    public static let maximumFormPartHeadBytes = 16_384
    /// The longest name of a form's field, in bytes.
    public static let maximumFormNameBytes = 8_192
    /// The most parts of a form.
    public static let maximumFormParts = 512
    /// The most bytes of a form that are not its file's; they are held in memory before anybody is known.
    ///
    /// Source: assumption A-106.
    public static let maximumFormBytesBesideFile = 512 * 1_024
    /// The longest parameter of a callback, in bytes of its base64 text.
    public static let maximumCallbackBytes = 5 * 1_024
    /// The limits of speed that a request can ask for, in bits a second.
    public static let trafficLimitRange: ClosedRange<Int64> = 819_200...838_860_800
}
