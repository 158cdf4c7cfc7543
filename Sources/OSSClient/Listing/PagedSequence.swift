/// The entries of a list that an endpoint gives page by page; the next page is fetched when it is needed.
///
/// It can be gone through more than once, and asks anew each time. It throws what the page's call throws, and
/// `OSSClientError.malformedAnswer` if an endpoint goes in circles: if it names a page once more, or one that is not
/// behind the page before, or if 100 pages in a row are empty.
public struct PagedSequence<Element: Sendable>: AsyncSequence, Sendable {
    /// Fetches the page that a marker begins, the first one for nil, and gives the marker of the next one.
    typealias FetchPage = @Sendable (_ marker: String?) async throws -> (entries: [Element], next: String?)

    private let order: MarkerOrder
    private let fetchPage: FetchPage

    init(order: MarkerOrder, fetchPage: @escaping FetchPage) {
        self.order = order
        self.fetchPage = fetchPage
    }

    public func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(course: PageCourse(order: order), fetchPage: fetchPage)
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
        private var course: PageCourse
        private var entries: ArraySlice<Element> = []
        private var isAtEnd = false

        init(course: PageCourse, fetchPage: @escaping FetchPage) {
            self.course = course
            self.fetchPage = fetchPage
        }

        public mutating func next() async throws -> Element? {
            while entries.isEmpty {
                guard !isAtEnd else { return nil }
                try Task.checkCancellation()
                let page = try await fetchPage(course.marker)
                isAtEnd = page.next == nil
                if let next = page.next {
                    try course.advance(to: next, isEmpty: page.entries.isEmpty)
                }
                entries = page.entries[...]
            }
            return entries.popFirst()
        }
    }
}

/// How the marker of a page stands to that of the page before.
enum MarkerOrder: Sendable {
    /// Tokens, of which nothing is known.
    case opaque
    /// Keys in the order of their bytes.
    case keys
    /// Keys in the order of their bytes, and behind a NUL what tells apart the entries of one key.
    case keysWithSuffix
    /// Decimal numbers.
    case numbers

    /// Whether a marker can follow another one.
    func allows(_ next: String, after marker: String) -> Bool {
        switch self {
        case .opaque: return true
        case .keys: return marker.utf8.lexicographicallyPrecedes(next.utf8)
        case .keysWithSuffix:
            let (before, after) = (marker.utf8.prefix { $0 != 0 }, next.utf8.prefix { $0 != 0 })
            return !after.lexicographicallyPrecedes(before)
        case .numbers:
            // Without leading zeros, the longer number is the greater one.
            let (before, after) = (marker.utf8, next.utf8)
            return before.count < after.count
                || (before.count == after.count && before.lexicographicallyPrecedes(after))
        }
    }
}

/// The way through the pages of a list, which has to come to an end.
struct PageCourse: Sendable {
    private let order: MarkerOrder
    /// The marker of the page that is next; nil before the first one.
    private(set) var marker: String?
    /// A marker from before.
    ///
    /// A circle comes back to it, since it is moved on after twice as many pages each time.
    private var landmark: String?
    private var pagesSinceLandmark = 0
    private var pagesToNextLandmark = 1
    private var emptyPages = 0

    /// How many pages in a row may be empty.
    static let maximumEmptyPages = 100

    init(order: MarkerOrder) {
        self.order = order
    }

    /// Takes the marker of the next page.
    ///
    /// - Throws: `malformedAnswer` if that way has no end.
    mutating func advance(to next: String, isEmpty: Bool) throws(OSSClientError) {
        emptyPages = isEmpty ? emptyPages + 1 : 0
        let isBack = landmark.map { next.utf8.elementsEqual($0.utf8) } ?? false
        let isInOrder = marker.map { order.allows(next, after: $0) } ?? true
        guard !isBack, isInOrder, emptyPages < Self.maximumEmptyPages else { throw .malformedAnswer }
        pagesSinceLandmark += 1
        if pagesSinceLandmark == pagesToNextLandmark {
            landmark = next
            pagesSinceLandmark = 0
            pagesToNextLandmark *= 2
        }
        marker = next
    }
}
