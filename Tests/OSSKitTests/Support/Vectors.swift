import Foundation

/// Reads the files of `Vectors`.
enum Vectors {
    private struct Document<Case: Decodable>: Decodable {
        let cases: [Case]
    }

    /// The cases of a file that holds them under `cases`.
    static func cases<Case: Decodable>(_ file: String, as type: Case.Type) throws -> [Case] {
        let folder = Bundle.module.resourceURL?.appending(path: "Vectors") ?? URL(filePath: ".")
        let bytes = try Data(contentsOf: folder.appending(path: file))
        return try JSONDecoder().decode(Document<Case>.self, from: bytes).cases
    }
}
