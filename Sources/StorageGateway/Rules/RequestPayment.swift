import OSSKit
import ObjectStore

/// Asks those who use another's bucket to say that they pay, where the owner wants that.
///
/// Source: oss-wire facts 11.6 and 14.
enum RequestPayment {
    /// Refuses a request for another's bucket that does not say that its sender pays.
    ///
    /// - Throws: `AccessDenied`.
    static func require(_ call: OSSCall, _ bucket: BucketRecord) async throws {
        let payer = try await call.store.configuration(.requestPayment, of: bucket) {
            try RequestPaymentConfiguration(document: $0).payer
        }
        let isOwner = !call.requester.isAnonymous && call.requester.ownerID == bucket.ownerID
        guard payer == .requester, !isOwner else { return }
        let name = "x-oss-request-payer"
        // Nobody can be charged for a request without a signature.
        guard !call.requester.isAnonymous, (call.header(name) ?? call.request.target.value(of: name)) == "requester"
        else {
            throw OSSError(
                .accessDenied, message: "Access denied for requester pay bucket", ec: "0003-00000703",
                fields: [("BucketName", bucket.name.text)])
        }
    }
}
