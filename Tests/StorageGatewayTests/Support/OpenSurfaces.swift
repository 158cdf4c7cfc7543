import Synchronization

/// Lets so many test surfaces live at once, since every case of every suite begins at the same time.
final class OpenSurfaces: Sendable {
    static let shared = OpenSurfaces(limit: 24)

    private struct State {
        var free: Int
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    private let state: Mutex<State>

    init(limit: Int) {
        state = Mutex(State(free: limit))
    }

    /// The right to be one of them, which ends with the value.
    final class Slot: Sendable {
        private let surfaces: OpenSurfaces

        fileprivate init(of surfaces: OpenSurfaces) {
            self.surfaces = surfaces
        }

        deinit { surfaces.leave() }
    }

    /// Waits until there is room.
    func slot() async -> Slot {
        await withCheckedContinuation { continuation in
            let mayEnter = state.withLock { state in
                guard state.free > 0 else {
                    state.waiting.append(continuation)
                    return false
                }
                state.free -= 1
                return true
            }
            if mayEnter { continuation.resume() }
        }
        return Slot(of: self)
    }

    private func leave() {
        let next = state.withLock { state -> CheckedContinuation<Void, Never>? in
            guard state.waiting.isEmpty else { return state.waiting.removeFirst() }
            state.free += 1
            return nil
        }
        next?.resume()
    }
}
