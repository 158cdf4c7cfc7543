import HTTPTypes

extension HTTPField.Name {
    /// Makes a name of our own; the text is a literal and known to be a token.
    private static func own(_ text: String) -> HTTPField.Name {
        guard let name = HTTPField.Name(text) else { preconditionFailure("not a header name") }
        return name
    }

    /// The id of one request, for support.
    static let requestID = own("X-Request-Id")
    /// What the client's device calls itself.
    static let deviceID = own("X-Device-Id")
    /// The version of the sync protocol that the client speaks.
    static let syncProtocol = own("X-Sync-Protocol")
    /// Whether something in the body was replaced by U+FFFD.
    static let syncSanitized = own("X-Sync-Sanitized")
    /// The user's number of the change that the request made.
    static let syncSequence = own("X-Sync-Seq")
    /// The indexes between the lowest and the highest that no turn has, such as `3-4,9-9`.
    static let turnGaps = own("X-Turn-Gaps")
    /// What the client says that the time is.
    static let clientTime = own("X-Client-Time")
    /// What became of a turn.
    static let turnStatus = own("X-Turn-Status")
}
