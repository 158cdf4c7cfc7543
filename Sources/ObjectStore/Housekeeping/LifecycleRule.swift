import OSSKit

/// What becomes of objects and uploads of a bucket as they grow old, by one enabled rule.
///
/// Source: oss-wire fact 11.6. When a number of days is over is assumption A-069.
package struct LifecycleRule: Sendable, Equatable {
    /// When something is due.
    package enum Term: Sendable, Equatable {
        /// So many days after it was written last, at the next midnight UTC.
        case days(Int)
        /// At once, if it was written last before this moment, in milliseconds since 1970, UTC.
        case writtenBefore(Int64)
        /// From this moment on, in milliseconds since 1970, UTC.
        case from(Int64)
    }

    /// Objects that a rule passes over.
    package struct Exclusion: Sendable, Equatable {
        /// What their keys begin with.
        package let prefix: [UInt8]
        /// The tag that they have; nil for all of them.
        package let tag: Tag?

        /// Names objects to pass over.
        package init(prefix: [UInt8], tag: Tag? = nil) {
            self.prefix = prefix
            self.tag = tag
        }
    }

    /// What the keys begin with.
    package var prefix: [UInt8]
    /// The tags that the objects have.
    package var tags: [Tag]
    /// Only objects longer than so many bytes.
    package var longerThan: Int64?
    /// Only objects shorter than so many bytes.
    package var shorterThan: Int64?
    /// What is passed over.
    package var exclusions: [Exclusion]
    /// When objects are deleted; nil for never.
    package var expiration: Term?
    /// When uploads that nobody has completed are ended; nil for never.
    package var abortUploads: Term?

    /// Makes a rule.
    package init(
        prefix: [UInt8] = [], tags: [Tag] = [], exclusions: [Exclusion] = [], expiration: Term? = nil,
        abortUploads: Term? = nil
    ) {
        self.prefix = prefix
        self.tags = tags
        self.exclusions = exclusions
        self.expiration = expiration
        self.abortUploads = abortUploads
    }

    /// Takes what a rule of a document says about objects and uploads; nil if it is switched off.
    package init?(_ rule: LifecycleConfiguration.Rule) {
        guard rule.status == .enabled else { return nil }
        self.init(
            prefix: Array(rule.prefix.utf8), tags: rule.tags,
            exclusions: (rule.filter?.exclusions ?? []).map { Exclusion(prefix: Array($0.prefix.utf8), tag: $0.tag) },
            expiration: rule.expiration.flatMap(Term.init), abortUploads: rule.abortMultipartUpload.flatMap(Term.init))
        longerThan = rule.filter?.sizeGreaterThan.map(Int64.init)
        shorterThan = rule.filter?.sizeLessThan.map(Int64.init)
    }

    /// Whether an object is to be deleted now.
    func expires(_ object: ObjectRecord, atMilliseconds now: Int64) -> Bool {
        guard let expiration, expiration.isDue(writtenAt: object.lastModifiedMilliseconds, now: now) else {
            return false
        }
        let objectTags = object.attributes.tags
        guard object.key.bytes.starts(with: prefix), tags.allSatisfy(objectTags.contains),
            longerThan.map({ object.sizeBytes > $0 }) ?? true, shorterThan.map({ object.sizeBytes < $0 }) ?? true
        else { return false }
        return !exclusions.contains { exclusion in
            object.key.bytes.starts(with: exclusion.prefix) && exclusion.tag.map(objectTags.contains) ?? true
        }
    }

    /// Whether an upload is to be ended now; tags and sizes are not its matter.
    func aborts(_ upload: MultipartUpload, atMilliseconds now: Int64) -> Bool {
        guard let abortUploads, upload.key.bytes.starts(with: prefix) else { return false }
        return abortUploads.isDue(writtenAt: upload.initiatedMilliseconds, now: now)
    }
}

extension LifecycleRule.Term {
    private static let dayMilliseconds: Int64 = 86_400_000

    /// Takes a term of a document; nil for one that says nothing about age.
    fileprivate init?(_ term: LifecycleConfiguration.Term) {
        switch term {
        case .days(let days): self = .days(days)
        case .createdBefore(let date): self = .writtenBefore(date)
        case .date(let date): self = .from(date)
        case .expiredObjectDeleteMarker: return nil
        }
    }

    /// Whether the moment has come for something that was written at a moment.
    func isDue(writtenAt time: Int64, now: Int64) -> Bool {
        switch self {
        case .days(let days):
            // Sums that no clock reaches are never due.
            guard days >= 0, let age = Self.multiplied(Int64(days), Self.dayMilliseconds) else { return false }
            let end = time.addingReportingOverflow(age)
            guard !end.overflow, let midnight = Self.midnight(notBefore: end.partialValue) else { return false }
            return now >= midnight
        case .writtenBefore(let date): return time < date
        case .from(let date): return now >= date
        }
    }

    /// The first midnight UTC that is not before a moment.
    private static func midnight(notBefore time: Int64) -> Int64? {
        let rest = time % dayMilliseconds
        guard rest != 0 else { return time }
        let sum = time.addingReportingOverflow(rest > 0 ? dayMilliseconds - rest : -rest)
        return sum.overflow ? nil : sum.partialValue
    }

    private static func multiplied(_ one: Int64, _ other: Int64) -> Int64? {
        let product = one.multipliedReportingOverflow(by: other)
        return product.overflow ? nil : product.partialValue
    }
}

/// Where the rules of buckets come from.
package protocol LifecycleRules: Sendable {
    /// The enabled rules of all buckets that have any.
    func lifecycleRules() async throws -> [(bucket: BucketName, rules: [LifecycleRule])]
}

/// No rules at all.
package struct NoLifecycleRules: LifecycleRules {
    /// Makes the empty source.
    package init() {}

    package func lifecycleRules() async throws -> [(bucket: BucketName, rules: [LifecycleRule])] { [] }
}
