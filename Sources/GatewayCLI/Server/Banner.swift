import Foundation
import SessionAPI

/// What a person sees on standard error when the server listens.
struct Banner {
    /// The facts, as they stand in the ready line.
    let ready: ReadyLine
    /// Whether the demo account is there.
    let isDemo: Bool
    /// Whether this process runs the object store itself.
    let hasBuiltInStore: Bool
    /// Whether the objects are gone when the server ends.
    let isInMemory: Bool
    /// The folder of all data.
    let dataFolder: String
    /// How long requests may go on after a signal to stop.
    let graceSeconds: Int64

    /// The text, several lines.
    var text: String {
        var lines = [
            "",
            "StorageGateway \(ready.version) is ready",
            "",
            "  Session API    \(ready.apiEndpoint)",
            "  Object store   \(ready.ossEndpoint)\(storeRemark)",
            "  Bucket         \(ready.bucket), region \(ready.region)",
            "  Access key id  \(ready.accessKeyId)",
            "  Its secret     \(ready.accessKeySecretFile ?? "in OSS_ACCESS_KEY_SECRET")",
        ]
        if isDemo { lines.append("  Demo account   \(Accounts.demoEmail) / \(Accounts.demoPassword.reveal())") }
        // Where TLS is spoken, those lines would need to be told which certificate to trust.
        if isDemo, hasBuiltInStore, ready.ossEndpoint.hasPrefix("http://"), let secretFile = ready.accessKeySecretFile {
            lines += [
                "",
                "Three lines to paste\(python == "python3" ? " (the second needs: pip install oss2)" : ""):",
                "",
            ]
            lines += pasteLines(secretFile: secretFile)
        }
        lines += ["", "Ctrl-C finishes what is running, for at most \(graceSeconds) s, and stops.", ""]
        return lines.joined(separator: "\n")
    }

    private var storeRemark: String {
        if !hasBuiltInStore { return " (not ours)" }
        return isInMemory ? " (in memory: objects are gone when the server ends)" : ""
    }

    /// The Python of the tests, which has oss2, where `make setup` made one in this folder.
    private var python: String {
        FileManager.default.isExecutableFile(atPath: ".venv/bin/python") ? ".venv/bin/python" : "python3"
    }

    private func pasteLines(secretFile: String) -> [String] {
        let login = #"{"email":"\#(Accounts.demoEmail)","password":"\#(Accounts.demoPassword.reveal())"}"#
        let curl = """
            curl -s -X POST \(ready.apiEndpoint)/v1/auth/login -H 'Content-Type: application/json' -d '\(login)'
            """
        let script = """
            import sys, oss2; b = oss2.Bucket(oss2.Auth("\(ready.accessKeyId)", open(sys.argv[1]).read().strip()), \
            "\(ready.ossEndpoint)", "\(ready.bucket)"); b.put_object("hello.txt", "hello"); \
            print(b.get_object("hello.txt").read())
            """
        let put = "\(python) -c \(Self.quoted(script)) \(Self.quoted(secretFile))"
        let presign = """
            curl -f -X PUT --data-binary hello -H 'Content-Type: text/plain' "$(\(Self.quoted(ProgramPath.text)) presign \
            put hello.txt --content-type text/plain --endpoint \(ready.ossEndpoint) --bucket \(ready.bucket) \
            --region \(ready.region) --data \(Self.quoted(dataFolder)))" && echo stored
            """
        return ["  \(curl)", "", "  \(put)", "", "  \(presign)"]
    }

    /// A text as one word of a shell's command line.
    private static func quoted(_ text: String) -> String {
        "'" + text.replacing("'", with: #"'\''"#) + "'"
    }
}
