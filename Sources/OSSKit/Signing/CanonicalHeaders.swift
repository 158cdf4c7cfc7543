/// The header fields of a request in the form that signatures cover.
///
/// Names are in lower case and sorted by their bytes, values are trimmed, and fields of one name are one entry with the
/// values joined by `,`. Source: oss-wire facts 2.1 and 2.4.
struct CanonicalHeaders {
    struct Entry {
        let name: [UInt8]
        var value: String

        /// Whether the name is this one, given in lower case.
        func isNamed(_ wanted: String) -> Bool {
            ASCII.isEqual(name, wanted)
        }

        /// The entry as `name:value` and a line feed, behind what was written before.
        func appendLine(to text: inout [UInt8]) {
            text += name
            text.append(ASCII.colon)
            text += value.utf8
            text.append(ASCII.lineFeed)
        }
    }

    /// The entries in the order of their names.
    let entries: [Entry]

    /// Takes header fields; `host` is the entry of that name where the fields hold none.
    init(_ headers: [WireHeader], host: String?) {
        var fields: [Entry] = []
        fields.reserveCapacity(headers.count + 1)
        for header in headers {
            fields.append(Entry(name: ASCII.lowercased(header.name), value: Self.trimmed(header.value)))
        }
        if let host, !headers.contains(where: { $0.isNamed("host") }) {
            fields.append(Entry(name: Array("host".utf8), value: host))
        }
        // The order of fields with one name counts, and Swift's sort keeps it.
        fields.sort { $0.name.lexicographicallyPrecedes($1.name) }
        let holdsDoubles = zip(fields, fields.dropFirst()).contains { $0.name == $1.name }
        entries = holdsDoubles ? Self.merged(fields) : fields
    }

    /// A value without the blanks around it.
    private static func trimmed(_ value: String) -> String {
        let trimmed = ASCII.trimmed(value.utf8)
        return trimmed.count == value.utf8.count ? value : String(decoding: trimmed, as: UTF8.self)
    }

    /// The entries with those of one name, which stand side by side, made one.
    private static func merged(_ fields: [Entry]) -> [Entry] {
        var merged: [Entry] = []
        for field in fields {
            if merged.last?.name == field.name {
                merged[merged.count - 1].value += "," + field.value
            } else {
                merged.append(field)
            }
        }
        return merged
    }

    /// The value of a header, given in lower case; nil if there is none.
    func value(of name: String) -> String? {
        entries.first { $0.isNamed(name) }?.value
    }

    /// Whether a header's name begins with `x-oss-`; such headers are always signed.
    static func isOSSHeader(_ name: [UInt8]) -> Bool {
        name.count >= 6 && name[5] == ASCII.hyphen && name.starts(with: "x-oss-".utf8)
    }
}

extension [CanonicalHeaders.Entry] {
    /// Each entry as `name:value` and a line feed.
    var lines: [UInt8] {
        var text: [UInt8] = []
        for entry in self {
            entry.appendLine(to: &text)
        }
        return text
    }
}
