import CommandKit
import Testing

@Suite struct ListingRowTests {
    private static func object(_ key: String) -> ListedObject {
        var object = ListedObject(
            bucket: "b12", key: Array(key.utf8), sizeBytes: 1_536, lastModifiedMilliseconds: 1_764_000_000_000)
        object.eTag = "\"5D\""
        object.storageClass = "Standard"
        return object
    }

    @Test func columnsStandBelowEachOther() {
        let rows: [ListingRow] = [.folder(bucket: "b12", prefix: Array("f/".utf8)), .object(Self.object("a"))]
        let columns = rows.map { row in
            let text = row.text(.plain)
            return text.distance(from: text.startIndex, to: text.firstRange(of: "oss://")?.lowerBound ?? text.endIndex)
        }
        #expect(columns[0] == columns[1])
        let text = rows[1].text(.plain)
        #expect(text == "2025-11-24T16:00:00Z          1536  oss://b12/a")
        let withUnits = rows[1].text(.plain, hasUnits: true)
        #expect(withUnits == "2025-11-24T16:00:00Z       1.5 KiB  oss://b12/a")
    }

    @Test func aKeyIsExactInJSON() {
        let row = ListingRow.object(Self.object("a\n%0A"))
        #expect(row.json(.plain).contains(#""key":"a\n%0A""#))
        #expect(row.json(.url).contains(#""key":"a%0A%250A""#))
        #expect(row.text(.plain).hasSuffix("oss://b12/a%0A%250A"))
    }

    @Test func aVersionIsNamed() {
        var object = Self.object("a")
        object.versionID = "v1"
        object.isDeleteMarker = true
        let text = ListingRow.object(object).text(.plain)
        #expect(text.hasSuffix("     deleted  oss://b12/a  v1 latest"))
        #expect(ListingRow.object(object).json(.plain).contains(#""type":"delete-marker""#))
    }
}
