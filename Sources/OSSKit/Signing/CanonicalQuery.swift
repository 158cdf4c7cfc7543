/// Parameters in the order and form in which signatures cover them.
enum CanonicalQuery {
    /// The parameters sorted, joined by `&`, an empty value as the bare name.
    ///
    /// - Parameters:
    ///   - items: the parameters, encoded where the scheme wants them so.
    ///   - start: what stands before the first parameter, if there is any.
    ///   - keepingEquals: whether a name without value is followed by `=`.
    static func text(
        _ items: [(name: [UInt8], value: [UInt8])], start: UInt8? = nil, keepingEquals: Bool = false
    ) -> [UInt8] {
        let sorted = items.sorted { left, right in
            left.name == right.name
                ? left.value.lexicographicallyPrecedes(right.value) : left.name.lexicographicallyPrecedes(right.name)
        }
        var text: [UInt8] = []
        for (position, item) in sorted.enumerated() {
            if let separator = position == 0 ? start : ASCII.ampersand {
                text.append(separator)
            }
            text += item.name
            if keepingEquals || !item.value.isEmpty {
                text.append(ASCII.equals)
                text += item.value
            }
        }
        return text
    }

    /// Parameters percent-encoded, without the one that holds the signature.
    static func encoded(
        _ query: [QueryItem], without signature: String
    ) -> [(name: [UInt8], value: [UInt8])] {
        query.filter { !$0.isNamed(signature) }.map { item in
            (PercentCoding.encodedBytes(item.nameBytes), PercentCoding.encodedBytes(item.valueOrEmpty))
        }
    }
}
