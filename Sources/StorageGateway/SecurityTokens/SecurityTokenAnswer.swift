import FoundationEssentials
import OSSKit

/// The answers of the security token service, in XML and in JSON.
enum SecurityTokenAnswer {
    /// The answer to a call that was granted.
    static func answer(_ issued: SecurityTokenService.Issued, requestID: RequestID, isJSON: Bool) -> OSSAnswer {
        let user = [("Arn", issued.roleARN), ("AssumedRoleId", issued.roleID)]
        let credentials = [
            ("SecurityToken", issued.token), ("AccessKeyId", issued.accessKeyID), ("AccessKeySecret", issued.secret),
            ("Expiration", expiration(issued.expiresAtUnixSeconds)),
        ]
        if isJSON {
            return answer(
                status: 200,
                Document(
                    texts: [("RequestId", requestID.description)],
                    groups: [("AssumedRoleUser", user), ("Credentials", credentials)]))
        }
        let document = XMLWriter.document("AssumeRoleResponse") { writer in
            writer.element("RequestId", requestID.description)
            writer.element("AssumedRoleUser") { writer in
                for (name, value) in user { writer.element(name, value) }
            }
            writer.element("Credentials") { writer in
                for (name, value) in credentials { writer.element(name, value) }
            }
        }
        return OSSAnswer(status: 200, document: document)
    }

    /// The answer to a call that was refused.
    static func refusal(
        _ refusal: SecurityTokenRefusal, requestID: RequestID, hostID: String, isJSON: Bool
    ) -> OSSAnswer {
        let fields = [
            ("RequestId", requestID.description), ("HostId", hostID), ("Code", refusal.code),
            ("Message", refusal.message),
        ]
        if isJSON { return answer(status: refusal.status, Document(texts: fields, groups: [])) }
        let document = XMLWriter.document("Error") { writer in
            for (name, value) in fields { writer.element(name, value) }
        }
        return OSSAnswer(status: refusal.status, document: document)
    }

    /// The moment of expiry without fractions of a second: `2015-04-09T11:52:19Z`.
    private static func expiration(_ unixSeconds: Int64) -> String {
        ISO8601.format(unixMilliseconds: unixSeconds * 1_000).replacing(".000Z", with: "Z")
    }

    /// A JSON object of texts, and of objects of texts.
    private struct Document: Encodable {
        let texts: [(name: String, value: String)]
        let groups: [(name: String, texts: [(String, String)])]

        private struct Name: CodingKey {
            let stringValue: String
            let intValue: Int? = nil

            init(_ name: String) { stringValue = name }
            init?(stringValue: String) { self.init(stringValue) }
            init?(intValue: Int) { nil }
        }

        func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: Name.self)
            for (name, value) in texts { try container.encode(value, forKey: Name(name)) }
            for group in groups {
                var inner = container.nestedContainer(keyedBy: Name.self, forKey: Name(group.name))
                for (name, value) in group.texts { try inner.encode(value, forKey: Name(name)) }
            }
        }
    }

    private static func answer(status: Int, _ document: Document) -> OSSAnswer {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let text = (try? encoder.encode(document)).map { String(decoding: $0, as: UTF8.self) } ?? "{}"
        var answer = OSSAnswer(status: status, document: text)
        answer.headers = [("Content-Type", "application/json;charset=utf-8")]
        return answer
    }
}
