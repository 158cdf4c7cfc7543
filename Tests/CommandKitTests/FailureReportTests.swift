import CommandKit
import OSSClient
import OSSKit
import Testing

@Suite struct FailureReportTests {
    private static func settings() throws -> StoreSettings {
        var sources = StoreSettings.Sources()
        sources.environment = ["OSS_ACCESS_KEY_ID": "AK", "OSS_ACCESS_KEY_SECRET": "hidden"]
        var flags = StoreSettings.Flags()
        flags.endpoint = "http://oss.example.com"
        return try StoreSettings(flags, sources)
    }

    private static func report(_ status: Int, _ code: String, _ fields: String = "") throws -> FailureReport {
        let body =
            "<?xml version=\"1.0\"?><Error><Code>\(code)</Code><Message>why</Message>"
            + "<RequestId>R1</RequestId>\(fields)</Error>"
        return FailureReport.of(
            ServiceError(status: status, headers: [], body: Array(body.utf8)), settings: try settings())
    }

    @Test(arguments: [
        (404, "NoSuchBucket", FailureReport.Kind.notFound), (404, "NoSuchKey", .notFound),
        (403, "AccessDenied", .denied), (403, "SignatureDoesNotMatch", .denied), (403, "InvalidAccessKeyId", .denied),
        (400, "InvalidArgument", .refused), (409, "BucketNotEmpty", .refused), (412, "PreconditionFailed", .refused),
        (500, "InternalError", .unavailable), (503, "ServiceUnavailable", .unavailable), (429, "X", .unavailable),
        (400, "InvalidCRC64", .integrity), (400, "InvalidDigest", .integrity),
    ])
    func eachRefusalHasItsKind(_ status: Int, _ code: String, _ kind: FailureReport.Kind) throws {
        let report = try Self.report(status, code)
        #expect(report.kind == kind)
        #expect(report.code == code)
    }

    @Test func aPersonReadsCodeMessageRequestAndEC() throws {
        let report = try Self.report(403, "InvalidAccessKeyId", "<EC>0002-00000902</EC>").about("oss://b12/k\u{1B}")
        #expect(
            report.lines == [
                "storage-gateway: oss://b12/k?: why",
                "  Code InvalidAccessKeyId, HTTP status 403, RequestId R1, EC 0002-00000902",
                "  hint: http://oss.example.com does not know the access key AK, which is from the environment",
            ])
        #expect(
            report.json.hasPrefix(
                #"{"error":{"kind":"denied","code":"InvalidAccessKeyId","message":"why","status":403,"requestId":"R1","#
            ))
        #expect(!report.json.contains("hidden"))
    }

    @Test(arguments: [
        (
            "AccessDenied", "<EC>0003-00001403</EC><Endpoint>oss-x.aliyuncs.com</Endpoint>",
            "--endpoint oss-x.aliyuncs.com"
        ),
        ("RequestTimeTooSkewed", "<ServerTime>2026-01-01T00:00:00.000Z</ServerTime>", "2026-01-01T00:00:00.000Z"),
        ("InvalidArgument", "<EC>0002-00000226</EC>", "--region"),
        ("SecondLevelDomainForbidden", "", "--addressing virtual-host"),
        ("SignatureDoesNotMatch", "", "secret"), ("BucketNotEmpty", "", "rm --recursive"),
    ])
    func whatCanBeDoneIsSaid(_ code: String, _ fields: String, _ part: String) throws {
        let hint = try #require(try Self.report(403, code, fields).hint)
        #expect(hint.contains(part))
    }

    @Test func anAnswerThatIsNoStoresIsToldAsSuch() throws {
        let report = FailureReport.of(
            ServiceError(status: 502, headers: [], body: Array("<html>\u{1B}[2J".utf8)), settings: try Self.settings())
        #expect(report.kind == .unavailable)
        #expect(report.hint?.contains("http://oss.example.com") == true)
        #expect(report.lines.allSatisfy { Printable.isPrintable($0) })
    }

    @Test func whatATransferLeftBehindIsSaid() throws {
        let settings = try Self.settings()
        let causes: [any Error] = [
            CancellationError(), OSSClientError.wrongChecksum, TransferError.objectChanged,
            OSSClientError.unreachable(CancellationError()),
        ]
        for cause in causes {
            let alone = FailureReport.of(cause, settings: settings)
            let untidy = UntidyTransferError(cause: cause, tidyingFailure: OSSClientError.malformedAnswer)
            let report = FailureReport.of(untidy, settings: settings)
            #expect(report.kind == alone.kind)
            #expect(report.message == alone.message)
            let hint = try #require(report.hint)
            #expect(hint.hasPrefix(alone.hint ?? ""))
            #expect(hint.hasSuffix("an unfinished upload or file was left behind"))
        }
    }

    @Test func errorsOfThisSideHaveTheirKinds() throws {
        let settings = try Self.settings()
        let kinds = [
            OSSClientError.unreachable(CancellationError()), .wrongChecksum, .malformedAnswer,
            .file(call: "open", path: "x", errorNumber: 2), .file(call: "open", path: "x", errorNumber: 13),
            .file(call: "pwrite", path: nil, errorNumber: 28),
        ].map { FailureReport.of($0, settings: settings).kind }
        #expect(kinds == [.unreachable, .integrity, .integrity, .notFound, .cannotCreate, .inputOutput])
        let stopped = FailureReport.of(CancellationError(), settings: settings).kind
        #expect(stopped == .cancelled)
    }
}
