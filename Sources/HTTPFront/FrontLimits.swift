/// The limits that hold for every connection, before either API sees a request.
///
/// Source: SECURITY checklist 6 to 11 and store facts 2.1 to 2.12; the defaults of the HTTP library are named where we differ from them.
package struct FrontLimits: Sendable {
    /// The most header fields of one request.
    package var headerFieldCount = 100
    /// The most bytes of one header field, name and value together.
    package var headerFieldBytes = 32 * 1_024
    /// The most bytes of all header fields of one request, the request line included.
    package var headerListBytes = 32 * 1_024
    /// How long a connection may stay idle, or take to send a request's head, before it is closed.
    package var idleTimeoutSeconds: Int64 = 30
    /// How often the pace of a request and its answer is looked at, in seconds.
    package var paceIntervalSeconds: Int64 = 10
    /// The least bytes of a body that must come in each interval in which the server waits for them: 1 KiB a second.
    package var leastBodyBytesPerInterval = 10 * 1_024
    /// How long an answer may wait for its reader without a byte being taken, in seconds.
    package var writeStallSeconds: Int64 = 30
    /// How long one request may take from its head to the end of its answer, in seconds.
    package var requestSeconds: Int64 = 6 * 3_600
    /// How many more bytes are taken after a refusal, so that the client can read it.
    package var lingerBytes = 64 * 1_024
    /// How long a connection lingers after a refusal, in milliseconds.
    package var lingerMilliseconds: Int64 = 1_000
    /// The most bytes that are taken from a socket at once; a socket that delivers little gets less room.
    package var receiveBufferBytes = 128 * 1_024
    /// How many pieces of a body may wait for whoever reads it before the socket is left alone.
    package var receiveBuffers = 4
    /// How many bytes of answers may wait in a connection before whoever makes them has to wait; one more piece fits.
    package var unsentHighBytes = 32 * 1_024
    /// With how few bytes left to send a connection takes more of an answer.
    package var unsentLowBytes = 16 * 1_024
    /// The most requests that a client may send one behind the other without waiting for the first answer.
    package var requestsAhead = 64
    /// How long a TLS handshake may take, in seconds.
    package var handshakeSeconds: Int64 = 10
    /// How many bytes on the wire each byte of a body may take, the sizes and extensions of its chunks included.
    package var wireBytesPerBodyByte = 4
    /// How many bytes on the wire a request may take beside that, its head included.
    package var wireBytesBesideBody = 64 * 1_024

    /// Makes the default limits.
    package init() {}
}
