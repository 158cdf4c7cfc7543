import Foundation

/// The one line of JSON on standard output, printed when the server listens.
struct ReadyLine: Encodable {
    /// The endpoint of the session API.
    let apiEndpoint: String
    /// The endpoint of the object store, as clients reach it.
    let ossEndpoint: String
    /// The bucket of workspace files.
    let bucket: String
    /// The region id.
    let region: String
    /// The access key id that signs.
    let accessKeyId: String
    /// The file that holds the secret; nil if the secret came from the environment.
    let accessKeySecretFile: String?
    /// The id of the process.
    let pid: Int32
    /// The version of the program.
    let version: String

    private enum CodingKeys: String, CodingKey {
        case apiEndpoint = "api_endpoint"
        case ossEndpoint = "oss_endpoint"
        case bucket
        case region
        case accessKeyId = "access_key_id"
        case accessKeySecretFile = "access_key_secret_file"
        case pid
        case version
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(apiEndpoint, forKey: .apiEndpoint)
        try container.encode(ossEndpoint, forKey: .ossEndpoint)
        try container.encode(bucket, forKey: .bucket)
        try container.encode(region, forKey: .region)
        try container.encode(accessKeyId, forKey: .accessKeyId)
        // The key is always there, so that a reader can tell "not in a file" from an older version.
        try container.encode(accessKeySecretFile, forKey: .accessKeySecretFile)
        try container.encode(pid, forKey: .pid)
        try container.encode(version, forKey: .version)
    }

    /// Writes the line to standard output.
    func print() throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        var line = try encoder.encode(self)
        line.append(UInt8(ascii: "\n"))
        try FileHandle.standardOutput.write(contentsOf: line)
    }
}
