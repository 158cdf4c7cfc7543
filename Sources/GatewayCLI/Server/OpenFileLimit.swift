import Foundation

/// The limit of open files of this process, of which every connection takes one.
enum OpenFileLimit {
    /// What files and databases may take, beside connections.
    private static let reserve = 192
    /// How many connections there are room for even where the limit is too small.
    private static let fewestConnections = 32

    /// Raises the soft limit to the hard one; a limit that cannot be raised stays as it is.
    static func raise() {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return }
        limit.rlim_cur = limit.rlim_max
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    }

    /// How many connections all listeners together may have open, so that files can always be opened.
    static func connections(atMost wanted: Int) -> Int {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return wanted }
        let spare = Int(clamping: limit.rlim_cur) - reserve
        return max(fewestConnections, min(wanted, spare))
    }
}
