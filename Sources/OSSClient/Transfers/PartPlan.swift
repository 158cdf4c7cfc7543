import OSSKit

/// How a content is cut into parts: all of one length, but for the last one.
package struct PartPlan: Sendable, Equatable {
    /// The length of the content.
    package let sizeBytes: Int64
    /// The length of every part but the last one.
    package let partSizeBytes: Int64

    /// The lengths that a part can have.
    ///
    /// Source: oss-wire fact 9.
    package static let partSizes: ClosedRange<Int64> = 102_400...5_368_709_120
    /// Longer parts are multiples of this.
    private static let step: Int64 = 1_048_576

    /// Cuts a content into 10,000 parts at most.
    ///
    /// - Parameters:
    ///   - sizeBytes: the length of the content.
    ///   - preferredPartSizeBytes: the length that parts should have; they get longer if there would be too many.
    /// - Throws: `tooLong` if even the longest parts are too many.
    package init(sizeBytes: Int64, preferredPartSizeBytes: Int64) throws(TransferError) {
        let mostParts = Int64(PartNumber.range.upperBound)
        guard sizeBytes <= Self.partSizes.upperBound * mostParts else { throw .tooLong(sizeBytes: sizeBytes) }
        var size = min(max(preferredPartSizeBytes, Self.partSizes.lowerBound), Self.partSizes.upperBound)
        if size * mostParts < sizeBytes {
            let least = (sizeBytes + mostParts - 1) / mostParts
            size = (least + Self.step - 1) / Self.step * Self.step
        }
        self.sizeBytes = max(sizeBytes, 0)
        partSizeBytes = size
    }

    /// How many parts there are; none of an empty content.
    package var count: Int {
        Int((sizeBytes + partSizeBytes - 1) / partSizeBytes)
    }

    /// The numbers of the parts, from 1.
    package var numbers: [PartNumber] {
        (0..<count).compactMap { PartNumber($0 + 1) }
    }

    /// The offsets of a part's bytes; empty for a number that no part has.
    package func range(of number: PartNumber) -> Range<Int64> {
        let start = min(Int64(number.value - 1) * partSizeBytes, sizeBytes)
        return start..<min(start + partSizeBytes, sizeBytes)
    }
}
