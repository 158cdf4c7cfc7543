import CLibFuzzer
import FuzzTargets

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

// The target is the first argument; everything behind it is libFuzzer's.
guard CommandLine.argc >= 2, let name = CommandLine.arguments.dropFirst().first, let chosen = FuzzTarget(rawValue: name)
else {
    print("usage: Fuzzer TARGET [libFuzzer's arguments]; targets: \(FuzzTarget.allCases.map(\.rawValue))")
    exit(64)
}

/// The target of this process; the fuzzer takes a function without a context.
nonisolated let target = chosen

// libFuzzer looks at argument 0 and those behind it, so that the target's name is taken out.
var count = CommandLine.argc - 1
var arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = CommandLine.unsafeArgv + 1
arguments?[0] = CommandLine.unsafeArgv[0]
exit(
    LLVMFuzzerRunDriver(&count, &arguments) { bytes, size in
        do {
            try target.run(Array(UnsafeBufferPointer(start: bytes, count: size)))
        } catch {
            // A broken promise ends the process, as a trap does, so that the fuzzer keeps the input.
            fatalError("\(error)")
        }
        return 0
    })
