import Foundation

/// How the C library's allocator keeps memory.
enum AllocatorSettings {
    /// The most heaps that threads share.
    ///
    /// By default every thread may have a heap of its own, and none gives back what lies between blocks in use. Blocks of
    /// objects are read by one thread and freed by another: 5 GiB read by one client left over 100 MiB behind, with two
    /// heaps it is about 10 MiB.
    private static let heaps: Int32 = 2
    /// `M_ARENA_MAX` of glibc's malloc.h, a header that Swift's module of glibc leaves out.
    private static let heapsParameter: Int32 = -8

    /// Applies the settings where the allocator is glibc's; called before most threads are made.
    static func apply() {
        guard let symbol = dlsym(dlopen(nil, RTLD_NOW), "mallopt") else { return }
        let mallopt = unsafeBitCast(symbol, to: (@convention(c) (Int32, Int32) -> Int32).self)
        _ = mallopt(heapsParameter, heaps)
    }
}
