import ArgumentParser
struct PresignCommand: ParsableCommand { static let configuration = CommandConfiguration(commandName: "presign") }
