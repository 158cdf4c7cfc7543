import Foundation
import Testing

/// What the store of a test lies on.
enum TestDiskKind: String, CaseIterable, Sendable {
    case folder
    case memory

    /// The kind that `TestFolder` takes.
    @TaskLocal static var current = TestDiskKind.folder

    /// Both kinds, or the one that the environment names, to find out on which a test fails.
    static var chosen: [TestDiskKind] {
        guard let name = ProcessInfo.processInfo.environment["STORE_TEST_DISK"] else { return allCases }
        return allCases.filter { $0.rawValue == name }
    }
}

/// Runs each test of a suite once on a folder of the machine and once on a disk in memory: one contract for both.
struct OnEachDisk: SuiteTrait, TestTrait, TestScoping {
    var isRecursive: Bool { true }

    func scopeProvider(for test: Test, testCase: Test.Case?) -> OnEachDisk? {
        testCase == nil ? nil : self
    }

    func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
    ) async throws {
        for kind in TestDiskKind.chosen {
            try await TestDiskKind.$current.withValue(kind) { try await function() }
        }
    }
}

extension Trait where Self == OnEachDisk {
    /// Runs each test once on each kind of disk.
    static var onEachDisk: OnEachDisk { OnEachDisk() }
}
