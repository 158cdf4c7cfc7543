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

    /// A change of the storage class of what grows old.
    package struct Transition: Sendable, Equatable {
        /// When it is due; for an older version from when it ceased to be what its key shows.
        package let term: Term
        /// The storage class, such as `IA`.
        package let storageClass: String

        /// Makes a change.
        package init(_ term: Term, to storageClass: String) {
            self.term = term
            self.storageClass = storageClass
        }
    }

    /// The ID by which answers name the rule.
    package var id = ""
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
    /// When the class of objects changes.
    package var transitions: [Transition] = []
    /// When older versions are removed, from when they ceased to be what their key shows; nil for never.
    package var olderExpiration: Term?
    /// When the class of older versions changes.
    package var olderTransitions: [Transition] = []
    /// Whether delete markers are removed that hide nothing any more.
    package var removesLoneMarkers = false

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
        id = rule.id ?? ""
        transitions = Self.transitions(rule.transitions)
        olderExpiration = rule.noncurrentExpirationDays.map(Term.days)
        olderTransitions = Self.transitions(rule.noncurrentTransitions)
        removesLoneMarkers = rule.expiration == .expiredObjectDeleteMarker
    }

    /// The changes that count from a time that is kept; nobody keeps when objects were read last.
    private static func transitions(_ transitions: [LifecycleConfiguration.Transition]) -> [Transition] {
        transitions.compactMap { transition in
            guard transition.isAccessTime != true else { return nil }
            return Term(transition.term).map { Transition($0, to: transition.storageClass) }
        }
    }

    /// Whether an object is one of those that the rule means, whatever its age.
    package func means(_ object: ObjectRecord) -> Bool {
        let objectTags = object.attributes.tags
        guard object.key.bytes.starts(with: prefix), tags.allSatisfy(objectTags.contains),
            longerThan.map({ object.sizeBytes > $0 }) ?? true, shorterThan.map({ object.sizeBytes < $0 }) ?? true
        else { return false }
        return !exclusions.contains { exclusion in
            object.key.bytes.starts(with: exclusion.prefix) && exclusion.tag.map(objectTags.contains) ?? true
        }
    }

    /// Whether a delete marker of a key is one of those that the rule means: it has no tags and no size.
    func meansMarker(of key: ObjectKey) -> Bool {
        key.bytes.starts(with: prefix) && tags.isEmpty && longerThan == nil && shorterThan == nil
            && !exclusions.contains { $0.tag == nil && key.bytes.starts(with: $0.prefix) }
    }

    /// Whether the age of an object lets the rule change anything of it, as far as a list tells.
    func mayChange(_ entry: ListEntry, atMilliseconds now: Int64) -> Bool {
        let time = entry.lastModifiedMilliseconds
        if expiration?.isDue(writtenAt: time, now: now) == true { return true }
        return transitions.contains { transition in
            Self.coldness(of: transition.storageClass) > Self.coldness(of: entry.storageClass)
                && transition.term.isDue(writtenAt: time, now: now)
        }
    }

    /// Whether an object is to be deleted now.
    func expires(_ object: ObjectRecord, atMilliseconds now: Int64) -> Bool {
        guard let expiration, expiration.isDue(writtenAt: object.lastModifiedMilliseconds, now: now) else {
            return false
        }
        return means(object)
    }

    /// Whether an older version is to be removed now.
    func expires(_ object: ObjectRecord, olderSince time: Int64, atMilliseconds now: Int64) -> Bool {
        olderExpiration?.isDue(writtenAt: time, now: now) == true && means(object)
    }

    /// Whether anything of the rule is about older versions or delete markers.
    var isAboutVersions: Bool { olderExpiration != nil || !olderTransitions.isEmpty || removesLoneMarkers }

    /// The class that an object is to have now; nil for the one that it has.
    static func storageClass(
        of object: ObjectRecord, by transitions: [Transition], since time: Int64, atMilliseconds now: Int64
    ) -> String? {
        // A link has no bytes that could be stored elsewhere, and nothing becomes warmer by a rule.
        guard object.type != .symlink else { return nil }
        let due = transitions.filter { $0.term.isDue(writtenAt: time, now: now) }
        let coldest = due.max { coldness(of: $0.storageClass) < coldness(of: $1.storageClass) }
        guard let coldest, coldness(of: coldest.storageClass) > coldness(of: object.storageClass) else { return nil }
        return coldest.storageClass
    }

    /// How cold a class is, beside others.
    private static func coldness(of storageClass: String) -> Int {
        ["Standard", "IA", "Archive", "ColdArchive", "DeepColdArchive"].firstIndex(of: storageClass) ?? -1
    }

    /// When an object is deleted by the rule, in milliseconds since 1970, UTC; nil if it is not.
    package func expirationMilliseconds(of object: ObjectRecord) -> Int64? {
        guard let expiration, means(object) else { return nil }
        switch expiration {
        case .days(let days): return Term.end(ofDays: days, from: object.lastModifiedMilliseconds)
        case .from(let date): return date
        case .writtenBefore(let date): return object.lastModifiedMilliseconds < date ? date : nil
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
        case .days(let days): return Self.end(ofDays: days, from: time).map { now >= $0 } ?? false
        case .writtenBefore(let date): return time < date
        case .from(let date): return now >= date
        }
    }

    /// When a number of days is over that begins at a moment; nil for a time that no clock reaches.
    fileprivate static func end(ofDays days: Int, from time: Int64) -> Int64? {
        guard days >= 0, let age = multiplied(Int64(days), dayMilliseconds) else { return nil }
        let end = time.addingReportingOverflow(age)
        return end.overflow ? nil : midnight(notBefore: end.partialValue)
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
