import CMalloc
import Foundation

/// How the C library's allocator keeps memory.
enum AllocatorSettings {
    /// The most heaps that threads share.
    ///
    /// By default every thread may have a heap of its own, and none gives back what lies between blocks in use. Blocks of
    /// objects are read by one thread and freed by another: 5 GiB read by one client left over 100 MiB behind, with two
    /// heaps it is about 10 MiB.
    private static let heaps: Int32 = 2

    /// Applies the settings where the allocator is glibc's; called before most threads are made.
    static func apply() {
        #if canImport(Glibc)
            _ = mallopt(M_ARENA_MAX, heaps)
        #endif
    }
}
