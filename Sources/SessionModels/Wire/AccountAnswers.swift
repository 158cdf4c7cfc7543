/// Who a user is.
package struct UserProfile: Sendable, Equatable {
    /// A lower-case UUID.
    package let id: String
    /// The address, or nil for a user of another identity provider.
    package let email: String?
    /// What the user wants to be called; may be empty.
    package let displayName: String

    /// Makes a profile.
    package init(id: String, email: String?, displayName: String) {
        self.id = id
        self.email = email
        self.displayName = displayName
    }

    /// The profile as a body or as `user` of one.
    package var json: JSONOutput {
        .object([
            ("id", .string(id)), ("email", .optional(email)), ("display_name", .string(displayName)),
        ])
    }
}
