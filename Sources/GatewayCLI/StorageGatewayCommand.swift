import ArgumentParser

/// `storage-gateway`: Alibaba Cloud OSS on this machine, an upload gateway, and a session API.
@main
struct StorageGatewayCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "storage-gateway",
        abstract: "An OSS-compatible object store, an upload gateway and a session API in one program.",
        version: Version.text,
        groupedSubcommands: [
            CommandGroup(
                name: "Server",
                subcommands: [
                    ServeCommand.self, DoctorCommand.self, KeysCommand.self, UsersCommand.self, VersionCommand.self,
                ]),
            CommandGroup(
                name: "The data folder",
                subcommands: [
                    CheckCommand.self, ScrubCommand.self, BackupCommand.self, RestoreCommand.self, ImportCommand.self,
                    ExportCommand.self, ReconcileCommand.self,
                ]),
            CommandGroup(
                name: "Objects and buckets",
                subcommands: [
                    ListCommand.self, PutCommand.self, GetCommand.self, CopyCommand.self, RemoveCommand.self,
                    StatCommand.self, MakeBucketCommand.self, RemoveBucketCommand.self,
                ]),
            CommandGroup(
                name: "Signatures",
                subcommands: [
                    PresignCommand.self, PresignLinesCommand.self, ExplainCommand.self, VerifyCommand.self,
                ]),
        ])
}

/// `version`: prints the version.
struct VersionCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "version", abstract: "Print the version.")

    func run() throws {
        print(Version.text)
    }
}
