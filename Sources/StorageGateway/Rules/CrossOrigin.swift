import OSSKit
import ObjectStore

/// Tells browsers which pages of other origins they may let at a bucket.
///
/// Source: oss-wire fact 11.7; which methods an answer names is assumption A-081.
struct CrossOrigin: Sendable {
    /// Where the buckets are.
    let store: DiskStore

    /// Answers a preflight, which is not signed and asks for no right.
    ///
    /// - Throws: `BadRequest`, `NoSuchBucket`, `AccessForbidden`.
    func preflight(_ request: WireRequest, _ resource: SignedResource) async throws -> OSSAnswer {
        guard let origin = Self.text(request, "origin") else {
            throw OSSError(.badRequest, message: "Insufficient information. Origin request header needed.")
        }
        guard let method = Self.text(request, "access-control-request-method") else {
            throw OSSError(
                .badRequest, message: "Insufficient information. Access-Control-Request-Method header needed.")
        }
        guard let name = resource.bucket else { throw OSSError(.accessForbidden) }
        let asked = (request.header("access-control-request-headers") ?? "").split(separator: ",")
            .map { $0.trimmed }.filter { !$0.isEmpty }
        let bucket = try await store.bucket(BucketName(name))
        guard let document = try await configuration(of: bucket),
            let rule = document.rules.first(where: { $0.allows(origin, method) && $0.allows(headers: asked) })
        else { throw OSSError(.accessForbidden, fields: [("BucketName", name)]) }
        var headers: [(name: String, value: String)] = [
            Self.allowedOrigin(origin, by: rule), ("Access-Control-Allow-Methods", method),
        ]
        if !asked.isEmpty { headers.append(("Access-Control-Allow-Headers", asked.joined(separator: ", "))) }
        return OSSAnswer(headers: headers + Self.further(rule, document))
    }

    /// The headers that an answer has because its request names an origin; none if no rule allows it.
    func headers(_ request: WireRequest, _ resource: SignedResource) async -> [(name: String, value: String)] {
        guard let origin = Self.text(request, "origin"), let name = resource.bucket else { return [] }
        // Whose rules cannot be read has none: the answer itself is not the worse for it.
        guard let bucketName = try? BucketName(name), let bucket = try? await store.bucket(bucketName),
            let found = try? await configuration(of: bucket)
        else { return [] }
        guard let rule = found.rules.first(where: { $0.allows(origin, request.method) }) else {
            return found.responseVary == true ? [("Vary", "Origin")] : []
        }
        let headers: [(name: String, value: String)] = [
            Self.allowedOrigin(origin, by: rule),
            ("Access-Control-Allow-Methods", rule.allowedMethods.joined(separator: ", ")),
        ]
        return headers + Self.further(rule, found)
    }

    private func configuration(of bucket: BucketRecord) async throws -> CORSConfiguration? {
        try await store.configuration(.cors, of: bucket) { try CORSConfiguration(document: $0) }
    }

    private static func text(_ request: WireRequest, _ name: String) -> String? {
        request.header(name).flatMap { $0.isEmpty ? nil : $0 }
    }

    private static func allowedOrigin(
        _ origin: String, by rule: CORSConfiguration.Rule
    ) -> (name: String, value: String) {
        ("Access-Control-Allow-Origin", rule.allowedOrigins.contains("*") ? "*" : origin)
    }

    private static func further(
        _ rule: CORSConfiguration.Rule, _ document: CORSConfiguration
    ) -> [(name: String, value: String)] {
        var headers: [(name: String, value: String)] = []
        if !rule.exposeHeaders.isEmpty {
            headers.append(("Access-Control-Expose-Headers", rule.exposeHeaders.joined(separator: ", ")))
        }
        if let seconds = rule.maxAgeSeconds { headers.append(("Access-Control-Max-Age", String(seconds))) }
        if document.responseVary == true { headers.append(("Vary", "Origin")) }
        return headers
    }
}

extension CORSConfiguration.Rule {
    /// Whether a page of an origin may send a method.
    fileprivate func allows(_ origin: String, _ method: String) -> Bool {
        allowedMethods.contains { $0.utf8.elementsEqual(method.utf8) }
            && allowedOrigins.contains { Self.matches(Array($0.utf8), Array(origin.utf8)) }
    }

    /// Whether a page may send these header fields.
    fileprivate func allows(headers: [String]) -> Bool {
        let patterns = allowedHeaders.map { Array($0.lowercased().utf8) }
        return headers.allSatisfy { header in
            let name = Array(header.lowercased().utf8)
            return patterns.contains { Self.matches($0, name) }
        }
    }

    /// Whether a text is a pattern, in which one `*` stands for any text.
    private static func matches(_ pattern: [UInt8], _ text: [UInt8]) -> Bool {
        guard let star = pattern.firstIndex(of: UInt8(ascii: "*")) else { return pattern == text }
        let (start, end) = (pattern[..<star], pattern[(star + 1)...])
        return text.count >= start.count + end.count && text.starts(with: start)
            && text.suffix(end.count).elementsEqual(end)
    }
}

extension Substring {
    /// The text without blanks around it.
    fileprivate var trimmed: String {
        var text = drop { $0 == " " || $0 == "\t" }
        while let last = text.last, last == " " || last == "\t" { text.removeLast() }
        return String(text)
    }
}
