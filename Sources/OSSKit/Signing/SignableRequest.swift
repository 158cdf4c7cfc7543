/// What a signature covers of a request, whoever makes it or checks it.
public struct SignableRequest: Sendable {
    /// The method, such as `GET`.
    public let method: String
    /// What the request is about.
    public let resource: SignedResource
    /// The parameters, decoded; those of a signature in the query string are not among them when it is made.
    public var query: [QueryItem]
    /// The header fields.
    public var headers: [WireHeader]
    /// The value of `Host` as it will be sent; nil where no signature covers it.
    public var host: String?

    /// Makes the description of a request.
    public init(
        method: String, resource: SignedResource, query: [QueryItem] = [], headers: [WireHeader] = [],
        host: String? = nil
    ) {
        self.method = method
        self.resource = resource
        self.query = query
        self.headers = headers
        self.host = host
    }
}
