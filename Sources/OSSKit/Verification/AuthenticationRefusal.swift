/// The refusals that more than one scheme gives.
///
/// Source: oss-wire fact 3.
enum AuthenticationRefusal {
    static func unsupportedScheme(_ name: String, _ value: String, ec: String = "0002-00000002") -> OSSError {
        .invalidArgument(name, value, message: "Unsupported Authorization Type", ec: ec)
    }

    /// The refusal of an `Authorization` header that cannot be read.
    static func malformedHeader(
        _ value: String, message: String = "Authorization header is invalid.", ec: String? = nil
    ) -> OSSError {
        OSSError(.invalidArgument, message: message, ec: ec, fields: [("Authorization", value)])
    }

    /// The refusal of a V1 header, which names its argument as well.
    static func malformedV1Header(_ value: String, ec: String) -> OSSError {
        .invalidArgument("Authorization", value, message: "Authorization header is invalid.", ec: ec)
    }

    static func malformedParameter(_ name: String, _ value: String, message: String, ec: String?) -> OSSError {
        .invalidArgument(name, value, message: message, ec: ec)
    }

    static let noDate = OSSError(
        .accessDenied, message: "OSS authentication requires a valid Date.", ec: "0002-00000503")

    /// Checks that a signer's clock is at most 15 minutes from ours.
    static func checkSkew(ofDate date: Int64, now: Int64) throws(OSSError) {
        guard (date - Limits.clockSkewSeconds...date + Limits.clockSkewSeconds).contains(now) else {
            throw OSSError(
                .requestTimeTooSkewed,
                fields: [
                    ("MaxAllowedSkewMilliseconds", String(Limits.clockSkewSeconds * 1_000)),
                    ("RequestTime", text(ofTime: date)), ("ServerTime", text(ofTime: now)),
                ])
        }
    }

    /// The refusal of a URL outside the time for which it is good.
    static func outsideLifetime(message: String, ec: String, expires: Int64, now: Int64) -> OSSError {
        OSSError(
            .accessDenied, message: message, ec: ec,
            fields: [("Expires", text(ofTime: expires)), ("ServerTime", text(ofTime: now))])
    }

    static func unknownKey(_ accessKeyID: String, scheme: SignatureScheme) -> OSSError {
        OSSError(.invalidAccessKeyId, fields: [(keyField(scheme), accessKeyID)])
    }

    /// The field of an error that holds the access key ID.
    static func keyField(_ scheme: SignatureScheme) -> String {
        scheme.isOfAWS ? "AWSAccessKeyId" : "OSSAccessKeyId"
    }

    /// The refusal of something in the request that the signature should cover and does not.
    static func notCovered(_ name: String) -> OSSError {
        OSSError(
            .accessDenied, message: "There were headers or parameters present in the request which were not signed.",
            fields: [("HeadersNotSigned", name)])
    }

    private static func text(ofTime unixSeconds: Int64) -> String {
        ISO8601.format(unixMilliseconds: CivilTime.clamped(unixSeconds) * 1_000)
    }
}

/// The first of several refusals, for those who want to know what was signed all the same.
struct FirstRefusal {
    private(set) var error: OSSError?

    /// Makes a check, unless an earlier one has failed.
    mutating func note(_ check: () throws(OSSError) -> Void) {
        guard error == nil else { return }
        do {
            try check()
        } catch {
            self.error = error
        }
    }
}
