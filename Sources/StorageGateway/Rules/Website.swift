import OSSKit
import ObjectStore

/// Answers browsers, which have no signature, as the website that a bucket is.
///
/// Source: oss-wire fact 11.8; the order of the steps is assumption A-085.
struct Website: Sendable {
    /// What the bucket says of itself.
    let configuration: WebsiteConfiguration

    /// The operations that browsers ask a website for.
    private static let operations: Set<String> = ["ListObjects", "GetObject", "HeadObject"]

    /// Reads one object, or for nil the bucket itself, as the same request without a website would.
    typealias Serve = ([UInt8]?) async throws -> OSSAnswer

    /// The website that a request without a signature may be for; nil if it is for none.
    static func found(
        _ request: WireRequest, _ resource: SignedResource, in store: DiskStore
    ) async throws -> Website? {
        guard let name = resource.bucket, let bucketName = try? BucketName(name),
            let operation = try? OperationTable.name(for: request, level: resource.key == nil ? .bucket : .object),
            operations.contains(operation)
        else { return nil }
        let bucket: BucketRecord
        do {
            bucket = try await store.bucket(bucketName)
        } catch is OSSError {
            return nil
        }
        return try await store.configuration(.website, of: bucket) {
            Website(configuration: try WebsiteConfiguration(document: $0))
        }
    }

    /// Answers a request.
    ///
    /// - Throws: what `serve` throws of an object that the website has no page for; `NotImplemented` where it would
    ///   have to be fetched from elsewhere.
    func answer(_ visit: WebsiteVisit, serve: Serve) async throws -> OSSAnswer {
        if let rule = rule(for: visit, status: nil) { return try redirect(visit, by: rule) }
        do {
            return try await serve(indexKey(of: visit.key) ?? visit.key)
        } catch let refusal as OSSError where refusal.code == .noSuchKey {
            if let rule = rule(for: visit, status: 404) { return try redirect(visit, by: rule) }
            if let folder = try await folderPage(visit, serve) { return folder }
            return try await errorPage(refusal, serve)
        }
    }

    /// The key of the page of a folder, if that is what a key names and folders have one.
    private func indexKey(of key: [UInt8]?) -> [UInt8]? {
        guard let index = configuration.indexDocument else { return nil }
        guard let key else { return Array(index.suffix.utf8) }
        guard key.last == UInt8(ascii: "/"), index.supportsSubfolders == true else { return nil }
        return key + Array(index.suffix.utf8)
    }

    /// What a folder gets whose name came without its slash; nil if there is no such folder.
    private func folderPage(_ visit: WebsiteVisit, _ serve: Serve) async throws -> OSSAnswer? {
        guard let index = configuration.indexDocument, index.supportsSubfolders == true, index.type != 1,
            let key = visit.key, key.last != UInt8(ascii: "/"),
            let page = try await existing(key + Array("/\(index.suffix)".utf8), serve)
        else { return nil }
        if index.type == 2 { return page }
        let location = visit.location(ofKey: key + [UInt8(ascii: "/")])
        return OSSAnswer(status: 302, headers: [("Location", location)])
    }

    private func errorPage(_ refusal: OSSError, _ serve: Serve) async throws -> OSSAnswer {
        guard let document = configuration.errorDocument,
            var page = try await existing(Array(document.key.utf8), serve)
        else { throw refusal }
        page.status = document.httpStatus ?? 404
        return page
    }

    private func existing(_ key: [UInt8], _ serve: Serve) async throws -> OSSAnswer? {
        do {
            return try await serve(key)
        } catch let refusal as OSSError where refusal.code == .noSuchKey {
            return nil
        }
    }

    /// The first rule that holds; with a status one that asks for it, without one a rule that asks for none.
    private func rule(for visit: WebsiteVisit, status: Int?) -> WebsiteConfiguration.RoutingRule? {
        configuration.routingRules.sorted { $0.number < $1.number }.first { rule in
            // What is to be fetched from elsewhere is fetched only if it is not here.
            let asked = rule.condition.httpErrorCodeReturnedEquals ?? (rule.isMirror ? 404 : nil)
            return asked == status && visit.meets(rule.condition)
        }
    }

    private func redirect(
        _ visit: WebsiteVisit, by rule: WebsiteConfiguration.RoutingRule
    ) throws(OSSError) -> OSSAnswer {
        guard !rule.isMirror else {
            throw OSSError(.notImplemented, fields: [("Header", "Mirror")])
        }
        let location = visit.location(by: rule)
        return OSSAnswer(status: rule.redirect.httpRedirectCode ?? 302, headers: [("Location", location)])
    }
}

extension WebsiteConfiguration.RoutingRule {
    /// Whether the object is to be fetched from elsewhere.
    fileprivate var isMirror: Bool { redirect.redirectType == "Mirror" }
}

/// A request to a website.
struct WebsiteVisit: Sendable {
    /// The request as it arrived.
    let request: WireRequest
    /// The key; nil for the root of the website.
    let key: [UInt8]?
    /// The bucket, where it stands in the path; nil where the host names it.
    let bucketInPath: String?

    /// Whether the request is as a condition wants it, whatever came of it.
    fileprivate func meets(_ condition: WebsiteConfiguration.Condition) -> Bool {
        let key = key ?? []
        if let prefix = condition.keyPrefixEquals, !key.starts(with: prefix.utf8) { return false }
        if let suffix = condition.keySuffixEquals, !key.reversed().starts(with: suffix.utf8.reversed()) { return false }
        return condition.includeHeaders.allSatisfy { wanted in
            guard let value = request.header(wanted.key) else { return false }
            if let equals = wanted.equals, !value.utf8.elementsEqual(equals.utf8) { return false }
            if let start = wanted.startsWith, !value.utf8.starts(with: start.utf8) { return false }
            if let end = wanted.endsWith, !value.utf8.reversed().starts(with: end.utf8.reversed()) { return false }
            return true
        }
    }

    /// The URL of a key on the same host.
    fileprivate func location(ofKey key: [UInt8]) -> String {
        "\(request.scheme)://\(request.host)/" + path(of: key, isSameHost: true)
    }

    /// The URL to which a rule leads.
    fileprivate func location(by rule: WebsiteConfiguration.RoutingRule) -> String {
        let redirect = rule.redirect
        var key = key ?? []
        if let pattern = redirect.replaceKeyWith {
            let parts = Array(pattern.utf8).split(onText: Array("${key}".utf8))
            key = Array(parts.joined(separator: key))
        } else if redirect.replaceKeyPrefixWith != nil || redirect.enablesReplacePrefix == true {
            let former = rule.condition.keyPrefixEquals?.utf8.count ?? 0
            key = Array((redirect.replaceKeyPrefixWith ?? "").utf8) + key.dropFirst(former)
        }
        let scheme = redirect.scheme ?? request.scheme
        var location = "\(scheme)://\(redirect.hostName ?? request.host)/"
        location += path(of: key, isSameHost: redirect.hostName == nil)
        if redirect.passesQueryString == true, !request.target.query.isEmpty {
            let items = request.target.query.map { item in
                let name = PercentCoding.encode(item.name)
                return item.valueBytes == nil ? name : name + "=" + PercentCoding.encode(item.value)
            }
            location += "?" + items.joined(separator: "&")
        }
        return location
    }

    private func path(of key: [UInt8], isSameHost: Bool) -> String {
        let path = PercentCoding.encode(key, keepingSlash: true)
        guard isSameHost, let bucketInPath else { return path }
        return "\(bucketInPath)/\(path)"
    }
}

extension [UInt8] {
    /// The pieces between the places where a text stands.
    fileprivate func split(onText text: [UInt8]) -> [[UInt8]] {
        var pieces: [[UInt8]] = [[]]
        var rest = self[...]
        while !rest.isEmpty {
            if rest.starts(with: text) {
                pieces.append([])
                rest = rest.dropFirst(text.count)
            } else {
                pieces[pieces.count - 1].append(rest.removeFirst())
            }
        }
        return pieces
    }
}
