import OSSKit

/// What OSS asks of the rules of a lifecycle beyond their form.
///
/// Source: oss-wire fact 11.6; what counts as an overlap is assumption A-077.
struct LifecycleRuleCheck {
    /// The storage classes to which an object can change, from the warmest to the coldest.
    private static let storageClasses = ["IA", "Archive", "ColdArchive", "DeepColdArchive"]

    private let allowsOverlap: Bool
    private let randomBits: @Sendable () -> UInt64

    /// Reads what the request says of overlaps.
    ///
    /// - Throws: `InvalidArgument`.
    init(_ call: OSSCall) throws(OSSError) {
        let name = "x-oss-allow-same-action-overlap"
        switch call.header(name) {
        case nil, "false"?: allowsOverlap = false
        case "true"?: allowsOverlap = true
        case let other?:
            throw .invalidArgument(name, other, message: "The value must be true or false.")
        }
        randomBits = call.environment.randomBits
    }

    /// The document with an ID for each rule.
    ///
    /// - Throws: `InvalidArgument`, `InvalidRequest`, `MalformedXML`.
    func complete(_ document: LifecycleConfiguration) throws(OSSError) -> LifecycleConfiguration {
        var ids: Set<[UInt8]> = []
        var rules: [LifecycleConfiguration.Rule] = []
        for var rule in document.rules {
            if rule.id?.isEmpty ?? true { rule.id = Identifier.make(randomBits) }
            let id = rule.id ?? ""
            guard ids.insert(Array(id.utf8)).inserted else {
                throw .invalidArgument("ID", id, message: "The ID of a lifecycle rule must be unique.")
            }
            try check(rule)
            rules.append(rule)
        }
        if !allowsOverlap { try refuseOverlaps(of: rules) }
        return LifecycleConfiguration(rules: rules)
    }

    private func check(_ rule: LifecycleConfiguration.Rule) throws(OSSError) {
        guard !actions(of: rule).isEmpty else {
            throw OSSError(.malformedXML, fields: [("ErrorDetail", "a rule needs something to do.")])
        }
        try checkTags(rule.tags + (rule.filter?.exclusions.compactMap(\.tag) ?? []))
        try checkDays(rule)
        try check(rule.transitions, before: rule.expiration)
        try check(
            rule.noncurrentTransitions,
            before: rule.noncurrentExpirationDays.map { LifecycleConfiguration.Term.days($0) })
        if !rule.tags.isEmpty, rule.abortMultipartUpload != nil {
            throw .invalidArgument(
                "Tag", rule.tags[0].key, message: "A rule with tags cannot abort multipart uploads.")
        }
        if rule.expiration == .expiredObjectDeleteMarker, !rule.tags.isEmpty {
            throw .invalidArgument(
                "Tag", rule.tags[0].key, message: "A rule with tags cannot remove expired delete markers.")
        }
        if rule.abortMultipartUpload == .expiredObjectDeleteMarker {
            throw OSSError(.malformedXML, fields: [("ErrorDetail", "an upload has no delete marker.")])
        }
    }

    private func checkTags(_ tags: [Tag]) throws(OSSError) {
        for tag in tags {
            let isGood = (1...128).contains(tag.key.unicodeScalars.count) && tag.value.unicodeScalars.count <= 256
            guard isGood else {
                throw .invalidArgument("Tag", tag.key, message: "The tag of a lifecycle rule is not valid.")
            }
        }
    }

    private func checkDays(_ rule: LifecycleConfiguration.Rule) throws(OSSError) {
        let terms = [rule.expiration, rule.abortMultipartUpload] + rule.transitions.map(\.term)
        for case .days(let days)? in terms where days < 1 {
            throw .invalidArgument("Days", String(days), message: "The Days must be greater than 0.")
        }
        let days = [rule.noncurrentExpirationDays].compactMap { $0 } + rule.noncurrentTransitions.compactMap(Self.days)
        for days in days where days < 1 {
            throw .invalidArgument("NoncurrentDays", String(days), message: "The Days must be greater than 0.")
        }
    }

    /// Checks that an object changes to ever colder classes, and is deleted last.
    private func check(
        _ transitions: [LifecycleConfiguration.Transition], before end: LifecycleConfiguration.Term?
    ) throws(OSSError) {
        var latest: [String: Int] = [:]
        for transition in transitions {
            guard Self.storageClasses.contains(transition.storageClass) else {
                throw .invalidArgument(
                    "StorageClass", transition.storageClass, message: "The storage class of a transition is invalid.")
            }
            guard (transition.isAccessTime == true) == (transition.returnsToStandardWhenVisited != nil) else {
                throw OSSError(
                    .malformedXML, ec: "0014-00000052",
                    fields: [("ErrorDetail", "IsAccessTime and ReturnToStdWhenVisit go together.")])
            }
            if let end, Self.isDays(end) != Self.isDays(transition.term), transition.isAccessTime != true {
                throw OSSError(
                    .invalidRequest, message: "Expiration and Transition must both use Days or both use dates.")
            }
            guard let days = Self.days(transition) else { continue }
            if case .days(let last)? = end, days >= last {
                throw .invalidArgument(
                    "Days", String(days), message: "Days in the Expiration action must be greater than in Transition.")
            }
            latest[transition.storageClass] = days
        }
        let days = Self.storageClasses.compactMap { latest[$0] }
        guard zip(days, days.dropFirst()).allSatisfy({ $0 < $1 }) else {
            throw .invalidArgument(
                "Days", days.map(String.init).joined(separator: ","),
                message: "Days of a transition to a colder class must be greater than to a warmer one.")
        }
    }

    /// A rule as far as overlaps go.
    private struct Reach {
        let prefix: [UInt8]
        let tags: Set<Tag>
        let actions: [String]

        /// Whether the tags let an object be within the reach of both rules by the tags of one alone.
        func canMeet(_ other: Reach) -> Bool {
            tags.isSubset(of: other.tags) || other.tags.isSubset(of: tags)
        }
    }

    private func refuseOverlaps(of rules: [LifecycleConfiguration.Rule]) throws(OSSError) {
        // In the order of their prefixes a rule stands behind all whose prefixes are beginnings of its own.
        let sorted = rules.map {
            Reach(prefix: Array($0.prefix.utf8), tags: Set($0.tags), actions: actions(of: $0))
        }.sorted { $0.prefix.lexicographicallyPrecedes($1.prefix) }
        var open: [Reach] = []
        for next in sorted {
            while let last = open.last, !next.prefix.starts(with: last.prefix) { open.removeLast() }
            for earlier in open where earlier.canMeet(next) {
                if let action = earlier.actions.first(where: next.actions.contains) {
                    throw OSSError(.invalidArgument, message: "Overlap for same action type \(action)")
                }
            }
            open.append(next)
        }
    }

    /// What a rule does, by the names of OSS.
    private func actions(of rule: LifecycleConfiguration.Rule) -> [String] {
        var actions: [String] = []
        if rule.expiration != nil { actions.append("Expiration") }
        actions += rule.transitions.map { "Transition to \($0.storageClass)" }
        if rule.noncurrentExpirationDays != nil { actions.append("NoncurrentVersionExpiration") }
        actions += rule.noncurrentTransitions.map { "NoncurrentVersionTransition to \($0.storageClass)" }
        if rule.abortMultipartUpload != nil { actions.append("AbortMultipartUpload") }
        return actions
    }

    private static func days(_ transition: LifecycleConfiguration.Transition) -> Int? {
        if case .days(let days) = transition.term { days } else { nil }
    }

    private static func isDays(_ term: LifecycleConfiguration.Term) -> Bool {
        if case .days = term { true } else { false }
    }
}
