import OSSKit

/// The part of an object that a `Range` header asks for, in OSS's two ways of reading it.
///
/// Source: oss-wire fact 8.2.
package enum RequestedRange: Equatable, Sendable {
    /// The whole object, answered with 200.
    case whole
    /// A part, answered with 206.
    case part(Range<Int64>)

    /// The bytes that are asked for of an object of so many.
    func bytes(ofSize sizeBytes: Int64) -> Range<Int64> {
        switch self {
        case .whole: 0..<sizeBytes
        case .part(let part): part
        }
    }

    /// Reads the header for an object of so many bytes.
    ///
    /// - Parameters:
    ///   - header: The value of `Range`; nil means the whole object.
    ///   - sizeBytes: The size of the object.
    ///   - isStandard: Whether `x-oss-range-behavior: standard` was sent.
    /// - Throws: `InvalidRange` for a range that cannot be satisfied, with standard behaviour only.
    package static func of(_ header: String?, sizeBytes: Int64, isStandard: Bool) throws(OSSError) -> RequestedRange {
        guard let header, let (first, last) = bounds(header) else { return .whole }
        let unsatisfiable = OSSError(
            .invalidRange,
            fields: [("ActualObjectSize", String(sizeBytes)), ("RangeRequested", header)],
            headers: [("Content-Range", "bytes */\(sizeBytes)")])
        guard let first else {
            let count = last ?? 0
            if count == 0 || sizeBytes == 0 {
                if isStandard { throw unsatisfiable }
                return .whole
            }
            if count > sizeBytes { return isStandard ? .part(0..<sizeBytes) : .whole }
            return .part((sizeBytes - count)..<sizeBytes)
        }
        guard first < sizeBytes else {
            if isStandard { throw unsatisfiable }
            return .whole
        }
        guard let last else { return .part(first..<sizeBytes) }
        if last < sizeBytes { return .part(first..<(last + 1)) }
        return isStandard ? .part(first..<sizeBytes) : .whole
    }

    /// First and last position of `bytes=a-b`; first is nil for a suffix, last for an open end.
    ///
    /// - Returns: nil for several ranges, another unit, or anything malformed.
    private static func bounds(_ header: String) -> (first: Int64?, last: Int64?)? {
        let unit = "bytes="
        guard header.lowercased().hasPrefix(unit) else { return nil }
        let range = header.dropFirst(unit.count)
        guard let dash = range.firstIndex(of: "-") else { return nil }
        let firstText = range[..<dash]
        let lastText = range[range.index(after: dash)...]
        if firstText.isEmpty { return position(lastText).map { (nil, $0) } }
        guard let first = position(firstText) else { return nil }
        if lastText.isEmpty { return (first, nil) }
        guard let last = position(lastText), last >= first else { return nil }
        return (first, last)
    }

    /// A position in an object; one of more digits than any object has bytes lies behind its end all the same.
    private static func position(_ text: Substring) -> Int64? {
        let isNumber = !text.isEmpty && text.utf8.allSatisfy { $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }
        guard isNumber else { return nil }
        return DecimalNumber.parse(text) ?? Int64.max - 1
    }
}
