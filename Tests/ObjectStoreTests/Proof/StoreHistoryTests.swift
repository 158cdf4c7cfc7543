import Foundation
import OSSKit
import ObjectStore
import Synchronization
import Testing

/// Calls of several clients on one key are answered as if each had happened at one moment.
///
/// `STORE_HISTORIES` is the number of histories that are recorded.
@Suite struct StoreHistoryTests {
    private static let usualHistories = 300

    @Test(arguments: [0, 32 * 1_024 * 1_024])
    func everyHistoryOfAKeyCanBeExplained(cacheBytes: Int) async throws {
        let given = ProcessInfo.processInfo.environment["STORE_HISTORIES"].flatMap { Int($0) }
        let (count, seed) = (given ?? Self.usualHistories, UInt64.random(in: 1...(.max)))
        print("histories begin with seed \(seed)")
        try await withStore({ configuration in
            configuration.inlineLimitBytes = ModelDice.inlineLimitBytes
            configuration.cacheLimitBytes = cacheBytes
        }) { store, _ in
            let bucket = try await store.makeBucket()
            var overlaps = 0
            for number in 0..<count {
                let key = StoreKey(store: store, bucket: bucket, key: try ObjectKey("key-\(number)"))
                let history = try await HistoryRecorder.record(on: key, seed: seed &+ UInt64(number))
                overlaps += zip(history, history.dropFirst()).count { $1.began < $0.ended }
                let isExplained = HistoryChecker.explains(history)
                #expect(isExplained, "seed \(seed &+ UInt64(number)): \(history)")
            }
            print("\(count) histories, \(overlaps) calls began before the one before them had ended")
            #expect(overlaps > count)
        }
    }

    /// The control: a store whose reads are now and then older than the last answered write.
    @Test func aStaleReadIsFound() async throws {
        let stale = try await Self.historiesUntilUnexplained { StaleRegister(forgetsInvalidation: true) }
        #expect(stale != nil)
        let right = try await Self.historiesUntilUnexplained { StaleRegister(forgetsInvalidation: false) }
        #expect(right == nil)
    }

    private static func historiesUntilUnexplained(_ make: () -> StaleRegister) async throws -> Int? {
        for number in 0..<200 {
            let history = try await HistoryRecorder.record(on: make(), seed: UInt64(number))
            if !HistoryChecker.explains(history) { return number }
        }
        return nil
    }

    @Test(arguments: HistoryVector.all)
    func aHistoryIsJudged(_ vector: HistoryVector) {
        let isExplained = HistoryChecker.explains(vector.events, beginningWith: vector.value)
        #expect(isExplained == vector.isExplained, "\(vector)")
    }
}

/// A history, and whether an order of its calls explains it.
struct HistoryVector: Sendable, CustomStringConvertible {
    let description: String
    let isExplained: Bool
    var value: Int?
    let events: [HistoryEvent]

    private static func event(
        _ began: Int, _ ended: Int, _ call: HistoryCall, _ answer: HistoryAnswer = .done
    ) -> HistoryEvent {
        HistoryEvent(call: call, answer: answer, began: began, ended: ended)
    }

    static let all: [HistoryVector] = [
        HistoryVector(description: "nothing", isExplained: true, events: []),
        HistoryVector(
            description: "a read after a write", isExplained: true,
            events: [event(1, 2, .put(1)), event(3, 4, .get, .value(1))]),
        HistoryVector(
            description: "a stale read", isExplained: false,
            events: [event(1, 2, .put(1)), event(3, 4, .put(2)), event(5, 6, .get, .value(1))]),
        HistoryVector(
            description: "a read during a write sees either", isExplained: true,
            events: [
                event(1, 2, .put(1)), event(3, 8, .put(2)), event(4, 5, .get, .value(1)), event(6, 7, .get, .value(2)),
            ]),
        HistoryVector(
            description: "reads during a write that go back", isExplained: false,
            events: [
                event(1, 2, .put(1)), event(3, 8, .put(2)), event(4, 5, .get, .value(2)), event(6, 7, .get, .value(1)),
            ]),
        HistoryVector(
            description: "a read of what was never written", isExplained: false,
            events: [event(1, 4, .put(1)), event(2, 3, .get, .value(7))]),
        HistoryVector(
            description: "an object after its deletion", isExplained: false, value: 5,
            events: [event(1, 2, .delete), event(3, 4, .get, .value(5))]),
        HistoryVector(
            description: "an object that was there before", isExplained: true, value: 5,
            events: [event(1, 2, .get, .value(5)), event(3, 4, .delete), event(5, 6, .get, .value(nil))]),
        HistoryVector(
            description: "two winners of a free key", isExplained: false,
            events: [event(1, 4, .putIfFree(1)), event(2, 3, .putIfFree(2))]),
        HistoryVector(
            description: "a winner and a loser", isExplained: true,
            events: [event(1, 4, .putIfFree(1)), event(2, 3, .putIfFree(2), .taken), event(5, 6, .get, .value(1))]),
        HistoryVector(
            description: "a refusal although the key was free all the time", isExplained: false,
            events: [event(1, 2, .putIfFree(1), .taken), event(3, 4, .put(2))]),
        HistoryVector(
            description: "two winners with a deletion between them", isExplained: true,
            events: [event(1, 6, .putIfFree(1)), event(2, 5, .delete), event(3, 4, .putIfFree(2))]),
        HistoryVector(
            description: "a lost update", isExplained: false,
            events: [event(1, 2, .put(1)), event(3, 4, .get, .value(nil))]),
    ]
}

/// A value with a copy for readers, which may forget to renew the copy.
private final class StaleRegister: HistorySubject {
    private struct State {
        var value: Int?
        var copy: Int?
        var writes = 0
    }

    private let forgetsInvalidation: Bool
    private let state = Mutex(State())

    init(forgetsInvalidation: Bool) {
        self.forgetsInvalidation = forgetsInvalidation
    }

    func answer(_ call: HistoryCall) async throws -> HistoryAnswer {
        await Task.yield()
        return state.withLock { state in
            switch call {
            case .get: return .value(state.copy)
            case .putIfFree where state.value != nil: return .taken
            case .put(let value), .putIfFree(let value): state.value = value
            case .delete: state.value = nil
            }
            state.writes += 1
            if !forgetsInvalidation || state.writes % 3 != 0 { state.copy = state.value }
            return .done
        }
    }
}
