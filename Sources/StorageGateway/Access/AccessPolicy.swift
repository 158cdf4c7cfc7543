import OSSKit

/// A policy: of a bucket, of an access key, or of a temporary session.
///
/// Source: oss-wire facts 11.6 and 14; which elements there are is assumption A-094.
package struct AccessPolicy: Sendable, Equatable {
    /// What a statement says.
    package enum Effect: String, Sendable {
        case allow = "Allow"
        case deny = "Deny"
    }

    /// A list of patterns, or everything but what they fit.
    struct Patterns<Pattern: Sendable & Equatable>: Sendable, Equatable {
        let patterns: [Pattern]
        let isNegated: Bool
    }

    /// One statement.
    struct Statement: Sendable, Equatable {
        let effect: Effect
        /// Whom it is about; nil in policies of keys and sessions, which are about their holder.
        let principals: Patterns<String>?
        let actions: Patterns<String>
        let resources: Patterns<PolicyResource>
        let conditions: [PolicyCondition]
    }

    /// Whose policy a document is, which decides what it must hold.
    package enum Kind: Sendable {
        /// That of a bucket, whose statements name principals.
        case bucket
        /// That of an access key or a session, whose statements do not.
        case identity
    }

    let statements: [Statement]

    /// Whether a statement of this effect is about a request.
    ///
    /// - Parameter leavingOutPublic: Whether statements are passed over that are about everybody.
    func says(_ effect: Effect, _ question: AccessQuestion, leavingOutPublic: Bool = false) -> Bool {
        statements.contains { statement in
            statement.effect == effect && !(leavingOutPublic && statement.isPublic) && statement.isAbout(question)
        }
    }

    /// Whether the policy opens something to everybody.
    ///
    /// Source: assumption A-095.
    package var isPublic: Bool {
        statements.contains { $0.effect == .allow && $0.isPublic }
    }
}

extension AccessPolicy.Statement {
    /// Whether it is about everybody, wherever they come from.
    var isPublic: Bool {
        guard let principals else { return false }
        let isForAll = principals.isNegated || principals.patterns.contains { $0.utf8.elementsEqual("*".utf8) }
        return isForAll && !conditions.contains(where: \.isNarrow)
    }

    /// Whether it is about a request: its sender, its action, its resource, and all conditions.
    func isAbout(_ question: AccessQuestion) -> Bool {
        names(question.requester)
            && actions.fits { Self.action($0, fits: question.action) }
            && isAbout(question.resource, effect: effect)
            && hold(for: question)
    }

    /// Whether all conditions hold; what denies an access key something denies it to the key's sessions too.
    private func hold(for question: AccessQuestion) -> Bool {
        if conditions.allSatisfy({ $0.holds(for: question.facts) }) { return true }
        guard effect == .deny, let session = question.requester.session else { return false }
        var facts = question.facts
        facts.accessKeyID = session.parentAccessKeyID
        return conditions.allSatisfy { $0.holds(for: facts) }
    }

    private func names(_ requester: Requester) -> Bool {
        guard let principals else { return true }
        var names = requester.principals
        if effect == .deny, !principals.isNegated, let session = requester.session {
            names.append(session.parentAccessKeyID)
        }
        return principals.fits { pattern in
            names.contains { Wildcard.matches(pattern.utf8, $0.utf8) }
                || pattern.utf8.elementsEqual("*".utf8)
        }
    }

    private func isAbout(_ resource: AccessResource, effect: AccessPolicy.Effect) -> Bool {
        guard case .someKey = resource.place else { return resources.fits { $0.fits(resource) } }
        // Of keys that are still to be read, what is not certain is judged once more, key by key.
        switch effect {
        case .allow: return resources.isNegated || resources.patterns.contains { $0.fits(resource) }
        case .deny: return !resources.isNegated && resources.patterns.contains { $0.fitsEveryKey(of: resource) }
        }
    }

    /// Names of actions are compared without regard to case, as RAM does.
    private static func action(_ pattern: String, fits action: String) -> Bool {
        Wildcard.matches(pattern.lowercased().utf8, action.lowercased().utf8)
    }
}

extension AccessPolicy.Patterns {
    /// Whether one of them fits, or none does if they are negated.
    func fits(_ isFit: (Pattern) -> Bool) -> Bool {
        patterns.contains(where: isFit) != isNegated
    }
}
