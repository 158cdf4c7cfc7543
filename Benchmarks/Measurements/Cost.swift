#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// What one call of something takes.
struct Cost {
    /// The least time that was seen for one call, in nanoseconds.
    ///
    /// The least is what the code needs; everything above it is the machine's other work.
    private(set) var nanoseconds = Double.infinity

    /// Measures several things in turns, so that all of them see the machine in the same states.
    ///
    /// Each turn lasts about 4 ms for each of them.
    static func inTurns(rounds: Int, _ steps: [() throws -> Void]) throws -> [Cost] {
        let counts = try steps.map { step in
            let once = try time(100, step) / 100
            return max(1, Int(4_000_000 / max(once, 1)))
        }
        var costs = [Cost](repeating: Cost(), count: steps.count)
        for _ in 0..<rounds {
            for (position, step) in steps.enumerated() {
                let took = try time(counts[position], step) / Double(counts[position])
                costs[position].nanoseconds = min(costs[position].nanoseconds, took)
            }
        }
        return costs
    }

    private static func time(_ count: Int, _ step: () throws -> Void) throws -> Double {
        let start = threadNanoseconds()
        for _ in 0..<count {
            try step()
        }
        return threadNanoseconds() - start
    }

    /// The processor time of this thread: what other processes do meanwhile does not count.
    private static func threadNanoseconds() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return Double(time.tv_sec) * 1e9 + Double(time.tv_nsec)
    }
}

/// Takes a result, so that no optimiser leaves out what made it.
@inline(never)
func keep<Result>(_ result: Result) {
    withExtendedLifetime(result) {}
}
