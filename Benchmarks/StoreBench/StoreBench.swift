import ArgumentParser

/// Measures the object store without HTTP, and prints each figure as one line of JSON.
///
/// Not shipped: `Benchmarks/bench.py` runs it beside the server and its peers.
@main
struct StoreBench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "StoreBench",
        abstract: "Measures the object store without HTTP.",
        subcommands: [
            PutSmall.self, GetSmall.self, PutLarge.self, InlineLimit.self, Fill.self, List.self, Idle.self,
        ])
}
