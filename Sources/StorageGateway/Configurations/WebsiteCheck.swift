import OSSKit
import ObjectStore

/// What OSS asks of a website beyond its form, and what must not get into a header of ours.
enum WebsiteCheck {
    /// Checks a website.
    ///
    /// - Throws: `InvalidArgument`.
    static func check(
        _ document: WebsiteConfiguration, _ call: OSSCall, _ bucket: BucketRecord
    ) async throws -> WebsiteConfiguration {
        if let suffix = document.indexDocument?.suffix, suffix.isEmpty || suffix.contains("/") {
            throw OSSError.invalidArgument("Suffix", suffix, message: "The suffix of the index document is not valid.")
        }
        if let page = document.errorDocument {
            guard (try? ObjectKey(page.key)) != nil else {
                throw OSSError.invalidArgument("Key", page.key, message: "The key of the error document is not valid.")
            }
            guard [nil, 200, 404].contains(page.httpStatus) else {
                throw OSSError.invalidArgument(
                    "HttpStatus", String(page.httpStatus ?? 0), message: "The HttpStatus must be 200 or 404.")
            }
        }
        guard Set(document.routingRules.map(\.number)).count == document.routingRules.count else {
            throw OSSError(.invalidArgument, message: "The RuleNumber of a routing rule must be unique.")
        }
        for rule in document.routingRules { try check(rule.redirect) }
        return document
    }

    private static func check(_ redirect: WebsiteConfiguration.Redirect) throws(OSSError) {
        if let type = redirect.redirectType, !["Mirror", "External", "AliCDN", "Internal"].contains(type) {
            throw .invalidArgument("RedirectType", type, message: "The RedirectType is not valid.")
        }
        if let scheme = redirect.scheme, !["http", "https"].contains(scheme) {
            throw .invalidArgument("Protocol", scheme, message: "The Protocol must be http or https.")
        }
        if let host = redirect.hostName, !isHost(host) {
            throw .invalidArgument("HostName", host, message: "The HostName is not valid.")
        }
        if let code = redirect.httpRedirectCode, !(300...399).contains(code) {
            throw .invalidArgument("HttpRedirectCode", String(code), message: "The HttpRedirectCode is not valid.")
        }
        if redirect.replaceKeyWith != nil, let prefix = redirect.replaceKeyPrefixWith {
            throw .invalidArgument(
                "ReplaceKeyPrefixWith", prefix, message: "ReplaceKeyWith and ReplaceKeyPrefixWith exclude each other.")
        }
    }

    private static func isHost(_ text: String) -> Bool {
        (1...255).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"):
                    true
                default: "-.:_".utf8.contains(byte)
                }
            }
    }
}
