import OSSKit

extension OSSClient {
    /// What a presigned upload has to be like.
    public struct UploadTerms: Sendable, Equatable {
        /// The content type that the upload has to name.
        public let contentType: String
        /// The length that the upload has to have; a URL by V1 cannot bind it.
        public let sizeBytes: Int64
        /// The MD5 of the content in base64; nil if it is not known beforehand.
        public let contentMD5: String?

        /// Makes terms.
        public init(contentType: String, sizeBytes: Int64, contentMD5: String? = nil) {
            self.contentType = contentType
            self.sizeBytes = sizeBytes
            self.contentMD5 = contentMD5
        }
    }

    /// Makes a URL at the public endpoint with which one object can be stored.
    ///
    /// The URL's required headers hold `Content-Length` where it is bound. Browsers set that header themselves, and do
    /// not let a page set it.
    ///
    /// - Throws: `SigningError`; `CredentialsError`, and what the credentials provider throws.
    public func presignPut(
        _ key: ObjectKey, terms: UploadTerms, lifetimeSeconds: Int64
    ) async throws -> PresignedURL {
        var headers = [WireHeader("Content-Type", terms.contentType)]
        if let contentMD5 = terms.contentMD5 {
            headers.append(WireHeader("Content-MD5", contentMD5))
        }
        if configuration.presignedURLs == .v4 {
            headers.append(WireHeader("Content-Length", String(terms.sizeBytes)))
        }
        return try await presign(
            Presigner.Request(method: "PUT", bucket: configuration.bucket, key: key, headers: headers),
            lifetimeSeconds: lifetimeSeconds)
    }

    /// Makes a URL at the public endpoint with which one object can be fetched.
    ///
    /// - Parameters:
    ///   - key: the object's key.
    ///   - lifetimeSeconds: how long the URL is good.
    ///   - fileName: the name under which a browser is to save the object; nil to leave that to the browser.
    /// - Throws: `SigningError`; `CredentialsError`, and what the credentials provider throws.
    public func presignGet(
        _ key: ObjectKey, lifetimeSeconds: Int64, fileName: String? = nil
    ) async throws -> PresignedURL {
        let query = fileName.map { name in
            // RFC 6266, section 4.1, with the one form that takes every name.
            [QueryItem("response-content-disposition", "attachment; filename*=UTF-8''" + PercentCoding.encode(name))]
        }
        return try await presign(
            Presigner.Request(method: "GET", bucket: configuration.bucket, key: key, query: query ?? []),
            lifetimeSeconds: lifetimeSeconds)
    }

    private func presign(_ request: Presigner.Request, lifetimeSeconds: Int64) async throws -> PresignedURL {
        guard let credentials = try await sender.credentials.current() else { throw CredentialsError.noCredentials }
        let presigner = Presigner(
            endpoint: configuration.publicEndpoint, region: configuration.region, credentials: credentials,
            product: configuration.product)
        let now = sender.clock.now
        return switch configuration.presignedURLs {
        case .v1: try presigner.presignV1(request, lifetimeSeconds: lifetimeSeconds, nowUnixSeconds: now)
        case .v4: try presigner.presignV4(request, lifetimeSeconds: lifetimeSeconds, nowUnixSeconds: now)
        }
    }
}
