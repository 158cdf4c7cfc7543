import Foundation
import OSSKit
import Testing

/// Requests of official clients with one thing changed: whatever is signed cannot be anything else.
@Suite struct SignatureMutationTests {
    /// How many mutants are made; `make test-full` makes 20,000.
    private static let count = Int(ProcessInfo.processInfo.environment["SIGNATURE_MUTANTS"] ?? "") ?? 4_000

    /// One byte of a request, and what it is part of.
    private enum Place {
        case method(Int)
        case target(Int)
        case headerName(Int, Int)
        case headerValue(Int, Int)
        case formField(Int, Int)
    }

    /// What is done to the byte.
    private enum Change: CaseIterable {
        case replace
        case drop
        case double
        case swapWithNext
    }

    @Test func nothingOfWhatIsSignedCanBeAnotherThing() throws {
        var random = SeededRandom(seed: 20_250_711)
        let vectors = try SignatureVector.all()
        var neutralCount = 0
        var mutantCount = 0
        while mutantCount < Self.count {
            let vector = try #require(vectors.randomElement(using: &random))
            let place = try #require(signedPlaces(of: vector).randomElement(using: &random))
            let change = try #require(Change.allCases.randomElement(using: &random))
            guard let mutant = changed(vector, at: place, by: change, random: &random) else { continue }
            mutantCount += 1
            guard (try? mutant.verify()) != nil else { continue }
            neutralCount += 1
            #expect(isNeutral(place, vector, mutant), "\(vector.testDescription) \(place) \(change)")
        }
        print("\(mutantCount) mutants, \(neutralCount) changes meant nothing")
        #expect(neutralCount < mutantCount / 10)
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

    /// The mutant; nil if the change changes nothing, or makes what no server reads as text.
    private func changed(
        _ vector: SignatureVector, at place: Place, by change: Change, random: inout SeededRandom
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
        let original = Array(vector[keyPath: text].utf8)
        var bytes = original
        switch change {
        case .replace: bytes[offset] = UInt8.random(in: 0x20...0x7E, using: &random)
        case .drop: bytes.remove(at: offset)
        case .double: bytes.insert(bytes[offset], at: offset)
        case .swapWithNext:
            guard offset + 1 < bytes.count else { return nil }
            bytes.swapAt(offset, offset + 1)
        }
        guard bytes != original, let changed = String(validating: bytes, as: UTF8.self) else { return nil }
        mutant[keyPath: text] = changed
        return mutant
    }

    /// Whether two requests say the same in all that the scheme signs.
    private func isNeutral(_ place: Place, _ vector: SignatureVector, _ mutant: SignatureVector) -> Bool {
        switch place {
        case .method, .formField: return false
        case .target:
            guard let said = signedTarget(vector) else { return false }
            return said == signedTarget(mutant)
        case .headerName(let header, _):
            let name = vector.wire.headers[header][0].lowercased()
            // The host is known without its header.
            return name == "host" || name == mutant.wire.headers[header][0].lowercased()
        case .headerValue(let header, _):
            let name = vector.wire.headers[header][0].lowercased()
            let said = [vector, mutant].map { signedValue($0.wire.headers[header][1], of: name, in: vector) }
            return said[0] == said[1]
        }
    }

    /// A header's value without what means nothing in it.
    private func signedValue(_ value: String, of name: String, in vector: SignatureVector) -> [String] {
        let trimmed = value.trimmingCharacters(in: CharacterSet(charactersIn: " \t"))
        if name == "authorization" {
            // Blanks between the fields mean nothing, nor does the case of a listed name.
            return trimmed.split(separator: " ", maxSplits: 1).flatMap { $0.split(separator: ",") }.map { field in
                let text = field.trimmingCharacters(in: CharacterSet(charactersIn: " \t"))
                return text.contains("Headers") ? text.lowercased() : text
            }
        }
        // AWS's V4 takes a run of blanks for one.
        return vector.isAWS4 ? trimmed.split(separator: " ").map(String.init) : [trimmed]
    }

    private func signedTarget(_ vector: SignatureVector) -> [String]? {
        guard let target = try? RequestTarget(vector.wire.target),
            let resource = try? vector.resource(of: target)
        else { return nil }
        let said: [String] =
            if vector.isAWS2 {
                [target.rawPath]
            } else if vector.isAWS4 {
                [String(PercentCoding.decodePath(target.rawPath.utf8) ?? [])]
            } else {
                // `/bucket` and `/bucket/` are one bucket.
                [resource.bucket ?? "", String(resource.key ?? [])]
            }
        let query = target.query.filter { vector.signs(parameter: $0.name) }.map { "\($0.name)=\($0.value)" }
        return said + query.sorted()
    }
}

extension String {
    fileprivate init(_ bytes: [UInt8]) {
        self = Hexadecimal.upper(bytes)
    }
}
