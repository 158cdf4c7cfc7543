/// An option that cannot be used as it is; the process refuses to start and names it.
struct ConfigurationProblem: Error, CustomStringConvertible, Equatable {
    /// The flag and the environment variable of the option, as a person writes them.
    let option: String
    /// What is wrong with it, in one sentence.
    let reason: String

    var description: String { "\(option): \(reason)" }
}
