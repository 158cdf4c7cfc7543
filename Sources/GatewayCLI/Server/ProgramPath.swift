import Foundation

/// How the program was called, so that a line to paste works as it stands.
enum ProgramPath {
    /// The path of this executable.
    static var text: String {
        (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe"))
            ?? CommandLine.arguments.first ?? "storage-gateway"
    }
}
