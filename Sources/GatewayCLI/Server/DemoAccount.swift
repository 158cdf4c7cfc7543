/// The account that `--demo` makes, so that the first request of a newcomer works.
enum DemoAccount {
    /// Its address.
    static let email = "student@example.com"
    /// Its password, which everybody knows.
    static let password = "StrongPass123"
}
