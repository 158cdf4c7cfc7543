import Crypto

/// The signature of Alibaba Cloud's RPC calls, such as STS's AssumeRole: HMAC-SHA1 over all parameters.
///
/// Source: Alibaba Cloud's API reference, "RPC-style request syntax and signature".
package enum RPCSignature {
    /// The name of the algorithm in `SignatureMethod`.
    package static let algorithm = "HMAC-SHA1"
    /// The parameter that holds the signature, the only one that is not signed.
    package static let parameter = "Signature"

    /// The string to sign: the method, a slash, and all parameters in order, percent-encoded once more.
    package static func stringToSign(method: String, parameters: [QueryItem]) -> [UInt8] {
        let pairs = parameters.filter { !$0.isNamed(parameter) }
            .map { (PercentCoding.encode($0.nameBytes), PercentCoding.encode($0.valueBytes ?? [])) }
            .sorted { left, right in
                left.0.utf8.elementsEqual(right.0.utf8)
                    ? left.1.utf8.lexicographicallyPrecedes(right.1.utf8)
                    : left.0.utf8.lexicographicallyPrecedes(right.0.utf8)
            }
        let canonical = pairs.map { "\($0.0)=\($0.1)" }.joined(separator: "&")
        return Array("\(method)&%2F&\(PercentCoding.encode(Array(canonical.utf8)))".utf8)
    }

    /// The signature of a string to sign, in base64.
    package static func signature(of stringToSign: [UInt8], with secret: Secret) -> String {
        let key = SymmetricKey(data: Array((secret.reveal() + "&").utf8))
        return Base64.encode(Array(HMAC<Insecure.SHA1>.authenticationCode(for: stringToSign, using: key)))
    }
}

/// The signature of Alibaba Cloud's newer calls: HMAC-SHA256 over a canonical request, in the header.
///
/// Source: Alibaba Cloud's API reference, "V3 request body and signature mechanism".
package enum ACS3Signature {
    /// The name of the algorithm in `Authorization`.
    package static let algorithm = "ACS3-HMAC-SHA256"

    /// What an `Authorization` header of this kind says.
    package struct Presented: Sendable {
        /// The access key ID.
        package let accessKeyID: String
        /// The headers that are signed, in lower case and in the order of the header.
        package let signedHeaders: [String]
        /// The signature.
        package let signature: String

        /// Reads a header; nil for one of another kind.
        package init?(authorization: String) {
            let pieces = authorization.split(separator: " ", maxSplits: 1)
            guard pieces.count == 2, pieces[0].utf8.elementsEqual(algorithm.utf8) else { return nil }
            var fields: [String: String] = [:]
            for piece in pieces[1].split(separator: ",") {
                let pair = piece.drop { $0 == " " }.split(separator: "=", maxSplits: 1)
                guard pair.count == 2, fields.updateValue(String(pair[1]), forKey: String(pair[0])) == nil else {
                    return nil
                }
            }
            guard let id = fields["Credential"], let headers = fields["SignedHeaders"],
                let signature = fields["Signature"]
            else { return nil }
            accessKeyID = id
            signedHeaders = headers.lowercased().split(separator: ";").map(String.init)
            self.signature = signature
        }
    }

    /// The string to sign of a request to `/`.
    ///
    /// - Parameters:
    ///   - request: The request.
    ///   - signedHeaders: The headers that are signed, in lower case.
    ///   - body: Its body.
    package static func stringToSign(_ request: WireRequest, signedHeaders: [String], body: [UInt8]) -> [UInt8] {
        let query = request.target.query
            .map { (PercentCoding.encode($0.nameBytes), PercentCoding.encode($0.valueBytes ?? [])) }
            .sorted { $0.0.utf8.lexicographicallyPrecedes($1.0.utf8) }
            .map { "\($0.0)=\($0.1)" }.joined(separator: "&")
        let headers = signedHeaders.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
            .map { name in "\(name):\(name == "host" ? request.host : request.header(name) ?? "")\n" }.joined()
        let digest = Hexadecimal.lower(SHA256.hash(data: body))
        let canonical = [
            request.method, "/", query, headers, signedHeaders.joined(separator: ";"), digest,
        ].joined(separator: "\n")
        return Array("\(algorithm)\n\(Hexadecimal.lower(SHA256.hash(data: Array(canonical.utf8))))".utf8)
    }

    /// The signature of a string to sign, in hexadecimal digits.
    package static func signature(of stringToSign: [UInt8], with secret: Secret) -> String {
        let key = SymmetricKey(data: Array(secret.reveal().utf8))
        return Hexadecimal.lower(HMAC<SHA256>.authenticationCode(for: stringToSign, using: key))
    }

    /// The digest of a body as `x-acs-content-sha256` has it.
    package static func digest(of body: [UInt8]) -> String { Hexadecimal.lower(SHA256.hash(data: body)) }
}
