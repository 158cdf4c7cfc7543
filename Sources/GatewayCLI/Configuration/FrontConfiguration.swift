import HTTPFront

/// What the options say about the listeners: how many connections there may be, and whether they speak TLS.
struct FrontConfiguration {
    /// How many connections and requests there may be; the limit of open files may allow fewer.
    let admission: Admission.Limits
    /// The files of the certificate; nil for plain HTTP.
    let certificate: CertificateFiles?

    /// Reads and checks the options.
    ///
    /// - Throws: `ConfigurationProblem`, naming the option.
    init(_ options: OptionReader) async throws {
        var admission = Admission.Limits()
        admission.connections = Int(
            try await ServeConfiguration.count(.connections, options, 16...1_000_000, of: "connections"))
        admission.connectionsPerAddress = Int(
            try await ServeConfiguration.count(.connectionsPerAddress, options, 1...1_000_000, of: "connections"))
        admission.requests = Int(
            try await ServeConfiguration.count(.requestsAtOnce, options, 1...1_000_000, of: "requests"))
        self.admission = admission
        let chain = try await options.text(.tlsCertificate)
        let key = try await options.text(.tlsKey)
        switch (chain, key) {
        case (nil, nil):
            certificate = nil
        case (let chain?, let key?):
            certificate = CertificateFiles(chain: chain, key: key)
        default:
            throw ConfigurationProblem(
                option: (chain == nil ? ServeOption.tlsCertificate : .tlsKey).displayName,
                reason: "a certificate and its key go together")
        }
    }
}
