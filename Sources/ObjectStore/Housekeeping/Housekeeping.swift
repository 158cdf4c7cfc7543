import OSSKit
import Synchronization

/// How often what is done in the background, and to what.
package struct HousekeepingSettings: Sendable, Equatable {
    /// In how many days all bytes are read once; nil never reads them.
    package var scrubPeriodDays: Int64? = 30
    /// After how many days uploads are ended that nobody has completed; nil leaves them to the rules of their buckets.
    ///
    /// Source: assumption A-070.
    package var uploadAgeDays: Int64?
    /// Seconds between two sweeps of files without a row.
    package var sweepPeriodSeconds: Int64 = 24 * 60 * 60
    /// Seconds between two looks of SQLite at its file.
    package var quickCheckPeriodSeconds: Int64 = 24 * 60 * 60
    /// Seconds between two applications of the rules of buckets.
    package var lifecyclePeriodSeconds: Int64 = 60 * 60
    /// The fewest bytes that a scrub reads in a second, so that a small store is read soon.
    package var leastScrubBytesPerSecond: Int64 = 256 * 1_024

    /// Takes the usual values.
    package init() {}
}

/// What housekeeping tells, for the log.
package enum HousekeepingReport: Sendable {
    /// Files without a row were swept.
    case swept(SweepOutcome)
    /// SQLite looked at its file, and found this; nothing means that it is well.
    case quickChecked([String])
    /// All bytes were read once.
    case scrubbed(ScrubOutcome)
    /// Damage was found.
    case damage(Damage)
    /// The rules of buckets were applied, and old uploads ended.
    case expired(LifecycleOutcome)
    /// Something could not be done, and is tried again later; by the task's name.
    case failed(String, any Error)
}

/// What housekeeping has done since the start.
package struct HousekeepingCounts: Sendable, Equatable {
    /// How many bytes of whole scrubs were read.
    package var scrubbedBytes: Int64 = 0
    /// How often all bytes were read.
    package var scrubCount: Int64 = 0
    /// How many damaged bodies were found.
    package var damageCount: Int64 = 0
    /// How many problems SQLite found in its file.
    package var databaseProblemCount: Int64 = 0
    /// How many files without a row were removed.
    package var removedOrphanCount: Int64 = 0
    /// How many objects were deleted because their time had come.
    package var expiredObjectCount: Int64 = 0
    /// How many older versions and delete markers were removed because their time had come.
    package var removedVersionCount: Int64 = 0
    /// How many objects and versions changed their storage class because their time had come.
    package var transitionCount: Int64 = 0
    /// How many uploads were ended because their time had come.
    package var abortedUploadCount: Int64 = 0
    /// How often something could not be done.
    package var failureCount: Int64 = 0
}

/// What a store does in the background: sweeps, reads its bytes, looks at its database, lets old things go.
package final class Housekeeping: Sendable {
    private let store: DiskStore
    private let settings: HousekeepingSettings
    private let rules: any LifecycleRules
    private let pause: @Sendable (Duration) async throws -> Void
    private let report: @Sendable (HousekeepingReport) -> Void
    private let state = Mutex(HousekeepingCounts())

    /// Makes it; nothing is done before `run()`.
    ///
    /// - Parameters:
    ///   - rules: where the rules of buckets come from.
    ///   - pause: waits.
    ///   - report: told what was done; the counts are up to date by then.
    package init(
        store: DiskStore, settings: HousekeepingSettings, rules: any LifecycleRules,
        pause: @escaping @Sendable (Duration) async throws -> Void,
        report: @escaping @Sendable (HousekeepingReport) -> Void
    ) {
        self.store = store
        self.settings = settings
        self.rules = rules
        self.pause = pause
        self.report = report
    }

    /// What was done since the start.
    package var counts: HousekeepingCounts { state.withLock { $0 } }

    /// Does everything in turn until the task is cancelled; one of the service's long-running tasks.
    package func run() async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                await self.repeating("sweep", every: self.settings.sweepPeriodSeconds) { try await $0.sweep() }
            }
            group.addTask {
                await self.repeating("quick check", every: self.settings.quickCheckPeriodSeconds) {
                    try await $0.quickCheck()
                }
            }
            group.addTask {
                await self.repeating("lifecycle", every: self.settings.lifecyclePeriodSeconds) { try await $0.expire() }
            }
            if let days = settings.scrubPeriodDays {
                group.addTask { await self.repeating("scrub", every: 60) { try await $0.scrub(everyDays: days) } }
            }
        }
    }

    private func repeating(
        _ name: String, every seconds: Int64, _ work: @Sendable (Housekeeping) async throws -> Void
    ) async {
        while !Task.isCancelled {
            do {
                try await work(self)
            } catch is CancellationError {
                return
            } catch StoreFailure.closed {
                return
            } catch {
                tell(.failed(name, error))
            }
            guard (try? await pause(.seconds(seconds))) != nil else { return }
        }
    }

    private func tell(_ news: HousekeepingReport) {
        state.withLock { counts in
            switch news {
            case .swept(let outcome): counts.removedOrphanCount += Int64(outcome.removedCount)
            case .quickChecked(let problems): counts.databaseProblemCount += Int64(problems.count)
            case .scrubbed(let outcome):
                counts.scrubCount += 1
                counts.scrubbedBytes += outcome.readBytes
            case .damage: counts.damageCount += 1
            case .expired(let outcome):
                counts.expiredObjectCount += outcome.expiredCount
                counts.abortedUploadCount += outcome.abortedCount
                counts.removedVersionCount += outcome.versionCount + outcome.markerCount
                counts.transitionCount += outcome.transitionCount
            case .failed: counts.failureCount += 1
            }
        }
        report(news)
    }
}

// MARK: - What is done

extension Housekeeping {
    /// Marks and removes files without a row.
    package func sweep() async throws {
        tell(.swept(try await store.sweepOrphans()))
    }

    /// Has SQLite look at its file.
    package func quickCheck() async throws {
        tell(.quickChecked(try await store.quickCheck()))
    }

    /// Applies the rules of all buckets, and ends uploads that are too old for any.
    package func expire() async throws {
        var sum = LifecycleOutcome()
        for name in try await rules.buckets() {
            do {
                let bucket = try await store.bucket(name)
                sum += try await store.apply(try await rules.plan(for: bucket), to: bucket)
            } catch let error as OSSError where error.code == .noSuchBucket {
                continue
            } catch let error as OSSError {
                // The document of one bucket must not keep the others from their turn.
                tell(.failed("lifecycle of \(name.text)", error))
            }
        }
        if let days = settings.uploadAgeDays {
            sum.abortedCount += try await store.abortUploads(olderThanMilliseconds: days * 86_400_000)
        }
        tell(.expired(sum))
    }

    /// Reads all bytes once, unless that was done within the period; goes on where an earlier start stopped.
    ///
    /// It reads so many bytes in a second that it is through in four fifths of the period.
    package func scrub(everyDays days: Int64) async throws {
        let periodSeconds = max(1, days) * 86_400
        if let last = try await store.lastScrub() {
            let age = store.environment.now().subtractingReportingOverflow(last.startedAtMilliseconds)
            // A clock that was set back must not put it off for ever.
            guard age.overflow || age.partialValue < 0 || age.partialValue >= periodSeconds * 1_000 else { return }
        }
        var request = ScrubRequest(pause: pause)
        request.resumes = true
        let needed = try await store.storedBytes() / max(1, periodSeconds * 4 / 5)
        request.bytesPerSecond = max(settings.leastScrubBytesPerSecond, needed)
        let outcome = try await store.scrub(request) { event in
            if case .damage(let damage) = event { tell(.damage(damage)) }
        }
        tell(.scrubbed(outcome))
    }
}
