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
