/// The version of this build.
enum Version {
    /// The semantic version, as in the changelog.
    static let text = "0.1.0"
}
