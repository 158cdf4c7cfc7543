/// The owner of a bucket or an object, as documents name it.
public struct Owner: Sendable, Hashable {
    /// The ID of the account.
    public let id: String
    /// The name to show, which is the ID again in OSS.
    public let displayName: String

    /// Makes an owner.
    public init(id: String, displayName: String) {
        self.id = id
        self.displayName = displayName
    }

    init(_ element: XMLElement) {
        self.init(id: element.textOrEmpty(of: "ID"), displayName: element.textOrEmpty(of: "DisplayName"))
    }

    func write(to writer: inout XMLWriter) {
        writer.element("Owner") { writer in
            writer.element("ID", id)
            writer.element("DisplayName", displayName)
        }
    }
}
