import Testing
@Suite struct Empty { @Test func ok() { #expect(1 == 1) } }
