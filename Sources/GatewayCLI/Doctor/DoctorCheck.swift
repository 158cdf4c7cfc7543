import CommandKit

/// What one check of the store came to.
struct DoctorCheck: Sendable, Equatable {
    /// How it ended.
    enum Verdict: String, Sendable {
        case ok
        case warning
        case failed
        /// It could not be made, or nobody asked for it.
        case skipped
    }

    /// What was checked, in a word or two.
    let name: String
    /// How it ended.
    let verdict: Verdict
    /// What was seen, and what to do.
    let detail: String

    /// The line for a person.
    var line: String {
        let mark =
            switch verdict {
            case .ok: "ok     "
            case .warning: "warning"
            case .failed: "FAILED "
            case .skipped: "skipped"
            }
        let column = name + String(repeating: " ", count: max(0, 24 - name.count))
        return "\(mark)  \(column)  \(Printable.text(detail))"
    }

    /// The check as one line of JSON.
    var json: String {
        var json = JSONLine()
        json.add("check", name)
        json.add("verdict", verdict.rawValue)
        json.add("detail", detail)
        return json.text
    }
}
