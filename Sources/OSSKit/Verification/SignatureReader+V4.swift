/// What V4 has in common in the header and in the URL, of OSS and of the S3 dialect.
extension SignatureReader {
    /// `Credential`: an access key ID and a scope, not yet compared with anything.
    struct Credential {
        let accessKeyID: String
        let scope: ScopeV4
        let terminator: String

        /// Takes `id/day/region/product/terminator`; nil if it has another shape.
        init?(_ text: some StringProtocol, family: ScopeV4.Family = .oss) {
            let bytes = Array(text.utf8)
            let slashes = bytes.indices.filter { bytes[$0] == ASCII.slash }
            guard slashes.count == 4 else { return nil }
            let part = { (first: Int, end: Int) in String(decoding: bytes[first..<end], as: UTF8.self) }
            accessKeyID = part(0, slashes[0])
            guard isAccessKeyID(accessKeyID) else { return nil }
            scope = ScopeV4(
                day: part(slashes[0] + 1, slashes[1]), region: part(slashes[1] + 1, slashes[2]),
                product: part(slashes[2] + 1, slashes[3]), family: family)
            terminator = part(slashes[3] + 1, bytes.count)
        }

        /// Checks the scope: its end, then its day, its region and its product.
        func check(
            date: String, conditions: RequestAuthentication.Conditions, wording: Wording
        ) throws(OSSError) {
            guard ASCII.isEqual(terminator, scope.family.terminator) else { throw wording(.terminator) }
            guard scope.day.utf8.count == 8, date.utf8.starts(with: scope.day.utf8) else { throw wording(.day) }
            switch scope.family {
            case .oss:
                guard ASCII.isEqual(scope.region, conditions.region) else { throw wording(.region) }
                guard conditions.products.contains(where: { ASCII.isEqual(scope.product, $0) }) else {
                    throw wording(.product)
                }
            case .aws:
                // Clients of the S3 dialect put in regions of their own, and OSS does not look at them.
                guard ASCII.isEqual(scope.product, "s3") else { throw wording(.product) }
            }
        }
    }

    /// The parts of a scope, in the order in which they are checked.
    enum ScopePart: String {
        case terminator
        case day = "date"
        case region
        case product
    }

    /// How header, URL and form word the same refusals, each of which is made only when it is needed.
    typealias Wording = (ScopePart) -> OSSError

    /// Checks a scope: its end, then its day, its region and its product.
    func check(_ credential: Credential, date: String, wording: Wording) throws(OSSError) {
        try credential.check(date: date, conditions: conditions, wording: wording)
    }

    /// Checks `x-oss-content-sha256`, whose one value says that the body is not covered.
    ///
    /// - Parameter isRequired: whether it has to be there, as it has to with a signature in the header.
    func checkPayload(isRequired: Bool) throws(OSSError) {
        let payload = request.header("x-oss-content-sha256")
        guard payload != nil || isRequired else { return }
        guard let payload, ASCII.isEqual(payload, CanonicalV4.unsignedPayload) else {
            throw .invalidArgument(
                "x-oss-content-sha256", payload ?? "",
                message: "The header x-oss-content-sha256 must be UNSIGNED-PAYLOAD.", ec: "0002-00000214")
        }
    }

    /// The list of additional headers in the form in which it is signed: in lower case and sorted.
    ///
    /// - Returns: nil if a name is doubled, no name, or that of a header which the request does not have.
    func additionalHeaders(_ list: some StringProtocol) -> [String]? {
        guard !list.isEmpty else { return [] }
        let names = list.utf8.split(separator: ASCII.semicolon, omittingEmptySubsequences: false)
            .map { $0.map(ASCII.lowercased) }
            .sorted { $0.lexicographicallyPrecedes($1) }
        var canonical: [String] = []
        for (position, name) in names.enumerated() {
            let text = String(decoding: name, as: UTF8.self)
            guard parts.headers.value(of: text) != nil, position == 0 || names[position - 1] != name else {
                return nil
            }
            canonical.append(text)
        }
        return canonical
    }

    /// A V4 signature with the texts that it may be over: with empty headers, and without them where there are any.
    ///
    /// Clients differ, and what OSS does is not documented. Source: oss-wire fact 2.4, assumption A-091.
    /// - Parameter rawDate: the header `Date` as it was sent, which some clients sign where they send no `x-oss-date`.
    func presentedV4(
        _ scheme: SignatureScheme, credential: Credential, date: (text: String, rawDate: String?),
        additional: [String], signature: String
    ) -> PresentedSignature {
        let text: (Bool, String) -> SignedText = { leavingOutEmptyHeaders, date in
            let canonicalRequest = CanonicalV4.request(
                parts, additionalHeaders: additional, leavingOutEmptyHeaders: leavingOutEmptyHeaders)
            return CanonicalV4.signedText(canonicalRequest: canonicalRequest, date: date, scope: credential.scope)
        }
        let holdsEmptyHeader = parts.headers.entries.contains {
            $0.value.isEmpty && CanonicalV4.isCovered($0, additional)
        }
        let alternatives =
            (holdsEmptyHeader ? [text(true, date.text)] : [])
            + (date.rawDate.map { [text(false, $0)] } ?? [])
        return PresentedSignature(
            scheme: scheme, accessKeyID: credential.accessKeyID, signature: signature, additionalHeaders: additional,
            text: text(false, date.text), alternatives: alternatives, algorithm: .v4(credential.scope), parts: parts)
    }
}
