import OSSKit
import ObjectStore

/// `/?replication`: which objects of a bucket are to be copied elsewhere; the rules are kept and told.
///
/// Source: oss-wire fact 11.6; that nothing is copied is assumption A-078.
enum BucketReplication {
    /// The most rules of a bucket.
    private static let limit = 100
    /// The most prefixes of a rule.
    private static let prefixLimit = 10

    /// Adds a rule.
    static func add(_ call: OSSCall) async throws -> OSSAnswer {
        let bucket = try await call.bucket()
        let document = try ReplicationConfiguration(
            document: try await RequestBodyReader.document(of: call) ?? [])
        guard var rule = document.rules.first, document.rules.count == 1 else {
            throw OSSError(.malformedXML, fields: [("ErrorDetail", "there has to be one rule.")])
        }
        try check(rule)
        if rule.id?.isEmpty ?? true { rule.id = Identifier.make(call.environment.randomBits) }
        rule.action = rule.action ?? "ALL"
        rule.historicalObjectReplication = rule.historicalObjectReplication ?? .enabled
        rule.status = "starting"
        if rule.keyServiceObjects != .enabled { rule.replicaKeyID = nil }
        let id = rule.id ?? ""
        guard try await !rules(call, bucket).contains(where: { collide($0, rule) }) else { throw alreadyExists }
        let bytes = Array(ReplicationConfiguration(rules: [rule]).write().utf8)
        try await call.store.changeConfiguration(.replication, named: id, of: bucket) { former in
            guard former.current == nil else { throw alreadyExists }
            guard former.otherCount < limit else {
                throw OSSError(.invalidArgument, message: "The number of replication rules is beyond limit.")
            }
            return bytes
        }
        return OSSAnswer(headers: [("x-oss-replication-rule-id", id)])
    }

    /// Ends rules.
    static func remove(_ call: OSSCall) async throws -> OSSAnswer {
        let bucket = try await call.bucket()
        let asked = try ReplicationRules(document: try await RequestBodyReader.document(of: call) ?? [])
        for id in asked.ids {
            try await call.store.changeConfiguration(.replication, named: id, of: bucket) { former in
                guard former.current != nil else { throw OSSError(.noSuchReplicationRule) }
                return nil
            }
        }
        return OSSAnswer()
    }

    /// Tells all rules.
    static func tell(_ call: OSSCall) async throws -> OSSAnswer {
        let bucket = try await call.bucket()
        let rules = try await rules(call, bucket)
        guard !rules.isEmpty else {
            throw OSSError(.noSuchReplicationConfiguration, fields: [("BucketName", bucket.name.text)])
        }
        return OSSAnswer(document: ReplicationConfiguration(rules: rules).write())
    }

    /// Tells where objects can be copied to.
    static func tellLocations(_ call: OSSCall) async throws -> OSSAnswer {
        _ = try await call.bucket()
        let location = BucketEndpoints.location(ofRegion: call.configuration.region)
        return OSSAnswer(document: ReplicationLocation(locations: [location]).write())
    }

    /// Tells how far a rule has come, which is nowhere.
    static func tellProgress(_ call: OSSCall) async throws -> OSSAnswer {
        let bucket = try await call.bucket()
        let id = call.request.target.value(of: "rule-id") ?? ""
        guard let stored = try await call.store.configuration(.replication, named: id, of: bucket),
            var rule = try XMLReader.read(stored.bytes).child("Rule")
        else { throw OSSError(.noSuchReplicationRule, fields: [("BucketName", bucket.name.text)]) }
        rule = rule.appending(
            XMLElement("Progress", children: [XMLElement("HistoricalObject", text: "0")]))
        return OSSAnswer(document: XMLElement("ReplicationProgress", children: [rule]).document())
    }

    /// Says whether the copies of a rule are to come within a time that is promised.
    static func setTimeControl(_ call: OSSCall) async throws -> OSSAnswer {
        let bucket = try await call.bucket()
        let document = try await RequestBodyReader.document(of: call) ?? []
        let asked = try DocumentShape.replicationTimeControl.read(document)
        let isOn = asked.child("RTC")?.text(of: "Status") == "enabled"
        let id = asked.text(of: "ID") ?? ""
        try await call.store.changeConfiguration(.replication, named: id, of: bucket) { former in
            guard let current = former.current else { throw OSSError(.noSuchReplicationRule) }
            var rules = try ReplicationConfiguration(document: current.bytes).rules
            for index in rules.indices {
                rules[index].replicationTimeControl = isOn ? .enabled : .disabled
            }
            return Array(ReplicationConfiguration(rules: rules).write().utf8)
        }
        return OSSAnswer()
    }

    private static var alreadyExists: OSSError { OSSError(.bucketReplicationAlreadyExist) }

    private static func rules(
        _ call: OSSCall, _ bucket: BucketRecord
    ) async throws -> [ReplicationConfiguration.Rule] {
        try await call.store.configurations(.replication, of: bucket, ConfigurationQuery(limit: limit))
            .configurations.flatMap { try ReplicationConfiguration(document: $0.bytes).rules }
    }

    private static func check(_ rule: ReplicationConfiguration.Rule) throws(OSSError) {
        guard (try? BucketName(rule.destinationBucket)) != nil else {
            throw .invalidArgument("Bucket", rule.destinationBucket, message: "The target bucket is not valid.")
        }
        guard rule.prefixes.count <= prefixLimit, (rule.id?.utf8.count ?? 0) <= 255 else {
            throw OSSError(.invalidArgument, message: "A replication rule has at most \(prefixLimit) prefixes.")
        }
    }

    /// Whether two rules would copy the same objects to the same place.
    private static func collide(
        _ left: ReplicationConfiguration.Rule, _ right: ReplicationConfiguration.Rule
    ) -> Bool {
        guard left.destinationBucket == right.destinationBucket else { return false }
        let others = right.prefixes.isEmpty ? [""] : right.prefixes
        return (left.prefixes.isEmpty ? [""] : left.prefixes).contains { one in
            others.contains { $0.utf8.starts(with: one.utf8) || one.utf8.starts(with: $0.utf8) }
        }
    }
}

extension XMLElement {
    /// The element with another one at its end.
    fileprivate func appending(_ child: XMLElement) -> XMLElement {
        XMLElement(name, text: text, children: children + [child])
    }
}
