/// Documents of OSS in the words of the S3 dialect.
///
/// OSS writes one element a line and nothing but tags begins with `<`, so that a line tells which element it is.
/// Source: oss-wire fact 16; Amazon S3 API reference.
package enum S3Document {
    private static let namespace = "http://s3.amazonaws.com/doc/2006-03-01/"

    /// A document of OSS with the namespace, the entity tags, storage classes and regions of S3.
    package static func rewritten(_ document: String) -> String {
        var lines: [Substring] = []
        for (number, line) in document.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            lines += rewritten(line, isRoot: number == 1).map { [$0] } ?? []
        }
        return lines.joined(separator: "\n")
    }

    /// The answer of GetBucketAcl and GetObjectAcl: OSS's one word as grants of S3.
    ///
    /// - Parameters:
    ///   - owner: who has full control.
    ///   - grant: the word, such as `public-read`; others than the two public ones grant nothing to anybody else.
    package static func accessControlPolicy(ofOwner owner: Owner, grant: String) -> String {
        var grants = [Self.grant("FULL_CONTROL", type: "CanonicalUser", identity(of: owner))]
        let everybody = "<URI>\(everybody)</URI>"
        if grant == BucketACL.publicRead.rawValue || grant == BucketACL.publicReadWrite.rawValue {
            grants.append(Self.grant("READ", type: "Group", everybody))
        }
        if grant == BucketACL.publicReadWrite.rawValue {
            grants.append(Self.grant("WRITE", type: "Group", everybody))
        }
        return declaration + "<AccessControlPolicy xmlns=\"\(namespace)\"><Owner>\(identity(of: owner))</Owner>"
            + "<AccessControlList>\(grants.joined())</AccessControlList></AccessControlPolicy>\n"
    }

    /// The word of OSS for the grants of a document; nil if there is none.
    package static func cannedACL(of policy: XMLElement, ownerID: String) -> String? {
        var permissions: Set<String> = []
        for grant in policy.child("AccessControlList")?.all("Grant") ?? [] {
            let permission = grant.text(of: "Permission")
            guard let grantee = grant.child("Grantee"), let permission else { return nil }
            if grantee.text(of: "ID") == ownerID, permission == "FULL_CONTROL" { continue }
            guard grantee.text(of: "URI") == everybody else { return nil }
            permissions.formUnion(permission == "FULL_CONTROL" ? ["READ", "WRITE"] : [permission])
        }
        switch permissions {
        case []: return BucketACL.private.rawValue
        case ["READ"]: return BucketACL.publicRead.rawValue
        case ["READ", "WRITE"]: return BucketACL.publicReadWrite.rawValue
        default: return nil
        }
    }

    /// The answer of DeleteObjects that was asked to be quiet.
    package static let quietDeletion = declaration + "<DeleteResult xmlns=\"\(namespace)\"></DeleteResult>\n"

    /// The storage class of S3 for one of OSS.
    package static func storageClass(ofOSS name: some StringProtocol) -> String {
        storageClasses.first { $0.oss == name }?.s3 ?? String(name)
    }

    /// The storage class of OSS for one of S3; nil if there is none.
    package static func storageClass(ofS3 name: String) -> String? {
        storageClasses.first { $0.s3 == name }?.oss
    }

    private static let storageClasses = [
        (oss: "Standard", s3: "STANDARD"), (oss: "IA", s3: "STANDARD_IA"), (oss: "Archive", s3: "GLACIER"),
        (oss: "ColdArchive", s3: "DEEP_ARCHIVE"), (oss: "DeepColdArchive", s3: "DEEP_ARCHIVE"),
        (oss: "Standard", s3: "REDUCED_REDUNDANCY"), (oss: "IA", s3: "ONEZONE_IA"),
    ]
    private static let everybody = "http://acs.amazonaws.com/groups/global/AllUsers"
    private static let declaration = #"<?xml version="1.0" encoding="UTF-8"?>"# + "\n"

    /// The line of one element; nil for an element that S3 does not have.
    private static func rewritten(_ line: Substring, isRoot: Bool) -> Substring? {
        let element = line.drop { $0 == " " }
        if isRoot, let end = element.firstIndex(of: ">") {
            let content = element[end...]
            if element.hasPrefix("<LocationConstraint>") {
                let region = content.hasPrefix(">oss-") ? content.dropFirst(5) : content.dropFirst()
                return Substring("<LocationConstraint xmlns=\"\(namespace)\">\(region)")
            }
            return Substring("\(element[..<end]) xmlns=\"\(namespace)\"\(content)")
        }
        if element.hasPrefix("<Type>") { return nil }
        for (name, change) in changes where element.hasPrefix("<\(name)>") && element.hasSuffix("</\(name)>") {
            let text = element.dropFirst(name.count + 2).dropLast(name.count + 3)
            return Substring("\(line[..<element.startIndex])<\(name)>\(change(text))</\(name)>")
        }
        return line
    }

    private static let changes: [(name: String, change: @Sendable (Substring) -> String)] = [
        ("ETag", { $0.lowercased() }), ("StorageClass", { S3Document.storageClass(ofOSS: $0) }),
    ]

    private static func identity(of owner: Owner) -> String {
        "<ID>\(XMLWriter.escaped(owner.id))</ID><DisplayName>\(XMLWriter.escaped(owner.displayName))</DisplayName>"
    }

    private static func grant(_ permission: String, type: String, _ grantee: String) -> String {
        "<Grant><Grantee xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xsi:type=\"\(type)\">\(grantee)"
            + "</Grantee><Permission>\(permission)</Permission></Grant>"
    }
}
