/// The random name of a blob file: 26 digits of base 32, which carry 130 bits.
struct BlobID: Hashable, Sendable {
    /// How many random bytes a name is made of.
    static let randomByteCount = 17
    /// How many folders the blobs are spread over.
    static let folderCount = 4_096

    private static let lengthDigits = 26
    private static let digits = Array("0123456789abcdefghjkmnpqrstvwxyz".utf8)

    /// The name of the file.
    let text: String
    /// The number of the folder it lies in, 0 to 4,095: the first 12 bits of the name.
    let folderNumber: Int

    /// Makes a name from random bytes, of which the first 130 bits count.
    ///
    /// - Precondition: there are at least `randomByteCount` bytes.
    init(randomBytes: [UInt8]) {
        precondition(randomBytes.count >= Self.randomByteCount, "too few random bytes for the name of a blob")
        var name: [UInt8] = []
        var bits: UInt32 = 0
        var bitCount = 0
        for byte in randomBytes where name.count < Self.lengthDigits {
            bits = (bits << 8) | UInt32(byte)
            bitCount += 8
            while bitCount >= 5, name.count < Self.lengthDigits {
                bitCount -= 5
                name.append(Self.digits[Int((bits >> UInt32(bitCount)) & 31)])
            }
            bits &= 0xff
        }
        self.text = String(decoding: name, as: UTF8.self)
        self.folderNumber = Int(randomBytes[0]) << 4 | Int(randomBytes[1] >> 4)
    }

    /// Reads a name back from the database or from a folder; nil if it is none.
    init?(text: String) {
        var values: [Int] = []
        for byte in text.utf8 {
            guard values.count < Self.lengthDigits, let value = Self.digits.firstIndex(of: byte) else { return nil }
            values.append(value)
        }
        guard values.count == Self.lengthDigits else { return nil }
        self.text = text
        self.folderNumber = values[0] << 7 | values[1] << 2 | values[2] >> 3
    }

    /// The name of a blob folder: three hexadecimal digits.
    static func folderName(_ number: Int) -> String {
        let digits = String(number, radix: 16)
        return String(repeating: "0", count: max(0, 3 - digits.count)) + digits
    }

    /// The path of a blob folder, beginning at the folder of the store.
    static func folderPath(_ number: Int) -> String { StoreFolder.blobsName + "/" + folderName(number) }

    /// The path of the folder of this blob.
    var folderPath: String { Self.folderPath(folderNumber) }
    /// The path of the file, beginning at the folder of the store.
    var path: String { folderPath + "/" + text }
    /// The path that the file has while it waits for its removal as an orphan.
    var orphanPath: String { path + BlobFolder.orphanSuffix }
}
