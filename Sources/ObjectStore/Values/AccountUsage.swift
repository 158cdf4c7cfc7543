/// How many bytes the objects and parts of an owner take.
package struct AccountUsage: Sendable, Equatable {
    /// The most that they may take; nil if there is no limit.
    package let limitBytes: Int64?
    /// The sum of the sizes of all objects, and of the parts of uploads that have not ended.
    ///
    /// A copy counts as much as its source, although they share the bytes on disk.
    package let usedBytes: Int64
    /// What uploads that are under way have been promised.
    package let reservedBytes: Int64

    /// Makes a sum.
    package init(limitBytes: Int64? = nil, usedBytes: Int64 = 0, reservedBytes: Int64 = 0) {
        self.limitBytes = limitBytes
        self.usedBytes = usedBytes
        self.reservedBytes = reservedBytes
    }
}
