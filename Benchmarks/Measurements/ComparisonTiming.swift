import OSSKit

/// Whether the comparison of signatures tells by its time how much of a guess is right.
enum ComparisonTiming {
    /// How many comparisons one sample is: one alone is shorter than the clock's step.
    private static let comparisonsPerSample = 20
    /// Samples above this part of all are the machine's other work, and are left out on both sides.
    private static let keptPart = 0.9

    /// Welch's t of the times for guesses that are wrong in their first byte, and in their last.
    ///
    /// The samples are taken in random turns. A value of 4.5 and more would say that the times differ.
    static func welchT(sampleCount: Int) -> Double {
        let right = Array("9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08".utf8)
        var wrongAtFirst = right
        wrongAtFirst[0] ^= 1
        var wrongAtLast = right
        wrongAtLast[right.count - 1] ^= 1
        var samples: [[Double]] = [[], []]
        var state: UInt64 = 1
        for _ in 0..<(2 * sampleCount) {
            // A generator of a few instructions: one that asks the system would colour what comes after it.
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            let which = Int(state >> 63)
            samples[which].append(sample(right, which == 0 ? wrongAtFirst : wrongAtLast))
        }
        let limit = (samples[0] + samples[1]).sorted()[Int(Double(2 * sampleCount) * keptPart)]
        let sides = samples.map { Moments($0.filter { $0 <= limit }) }
        return (sides[0].mean - sides[1].mean) / (sides[0].errorSquared + sides[1].errorSquared).squareRoot()
    }

    private static func sample(_ right: [UInt8], _ guess: [UInt8]) -> Double {
        var hits = 0
        let took = ContinuousClock().measure {
            for _ in 0..<comparisonsPerSample where equalInConstantTime(right, guess) {
                hits += 1
            }
        }
        keep(hits)
        return Double(took.components.attoseconds) / 1e9
    }

    private struct Moments {
        let mean: Double
        /// The square of the mean's standard error.
        let errorSquared: Double

        init(_ values: [Double]) {
            let mean = values.reduce(0, +) / Double(values.count)
            let sum = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
            self.mean = mean
            errorSquared = sum / Double(values.count - 1) / Double(values.count)
        }
    }
}
