/// The header fields of a request in the form that signatures cover.
///
/// Names are in lower case and sorted by their bytes, values are trimmed, and fields of one name are one entry with the
/// values joined by `,`. Source: oss-wire facts 2.1 and 2.4.
struct CanonicalHeaders {
    struct Entry {
        let name: [UInt8]
        var value: [UInt8]
    }

    /// The entries in the order of their names.
    let entries: [Entry]

    /// Takes header fields; `host` is the entry of that name where the fields hold none.
    init(_ headers: [WireHeader], host: String?) {
        var fields = headers.map {
            Entry(name: ASCII.lowercased($0.name), value: Array(ASCII.trimmed($0.value.utf8)))
        }
        let hostName = Array("host".utf8)
        if let host, !fields.contains(where: { $0.name == hostName }) {
            fields.append(Entry(name: hostName, value: Array(host.utf8)))
        }
        // The order of fields with one name counts, and Swift's sort keeps it.
        fields.sort { $0.name.lexicographicallyPrecedes($1.name) }
        var merged: [Entry] = []
        for field in fields {
            if merged.last?.name == field.name {
                merged[merged.count - 1].value += [ASCII.comma] + field.value
            } else {
                merged.append(field)
            }
        }
        entries = merged
    }

    /// The value of a header, given in lower case; nil if there is none.
    func value(of name: String) -> [UInt8]? {
        entries.first { $0.name.elementsEqual(name.utf8) }?.value
    }

    /// Whether a header's name begins with `x-oss-`; such headers are always signed.
    static func isOSSHeader(_ name: some Sequence<UInt8>) -> Bool {
        name.starts(with: "x-oss-".utf8)
    }
}

extension [CanonicalHeaders.Entry] {
    /// Each entry as `name:value` and a line feed.
    var lines: [UInt8] {
        flatMap { $0.name + [ASCII.colon] + $0.value + [ASCII.lineFeed] }
    }
}
