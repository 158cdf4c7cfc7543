import OSSKit
import ObjectStore
import Synchronization

/// One call on the one key of a history.
enum HistoryCall: Sendable, Hashable {
    case put(Int)
    case putIfFree(Int)
    case get
    case delete

    /// Draws a call; each that writes has a value of its own.
    static func random(value: Int, using dice: inout some RandomNumberGenerator) -> HistoryCall {
        switch Int.random(in: 0..<10, using: &dice) {
        case ..<3: .put(value)
        case ..<5: .putIfFree(value)
        case ..<6: .delete
        default: .get
        }
    }
}

/// What a call was answered.
enum HistoryAnswer: Sendable, Hashable {
    case done
    /// There was an object already.
    case taken
    /// The value that was read; nil if there was no object.
    case value(Int?)
}

/// One call of a history, with the moments at which it began and ended: each moment is another number.
struct HistoryEvent: Sendable, Hashable, CustomStringConvertible {
    let call: HistoryCall
    let answer: HistoryAnswer
    let began: Int
    let ended: Int

    var description: String { "\(began)-\(ended) \(call): \(answer)" }
}

/// Something that calls can be made of, all on one key.
protocol HistorySubject: Sendable {
    /// Makes a call.
    func answer(_ call: HistoryCall) async throws -> HistoryAnswer
}

/// Real calls of several clients at the same time, as they overlapped.
enum HistoryRecorder {
    /// The most calls of a history: all orders of so many can be tried.
    static let longest = 12

    /// Lets clients make random calls at the same time.
    static func record(on subject: some HistorySubject, seed: UInt64) async throws -> [HistoryEvent] {
        var dice = SeededGenerator(seed: seed)
        let count = Int.random(in: 6...longest, using: &dice)
        let clients = Int.random(in: 2...4, using: &dice)
        var calls = [[HistoryCall]](repeating: [], count: clients)
        for number in 0..<count { calls[number % clients].append(.random(value: number + 1, using: &dice)) }
        let clock = HistoryClock()
        return try await withThrowingTaskGroup(of: [HistoryEvent].self) { group in
            for calls in calls {
                group.addTask {
                    var events: [HistoryEvent] = []
                    for call in calls {
                        let began = clock.tick()
                        let answer = try await subject.answer(call)
                        events.append(HistoryEvent(call: call, answer: answer, began: began, ended: clock.tick()))
                    }
                    return events
                }
            }
            return try await group.reduce(into: []) { $0 += $1 }.sorted { $0.began < $1.began }
        }
    }
}

/// Numbers moments.
private final class HistoryClock: Sendable {
    private let ticks = Atomic<Int>(0)

    func tick() -> Int { ticks.wrappingAdd(1, ordering: .sequentiallyConsistent).newValue }
}

/// Looks for an order of the calls that explains all answers, as if each had happened at one moment between its begin and
/// its end.
struct HistoryChecker {
    private struct Position: Hashable {
        let done: UInt32
        let value: Int?
    }

    private let events: [HistoryEvent]
    /// What was tried and led nowhere.
    private var hopeless: Set<Position> = []

    /// Whether there is such an order, beginning with a value or with none.
    static func explains(_ events: [HistoryEvent], beginningWith value: Int? = nil) -> Bool {
        precondition(events.count < 32, "the calls of a history are the bits of a number")
        var checker = HistoryChecker(events: events)
        return checker.canEnd(from: Position(done: 0, value: value))
    }

    private init(events: [HistoryEvent]) {
        self.events = events
    }

    private mutating func canEnd(from position: Position) -> Bool {
        let waiting = events.indices.filter { position.done & (1 << UInt32($0)) == 0 }
        guard let firstEnd = waiting.map({ events[$0].ended }).min() else { return true }
        guard !hopeless.contains(position) else { return false }
        // Whoever began after another had ended cannot come before it.
        for index in waiting where events[index].began < firstEnd {
            let event = events[index]
            guard let value = Self.value(after: event.call, on: position.value, answering: event.answer) else {
                continue
            }
            let next = Position(done: position.done | (1 << UInt32(index)), value: value)
            if canEnd(from: next) { return true }
        }
        hopeless.insert(position)
        return false
    }

    /// What a key holds after a call; nil if the call would have been answered otherwise.
    private static func value(after call: HistoryCall, on value: Int?, answering answer: HistoryAnswer) -> Int?? {
        switch (call, answer) {
        case (.put(let new), .done): .some(new)
        case (.putIfFree(let new), .done) where value == nil: .some(new)
        case (.putIfFree, .taken) where value != nil: .some(value)
        case (.delete, .done): .some(nil)
        case (.get, .value(let read)) where read == value: .some(value)
        default: nil
        }
    }
}

/// One key of a store, whose objects are rows or files as their value is even or odd.
struct StoreKey: HistorySubject {
    private static let (rowBytes, blobBytes) = (64, 1_000)

    let store: DiskStore
    let bucket: BucketRecord
    let key: ObjectKey

    func answer(_ call: HistoryCall) async throws -> HistoryAnswer {
        switch call {
        case .put(let value): return try await put(value, forbidsOverwrite: false)
        case .putIfFree(let value): return try await put(value, forbidsOverwrite: true)
        case .get: return .value(try await get())
        case .delete:
            try await store.delete(in: bucket, keys: [key])
            return .done
        }
    }

    private func put(_ value: Int, forbidsOverwrite: Bool) async throws -> HistoryAnswer {
        let bytes = Self.bytes(of: value)
        let upload = try await store.beginUpload(expectedBytes: Int64(bytes.count), in: bucket)
        try await upload.append(bytes, pieceBytes: bytes.count)
        _ = try await upload.finish()
        do {
            _ = try await store.put(
                upload, in: bucket, key: key, attributes: ObjectAttributes(),
                condition: WriteCondition(forbidsOverwrite: forbidsOverwrite))
            return .done
        } catch let refusal as OSSError where refusal.code == .fileAlreadyExists {
            return .taken
        }
    }

    private func get() async throws -> Int? {
        while true {
            do {
                let bytes = try await store.bytes(of: store.object(in: bucket, key: key))
                let value = Int(bytes.first ?? 0)
                guard bytes == Self.bytes(of: value) else { throw ModelDifference(text: "bytes that nobody wrote") }
                return value
            } catch let refusal as OSSError where refusal.code == .noSuchKey {
                return nil
            } catch StoreFailure.bodyIsGone {
                // It was overwritten between the look at its row and at its bytes; the next look is a new one.
            }
        }
    }

    private static func bytes(of value: Int) -> [UInt8] {
        [UInt8(value)] + someBytes(value % 2 == 0 ? rowBytes : blobBytes, seed: UInt64(value))
    }
}
