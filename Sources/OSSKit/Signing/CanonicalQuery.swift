/// Parameters in the order and form in which signatures cover them.
///
/// They are sorted by name and then by value, bytewise, and joined by `&`; an empty value leaves the bare name.
enum CanonicalQuery {
    /// Writes parameters as they are, behind what was written before.
    ///
    /// - Parameters:
    ///   - items: the parameters.
    ///   - start: what stands before the first parameter, if there is any.
    ///   - text: what was written before.
    static func append(
        _ items: [(name: [UInt8], value: [UInt8])], start: UInt8? = nil, to text: inout [UInt8]
    ) {
        var pieces = Pieces(itemCount: items.count)
        for item in items {
            pieces.add(name: { $0 += item.name }, value: { $0 += item.value })
        }
        pieces.append(start: start, keepingEquals: false, to: &text)
    }

    /// Writes parameters percent-encoded, behind what was written before.
    ///
    /// - Parameters:
    ///   - query: the parameters.
    ///   - signature: the parameter that holds the signature, which is left out.
    ///   - start: what stands before the first parameter, if there is any.
    ///   - keepingEquals: whether a name without value is followed by `=`.
    ///   - text: what was written before.
    static func appendEncoded(
        _ query: [QueryItem], without signature: String, start: UInt8? = nil, keepingEquals: Bool = false,
        to text: inout [UInt8]
    ) {
        var pieces = Pieces(itemCount: query.count)
        for item in query where !item.isNamed(signature) {
            pieces.add(
                name: { PercentCoding.append(item.nameBytes, to: &$0) },
                value: { PercentCoding.append(item.valueBytes ?? [], to: &$0) })
        }
        pieces.append(start: start, keepingEquals: keepingEquals, to: &text)
    }

    /// Names and values in one piece of memory: a query string is sorted for every request that is verified.
    private struct Pieces {
        private var bytes: [UInt8] = []
        private var items: [(name: Range<Int>, value: Range<Int>)] = []

        init(itemCount: Int) {
            bytes.reserveCapacity(64 * itemCount)
            items.reserveCapacity(itemCount)
        }

        mutating func add(name: (inout [UInt8]) -> Void, value: (inout [UInt8]) -> Void) {
            let start = bytes.count
            name(&bytes)
            let middle = bytes.count
            value(&bytes)
            items.append((start..<middle, middle..<bytes.count))
        }

        func append(start: UInt8?, keepingEquals: Bool, to text: inout [UInt8]) {
            bytes.withUnsafeBufferPointer { bytes in
                let sorted = items.sorted { left, right in
                    let (leftName, rightName) = (bytes[left.name], bytes[right.name])
                    return leftName.elementsEqual(rightName)
                        ? bytes[left.value].lexicographicallyPrecedes(bytes[right.value])
                        : leftName.lexicographicallyPrecedes(rightName)
                }
                for (position, item) in sorted.enumerated() {
                    if let separator = position == 0 ? start : ASCII.ampersand {
                        text.append(separator)
                    }
                    text += bytes[item.name]
                    if keepingEquals || !item.value.isEmpty {
                        text.append(ASCII.equals)
                        text += bytes[item.value]
                    }
                }
            }
        }
    }
}
