import ArgumentParser
struct UsersCommand: ParsableCommand { static let configuration = CommandConfiguration(commandName: "users") }
