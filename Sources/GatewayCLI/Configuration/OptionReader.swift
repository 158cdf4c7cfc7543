import Configuration
import Foundation

/// Reads options with the precedence flag, environment, file, default.
struct OptionReader {
    /// The largest configuration file that is read, in bytes.
    static let maximumFileBytes = 1_048_576

    private let layers: [ConfigReader]

    /// Opens the layers.
    ///
    /// - Parameters:
    ///   - flags: What the command line gave.
    ///   - environment: The environment of the process.
    /// - Throws: `ConfigurationProblem` for a configuration file that cannot be read or holds an unknown key.
    init(flags: [ServeOption: String], environment: [String: String]) async throws {
        let flagLayer = InMemoryProvider(
            values: Dictionary(
                uniqueKeysWithValues: flags.map { option, text in
                    (AbsoluteConfigKey(ConfigKey(option.key)), ConfigValue(.string(text), isSecret: false))
                }))
        let environmentLayer = EnvironmentVariablesProvider(
            environmentVariables: environment,
            secretsSpecifier: .dynamic { name, _ in name.hasSuffix("SECRET") || name.hasSuffix("TOKEN") })
        var layers = [ConfigReader(provider: flagLayer), ConfigReader(provider: environmentLayer)]
        let path = flags[.configFile] ?? environment[ServeOption.configFile.environmentName]
        if let path, !path.isEmpty {
            layers.append(try await Self.fileLayer(path: path))
        }
        self.layers = layers
    }

    /// The text of an option; nil if nothing gave it and it has no default.
    ///
    /// - Throws: `ConfigurationProblem` if a layer holds a value that is not text.
    func text(_ option: ServeOption) async throws -> String? {
        for layer in layers {
            let key = ConfigKey(option.key)
            do {
                if let text = try await layer.fetchString(forKey: key, isSecret: option.flag == nil), !text.isEmpty {
                    return text
                }
            } catch {
                throw ConfigurationProblem(
                    option: option.displayName, reason: "the configuration file must give it as a text in quotes")
            }
        }
        return option.defaultText
    }

    private static func fileLayer(path: String) async throws -> ConfigReader {
        let option = ServeOption.configFile.displayName
        guard let bytes = FileManager.default.contents(atPath: path), bytes.count <= maximumFileBytes else {
            throw ConfigurationProblem(option: option, reason: "the file cannot be read, or is over 1 MiB: \(path)")
        }
        guard let tree = try? JSONSerialization.jsonObject(with: bytes) as? [String: Any] else {
            throw ConfigurationProblem(option: option, reason: "the file is not a JSON object: \(path)")
        }
        let known = Set(ServeOption.allCases.filter { $0 != .configFile }.map(\.key))
        for key in leafKeys(of: tree, below: "") where !known.contains(key) {
            throw ConfigurationProblem(option: option, reason: "the file holds the unknown key \(key)")
        }
        do {
            let location = InMemoryProvider(values: ["filePath": ConfigValue(.string(path), isSecret: false)])
            let file = try await FileProvider<JSONSnapshot>(config: ConfigReader(provider: location))
            return ConfigReader(provider: file)
        } catch {
            throw ConfigurationProblem(option: option, reason: "the file cannot be used: \(path)")
        }
    }

    private static func leafKeys(of tree: [String: Any], below prefix: String) -> [String] {
        tree.flatMap { key, value -> [String] in
            let path = prefix.isEmpty ? key : "\(prefix).\(key)"
            if let branch = value as? [String: Any] { return leafKeys(of: branch, below: path) }
            return [path]
        }
    }
}
