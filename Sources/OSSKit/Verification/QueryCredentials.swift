/// The traces that signatures leave in a query string.
enum QueryCredentials {
    private typealias Parameter = CanonicalV4.Parameter

    private static let v1Names = ["OSSAccessKeyId", "Expires", "Signature", "security-token"]
    private static let v2Names = [
        Parameter.version, CanonicalV2.Parameter.accessKeyID, Parameter.expires, Parameter.additionalHeaders,
        CanonicalV2.Parameter.securityToken, Parameter.signature,
    ]
    private static let v4Names = [
        Parameter.version, Parameter.credential, Parameter.date, Parameter.expires, Parameter.additionalHeaders,
        Parameter.securityToken, Parameter.signature,
    ]
    private static let aws2Names = ["AWSAccessKeyId", "Expires", "Signature", CanonicalAWS2.securityToken]
    private static let aws4Names = [
        CanonicalAWS4.Parameter.algorithm, CanonicalAWS4.Parameter.credential, CanonicalAWS4.Parameter.date,
        CanonicalAWS4.Parameter.expires, CanonicalAWS4.Parameter.signedHeaders,
        CanonicalAWS4.Parameter.securityToken, CanonicalAWS4.Parameter.contentSHA256,
        CanonicalAWS4.Parameter.signature,
    ]
    /// Names that stand for one scheme alone, and which scheme that is.
    private static let tellingNames: [(name: String, scheme: SignatureScheme)] = [
        (CanonicalV2.Parameter.accessKeyID, .v2URL), ("AWSAccessKeyId", .aws2URL),
        (CanonicalAWS4.Parameter.algorithm, .aws4URL), (CanonicalAWS4.Parameter.credential, .aws4URL),
        (CanonicalAWS4.Parameter.signature, .aws4URL),
    ]
    /// Names that make sense only with a signature in the query string.
    private static let credentialNames =
        ["OSSAccessKeyId", "Signature", Parameter.credential, Parameter.signature, Parameter.version]
        + tellingNames.map(\.name)

    /// Whether a parameter belongs to a signature of V1, V2 or V4.
    static func isPart(_ item: QueryItem) -> Bool {
        v1Names.contains { item.isNamed($0) } || v4Names.contains { item.isNamed($0) }
            || item.isNamed(CanonicalV2.Parameter.accessKeyID)
    }

    /// Whether a parameter belongs to a signature of one scheme.
    static func isPart(_ item: QueryItem, of scheme: SignatureScheme) -> Bool {
        names(of: scheme).contains { item.isNamed($0) }
    }

    /// Whether the query string holds credentials, whole or in part.
    static func holdsCredentials(_ target: RequestTarget) -> Bool {
        credentialNames.contains { target.contains($0) }
    }

    /// The scheme of the signature in a query string; nil if there is no trace of one.
    ///
    /// - Throws: `InvalidArgument` for a scheme that is not taken, for two at once and for a doubled parameter.
    static func family(
        of target: RequestTarget, schemes: Set<SignatureScheme>
    ) throws(OSSError) -> SignatureScheme? {
        let traces = Traces(target.query)
        let telling = traces.isTelling ? tellingNames.filter { target.contains($0.name) } : []
        if let foreign = telling.first(where: { !schemes.contains($0.scheme) }) {
            throw AuthenticationRefusal.unsupportedScheme(foreign.name, target.value(of: foreign.name) ?? "")
        }
        guard let scheme = telling.first?.scheme ?? schemeOfOSS(target, schemes: schemes) else { return nil }
        let names = names(of: scheme)
        guard !traces.holdsOthers(than: scheme, of: schemes) else {
            throw OSSError(
                .invalidArgument, message: "The query string holds parts of two kinds of signatures.",
                fields: [("ArgumentName", names.first { target.contains($0) } ?? "")])
        }
        if traces.isDoubled, let doubled = names.first(where: { target.count(of: $0) > 1 }) {
            throw OSSError(
                .invalidArgument, message: "A parameter of the signature is given more than once.",
                fields: [("ArgumentName", doubled)])
        }
        guard schemes.contains(scheme) else {
            throw AuthenticationRefusal.unsupportedScheme(
                Parameter.version, target.value(of: Parameter.version) ?? "")
        }
        return scheme
    }

    /// The scheme of OSS whose parameters a query string has; V4 wins over V1, and the mixture is refused later.
    private static func schemeOfOSS(_ target: RequestTarget, schemes: Set<SignatureScheme>) -> SignatureScheme? {
        guard v4Names.contains(where: { target.contains($0) }) else {
            return v1Names.contains { target.contains($0) } ? .v1URL : nil
        }
        let version = target.value(of: Parameter.version) ?? ""
        return schemes.contains(.v2URL) && version.utf8.elementsEqual(CanonicalV2.algorithm.utf8) ? .v2URL : .v4URL
    }

    private static func names(of scheme: SignatureScheme) -> [String] {
        switch scheme {
        case .v1URL: v1Names
        case .v2URL: v2Names
        case .v4URL: v4Names
        case .aws2URL: aws2Names
        case .aws4URL: aws4Names
        default: []
        }
    }
}

extension QueryCredentials {
    /// Which parameters of signatures a query string holds: a bit for each name, found in one pass.
    private struct Traces {
        private var held: UInt32 = 0
        private var heldTwice: UInt32 = 0

        init(_ query: [QueryItem]) {
            for item in query {
                guard let bit = Self.bit(of: item) else { continue }
                heldTwice |= held & bit
                held |= bit
            }
        }

        /// Whether a name is there that stands for one scheme alone.
        var isTelling: Bool { held & Self.tellingBits != 0 }

        /// Whether a name is there more than once.
        var isDoubled: Bool { heldTwice != 0 }

        /// Whether a name is there that is none of a scheme's, and one of the schemes that are taken.
        func holdsOthers(than scheme: SignatureScheme, of schemes: Set<SignatureScheme>) -> Bool {
            let foreign = held & ~Self.bits(of: scheme)
            return foreign != 0 && schemes.contains { foreign & Self.bits(of: $0) != 0 }
        }

        private static let names: [String] = {
            var names: [String] = []
            for name in [v1Names, v2Names, v4Names, aws2Names, aws4Names].joined() where !names.contains(name) {
                names.append(name)
            }
            return names
        }()

        private static let tellingBits = bits(tellingNames.map(\.name))
        private static let bitsOfSchemes = Dictionary(
            uniqueKeysWithValues: SignatureScheme.allCases.map { ($0, bits(QueryCredentials.names(of: $0))) })

        private static func bits(of scheme: SignatureScheme) -> UInt32 { bitsOfSchemes[scheme] ?? 0 }

        private static func bits(_ wanted: [String]) -> UInt32 {
            names.enumerated().reduce(0) { $0 | (wanted.contains($1.element) ? 1 << UInt32($1.offset) : 0) }
        }

        private static func bit(of item: QueryItem) -> UInt32? {
            names.firstIndex { item.isNamed($0) }.map { 1 << UInt32($0) }
        }
    }
}
