import SessionModels

/// What a token says, read strictly before any signature is looked at.
///
/// The header must be exactly ours: a library that reads more (`crit`, `jwk`, an unknown `kid`) is never asked.
/// Source: store.md 2, row 14; SECURITY 27.
struct TokenClaims: Sendable, Equatable {
    /// The id of the one key that signs access tokens.
    static let keyID = "access-1"

    /// Whose token it is.
    let user: UserID
    /// Seconds since 1970, or nil in a token of another identity provider that does not say.
    let issuedAtSeconds: Int64?
    /// Seconds since 1970.
    let expiresAtSeconds: Int64
    /// Seconds since 1970 before which it is not valid, or nil.
    let notBeforeSeconds: Int64?
    /// The family of refresh tokens that it came with, or nil if it came with none.
    let family: String?
    /// Whether we signed it; else it comes from the plan's backend, which signs with the same secret and no key id.
    let isOurs: Bool

    /// Reads a compact token.
    ///
    /// - Returns: nil for anything but an access token with the one header that we take.
    init?(_ token: String) {
        guard token.utf8.count <= SessionLimits.accessTokenBytes else { return nil }
        let parts = token.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard parts.count == 3, let signature = Base64URL.decode(parts[2]), signature.count == 32,
            let isOurs = Self.header(parts[0]), let payload = Self.object(parts[1])
        else { return nil }
        guard let subject = payload["sub"]?.string, let user = UserID(subject), payload["type"]?.string == "access",
            payload["aud"] == nil, let expiry = Self.seconds(payload["exp"])
        else { return nil }
        let issued = Self.seconds(payload["iat"])
        let notBefore = Self.seconds(payload["nbf"])
        guard issued != nil || (payload["iat"] == nil && !isOurs) else { return nil }
        guard notBefore != nil || payload["nbf"] == nil else { return nil }
        self.user = user
        family = isOurs ? payload["sid"]?.string : nil
        self.isOurs = isOurs
        issuedAtSeconds = issued
        expiresAtSeconds = expiry
        notBeforeSeconds = notBefore
    }

    /// Whether a header is the plan's (false) or ours (true); nil for any other.
    private static func header(_ part: Substring.UTF8View) -> Bool? {
        guard let header = object(part), header["alg"]?.string == "HS256", header["typ"]?.string == "JWT" else {
            return nil
        }
        switch header.count {
        case 2: return false
        case 3 where header["kid"]?.string == keyID: return true
        default: return nil
        }
    }

    /// The members of an encoded object, or nil if a name is doubled.
    private static func object(_ part: Substring.UTF8View) -> [String: JSONValue]? {
        guard let bytes = Base64URL.decode(part), let document = try? JSONDocument(bytes), !document.isSanitized,
            let members = document.root.members
        else { return nil }
        var values: [String: JSONValue] = [:]
        for member in members {
            guard values.updateValue(member.value, forKey: member.name) == nil else { return nil }
        }
        return values
    }

    /// A time as JSON writes whole numbers: digits, at most 12 of them.
    private static func seconds(_ value: JSONValue?) -> Int64? {
        guard let value, value.kind == .number, value.compact.count <= 12 else { return nil }
        var seconds: Int64 = 0
        for byte in value.compact {
            guard byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") else { return nil }
            seconds = seconds * 10 + Int64(byte - UInt8(ascii: "0"))
        }
        return seconds
    }
}
