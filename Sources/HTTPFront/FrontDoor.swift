/// What all listeners of a process have in common: limits, counts and the certificate.
package struct FrontDoor: Sendable {
    /// What one connection may ask for.
    package let limits: FrontLimits
    /// How many connections there may be, and how many requests for each listener.
    package let admission: Admission
    /// The certificate with which the listeners speak TLS; nil for plain HTTP.
    package let certificate: CertificateHolder?
    /// How many bytes of answers wait for their readers.
    package let unsent = UnsentBytes()

    /// Makes a front.
    package init(
        limits: FrontLimits = FrontLimits(), admission: Admission = Admission(), certificate: CertificateHolder? = nil
    ) {
        self.limits = limits
        self.admission = admission
        self.certificate = certificate
    }

    /// The scheme of the URLs under which the listeners are reached.
    package var scheme: String { certificate == nil ? "http" : "https" }
}
