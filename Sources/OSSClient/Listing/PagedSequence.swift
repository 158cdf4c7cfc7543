/// The entries of a list that an endpoint gives page by page; the next page is fetched when it is needed.
///
/// It can be gone through more than once, and asks anew each time. It throws what the page's call throws, and
/// `OSSClientError.malformedAnswer` if an endpoint names the same next page twice in a row.
public struct PagedSequence<Element: Sendable>: AsyncSequence, Sendable {
    /// Fetches the page that a marker begins, the first one for nil, and gives the marker of the next one.
    typealias FetchPage = @Sendable (_ marker: String?) async throws -> (entries: [Element], next: String?)

    private let fetchPage: FetchPage

    init(fetchPage: @escaping FetchPage) {
        self.fetchPage = fetchPage
    }

    public func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(fetchPage: fetchPage)
    }

    /// All entries in memory.
    ///
    /// - Parameter maximumCount: the most entries to take; what comes after them is not fetched.
    public func collect(upTo maximumCount: Int) async throws -> [Element] {
        var entries: [Element] = []
        guard maximumCount > 0 else { return entries }
        for try await entry in self {
            entries.append(entry)
            if entries.count == maximumCount { break }
        }
        return entries
    }

    /// Goes through the entries.
    public struct AsyncIterator: AsyncIteratorProtocol {
        private let fetchPage: FetchPage
        private var entries: ArraySlice<Element> = []
        private var marker: String?
        private var isAtEnd = false

        init(fetchPage: @escaping FetchPage) {
            self.fetchPage = fetchPage
        }

        public mutating func next() async throws -> Element? {
            while entries.isEmpty {
                guard !isAtEnd else { return nil }
                try Task.checkCancellation()
                let page = try await fetchPage(marker)
                // An endpoint that goes in circles must not be followed for ever.
                if let next = page.next, let marker, next.utf8.elementsEqual(marker.utf8) {
                    throw OSSClientError.malformedAnswer
                }
                entries = page.entries[...]
                marker = page.next
                isAtEnd = page.next == nil
            }
            return entries.popFirst()
        }
    }
}
