import OSSKit
import Testing

/// Requests of official clients with one byte changed: whatever is signed cannot be another byte.
@Suite struct SignatureMutationTests {
    /// One byte of a request, and what it is part of.
    private enum Place {
        case method(Int)
        case target(Int)
        case headerName(Int, Int)
        case headerValue(Int, Int)
        case formField(Int, Int)
    }

    @Test func noByteOfWhatIsSignedCanBeAnother() throws {
        var random = SeededRandom(seed: 20_250_711)
        let vectors = try SignatureVector.all()
        var neutralCount = 0
        for _ in 0..<4_000 {
            let vector = try #require(vectors.randomElement(using: &random))
            let places = signedPlaces(of: vector)
            let place = try #require(places.randomElement(using: &random))
            guard let mutant = changed(vector, at: place, random: &random) else { continue }
            guard (try? mutant.verify()) != nil else { continue }
            neutralCount += 1
            #expect(isNeutral(place, vector, mutant), "\(vector.testDescription) \(place)")
        }
        print("\(neutralCount) changes meant nothing")
        #expect(neutralCount < 400)
    }

    private func signedPlaces(of vector: SignatureVector) -> [Place] {
        var places = vector.wire.method.utf8.indices.enumerated().map { Place.method($0.offset) }
        places += vector.wire.target.utf8.indices.enumerated().map { .target($0.offset) }
        for (position, header) in vector.wire.headers.enumerated()
        where vector.signs(header: header[0].lowercased()) {
            places += header[0].utf8.indices.enumerated().map { .headerName(position, $0.offset) }
            places += header[1].utf8.indices.enumerated().map { .headerValue(position, $0.offset) }
        }
        let signed = [
            "policy", "ossaccesskeyid", "signature", "x-oss-signature-version", "x-oss-credential", "x-oss-date",
            "x-oss-signature", "x-oss-security-token",
        ]
        for (position, field) in vector.formFields.enumerated() where signed.contains(field[0].lowercased()) {
            places += field[1].utf8.indices.enumerated().map { .formField(position, $0.offset) }
        }
        return places
    }

    private func changed(
        _ vector: SignatureVector, at place: Place, random: inout SeededRandom
    ) -> SignatureVector? {
        var mutant = vector
        let text: WritableKeyPath<SignatureVector, String>
        let offset: Int
        switch place {
        case .method(let position): (text, offset) = (\.wire.method, position)
        case .target(let position): (text, offset) = (\.wire.target, position)
        case .headerName(let header, let position): (text, offset) = (\.wire.headers[header][0], position)
        case .headerValue(let header, let position): (text, offset) = (\.wire.headers[header][1], position)
        case .formField(let field, let position): (text, offset) = (\.formFields[field][1], position)
        }
        var bytes = Array(vector[keyPath: text].utf8)
        let replacement = UInt8.random(in: 0x20...0x7E, using: &random)
        guard bytes[offset] != replacement else { return nil }
        bytes[offset] = replacement
        guard let changed = String(validating: bytes, as: UTF8.self) else { return nil }
        mutant[keyPath: text] = changed
        return mutant
    }

    /// Whether two requests say the same in all that the scheme signs.
    private func isNeutral(_ place: Place, _ vector: SignatureVector, _ mutant: SignatureVector) -> Bool {
        switch place {
        case .method, .formField: return false
        case .target: return signedTarget(vector) == signedTarget(mutant)
        case .headerName(let header, _):
            let name = vector.wire.headers[header][0].lowercased()
            // The host is known without its header.
            return name == "host" || name == mutant.wire.headers[header][0].lowercased()
        case .headerValue(let header, _):
            let name = vector.wire.headers[header][0].lowercased()
            let values = [vector, mutant].map { $0.wire.headers[header][1] }
            // Blanks between the fields of the header, and the case of a listed name, mean nothing.
            return name == "authorization"
                && values[0].lowercased().filter { $0 != " " } == values[1].lowercased().filter { $0 != " " }
        }
    }

    private func signedTarget(_ vector: SignatureVector) -> [String]? {
        guard let target = try? RequestTarget(vector.wire.target) else { return nil }
        let path = vector.isAWS2 ? target.rawPath : String(PercentCoding.decodePath(target.rawPath.utf8) ?? [])
        let query = target.query.filter { vector.signs(parameter: $0.name) }.map { "\($0.name)=\($0.value)" }
        return [path] + query.sorted()
    }
}

extension String {
    fileprivate init(_ bytes: [UInt8]) {
        self = Hexadecimal.upper(bytes)
    }
}
