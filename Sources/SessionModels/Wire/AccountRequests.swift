/// The body of `POST /v1/auth/register`.
package struct RegisterRequest: Sendable {
    /// The address.
    package let email: String
    /// The password as it was typed.
    package let password: String
    /// What the user wants to be called; may be empty.
    package let displayName: String
    /// What the device calls itself, or nil.
    package let deviceID: String?
    /// The code that was sent to the address, or nil.
    package let verificationCode: String?

    /// Reads the body.
    package init(_ content: RequestContent) throws(RequestFault) {
        var reader = try ModelReader(content, echoesInput: false)
        email = reader.email()
        password = reader.text("password", TextRule(characters: SessionLimits.passwordCharacters))
        displayName = reader.optionalText("display_name", .line(SessionLimits.displayNameCharacters)) ?? ""
        deviceID = reader.optionalText("device_id", .line(SessionLimits.deviceCharacters))
        verificationCode = reader.optionalText(
            "verification_code", .line(0...SessionLimits.credentialCharacters.upperBound))
        try reader.finish()
    }
}

/// The body of `POST /v1/auth/login`.
package struct LoginRequest: Sendable {
    /// The address.
    package let email: String
    /// The password as it was typed.
    package let password: String
    /// What the device calls itself, or nil.
    package let deviceID: String?

    /// Reads the body.
    package init(_ content: RequestContent) throws(RequestFault) {
        var reader = try ModelReader(content, echoesInput: false)
        email = reader.text("email", .line(0...SessionLimits.emailCharacters.upperBound))
        password = reader.text("password", TextRule(characters: 0...SessionLimits.passwordCharacters.upperBound))
        deviceID = reader.optionalText("device_id", .line(SessionLimits.deviceCharacters))
        try reader.finish()
    }
}

/// The body of `POST /v1/auth/refresh`.
package struct RefreshRequest: Sendable {
    /// The refresh token.
    package let refreshToken: String
    /// What the device calls itself, or nil.
    package let deviceID: String?
    /// Whether a new refresh token is wanted.
    package let rotates: Bool

    /// Reads the body.
    package init(_ content: RequestContent) throws(RequestFault) {
        var reader = try ModelReader(content, echoesInput: false)
        refreshToken = reader.text("refresh_token", .line(SessionLimits.credentialCharacters))
        deviceID = reader.optionalText("device_id", .line(SessionLimits.deviceCharacters))
        rotates = reader.flag("rotate", default: false)
        try reader.finish()
    }
}

/// The body of `POST /v1/auth/logout`.
package struct LogoutRequest: Sendable {
    /// The refresh token.
    package let refreshToken: String

    /// Reads the body.
    package init(_ content: RequestContent) throws(RequestFault) {
        var reader = try ModelReader(content, echoesInput: false)
        refreshToken = reader.text("refresh_token", .line(SessionLimits.credentialCharacters))
        try reader.finish()
    }
}

/// The body of `POST /v1/auth/request-email-code`.
package struct EmailCodeRequest: Sendable {
    /// The address.
    package let email: String
    /// What the code is for; always `register`.
    package let purpose: String

    /// Reads the body.
    package init(_ content: RequestContent) throws(RequestFault) {
        var reader = try ModelReader(content)
        email = reader.email()
        purpose = reader.text("purpose", .line(1...32))
        if !purpose.isEmpty, purpose != "register" { reader.refuse("purpose", "only register is known") }
        try reader.finish()
    }
}

extension ModelReader {
    fileprivate mutating func email() -> String {
        let email = text("email", .line(SessionLimits.emailCharacters))
        let parts = email.utf8.split(separator: UInt8(ascii: "@"), omittingEmptySubsequences: false)
        let isAddress = parts.count == 2 && parts.allSatisfy { !$0.isEmpty } && !email.utf8.contains(0x20)
        if !email.isEmpty, !isAddress { refuse("email", "not an email address") }
        return email
    }
}
