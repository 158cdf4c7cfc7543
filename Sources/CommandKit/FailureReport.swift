import Foundation
import OSSClient
import OSSKit

/// Why a command, or one of its steps, failed: for a person, for a program, and for the exit status.
package struct FailureReport: Error, Sendable, Equatable {
    /// What kind of failure it is; each has an exit status of its own.
    package enum Kind: String, Sendable, CaseIterable {
        /// The store or the command refuses what was asked.
        case refused
        /// There is no such bucket, object or file.
        case notFound = "not-found"
        /// The access key is unknown, its signature is wrong, or it may not do this.
        case denied
        /// The endpoint cannot be reached.
        case unreachable
        /// The store cannot do it at this moment.
        case unavailable
        /// Bytes were changed on the way, or the answer makes no sense.
        case integrity
        /// A local file cannot be made.
        case cannotCreate = "cannot-create"
        /// A local file cannot be read or written.
        case inputOutput = "input-output"
        /// A setting is missing or cannot be used.
        case configuration
        /// The command was told to stop.
        case cancelled
    }

    /// What kind of failure it is.
    package let kind: Kind
    /// What went wrong, in one sentence; it holds no secret.
    package let message: String
    /// The file or the address that it is about; nil if it is about the command.
    package var subject: String?
    /// OSS's code, such as `NoSuchKey`; nil if no store said anything.
    package var code: String?
    /// The HTTP status; nil if no store said anything.
    package var status: Int?
    /// The ID of the request; nil if the answer did not tell.
    package var requestID: String?
    /// OSS's fine-grained code; nil if the answer did not tell.
    package var ec: String?
    /// What to look at next; nil if the message says enough.
    package var hint: String?

    /// Makes a report of what happened on this side.
    package init(_ kind: Kind, _ message: String, subject: String? = nil, hint: String? = nil) {
        self.kind = kind
        self.message = message
        self.subject = subject
        self.hint = hint
    }

    /// The report about something.
    package func about(_ subject: String?) -> FailureReport {
        var copy = self
        copy.subject = copy.subject ?? subject
        return copy
    }

    /// The lines for standard error.
    package var lines: [String] {
        let place = subject.map { "\(Printable.text($0)): " } ?? ""
        var lines = ["storage-gateway: \(place)\(Printable.text(message))"]
        let facts = [
            code.map { "Code \($0)" }, status.map { "HTTP status \($0)" }, requestID.map { "RequestId \($0)" },
            ec.map { "EC \($0)" },
        ]
        let known = facts.compactMap { $0 }
        if !known.isEmpty { lines.append("  " + Printable.text(known.joined(separator: ", "))) }
        if let hint { lines.append("  hint: \(Printable.text(hint))") }
        return lines
    }

    /// The report as one line of JSON.
    package var json: String {
        var error = JSONLine()
        error.add("kind", kind.rawValue)
        error.add("code", code)
        error.add("message", message)
        error.add("status", status.map { Int64($0) })
        error.add("requestId", requestID)
        error.add("ec", ec)
        error.add("hint", hint)
        error.add("subject", subject)
        var line = JSONLine()
        line.add("error", error)
        return line.text
    }
}

extension FailureReport {
    /// Makes a report of what a store said.
    ///
    /// - Parameters:
    ///   - error: what it said.
    ///   - settings: where the request went, and with which access key.
    package init(_ error: ServiceError, settings: StoreSettings) {
        let usual = OSSErrorCode(rawValue: error.code)?.usualMessage
        self.init(
            Self.kind(of: error),
            error.message ?? (error.isParsed ? nil : usual) ?? "The endpoint answered without saying why.",
            hint: Self.hint(for: error, settings: settings))
        code = error.code
        status = error.status
        requestID = error.requestID
        ec = error.ec
    }

    private static func kind(of error: ServiceError) -> Kind {
        switch error.code {
        case "NoSuchBucket", "NoSuchKey", "NoSuchVersion", "NoSuchUpload": .notFound
        case "InvalidCRC64", "InvalidDigest", "BadDigest": .integrity
        default:
            switch error.status {
            case 404: .notFound
            case 401, 403: .denied
            case 408, 429, 500...: .unavailable
            default: .refused
            }
        }
    }

    private static func hint(for error: ServiceError, settings: StoreSettings) -> String? {
        let endpoint = settings.endpoint
        if let wanted = error.fields["Endpoint"], error.ec == "0003-00001403" || error.code == "PermanentRedirect" {
            return "the bucket is in another region: --endpoint \(wanted)"
        }
        // Both of these are told as InvalidArgument. Source: oss-wire fact 2.5.
        if error.ec == "0002-00000226" || error.ec == "0002-00000228" {
            return "the request was signed for another region than the endpoint's: --region, or OSS_REGION"
        }
        return switch error.code {
        case "RequestTimeTooSkewed": skewHint(error)
        case "SignatureDoesNotMatch":
            "the secret is not that of this access key, or something between here and \(endpoint) changes requests"
        case "InvalidAccessKeyId":
            "\(endpoint) does not know the access key \(settings.credentials.accessKeyID), which is from the "
                + settings.keyOrigin.rawValue
        case "SecurityTokenExpired", "InvalidSecurityToken":
            "a temporary access key ends by itself; get a new one, with its OSS_SESSION_TOKEN"
        case "SecondLevelDomainForbidden": "this endpoint wants the bucket in the host: --addressing virtual-host"
        case "NoSuchBucket": "`storage-gateway ls` lists the buckets at \(endpoint)"
        case "BucketNotEmpty": "`storage-gateway rm --recursive` deletes its objects, but not their older versions"
        case "FileAlreadyExists": "an object of this key is there, and was left as it is"
        case "NotImplemented": "\(endpoint) does not have this operation; nothing was changed"
        case ServiceError.unreadableCode where error.status != 404:
            "what answered may be no object store: is \(endpoint) the endpoint?"
        default: nil
        }
    }

    private static func skewHint(_ error: ServiceError) -> String {
        guard let time = error.fields["ServerTime"] else { return "set this machine's clock" }
        return "the endpoint's clock says \(time); set this machine's clock"
    }
}

extension FailureReport {
    /// Makes a report of any error.
    ///
    /// - Parameter settings: where requests went; nil if none was made.
    package static func of(_ error: any Error, settings: StoreSettings?) -> FailureReport {
        switch error {
        case let report as FailureReport: report
        case let error as ServiceError:
            settings.map { FailureReport(error, settings: $0) } ?? unknown(error, settings: nil)
        case let error as OSSClientError: FailureReport(error, endpoint: settings?.endpoint)
        case let error as TransferError: FailureReport(error)
        case let error as UntidyTransferError: untidy(error, settings: settings)
        case let error as OSSError: FailureReport(.refused, error.message)
        case let error as SigningError: FailureReport(.refused, sentence(error))
        case is CancellationError: FailureReport(.cancelled, "stopped")
        case let problem as any CustomStringConvertible & LocalProblem:
            FailureReport(.unavailable, "\(problem)")
        default: unknown(error, settings: settings)
        }
    }

    /// Why a transfer failed, and that it left something behind.
    private static func untidy(_ error: UntidyTransferError, settings: StoreSettings?) -> FailureReport {
        var report = of(error.cause, settings: settings)
        report.hint = (report.hint.map { "\($0); " } ?? "") + "an unfinished upload or file was left behind"
        return report
    }

    /// What has no words of its own: of the network it is told as it tells itself, of anything else by its type alone.
    private static func unknown(_ error: any Error, settings: StoreSettings?) -> FailureReport {
        let type = "\(type(of: error))"
        guard let settings, type.contains("NIO") || type.contains("HTTPClient") || type.contains("SSL") else {
            return FailureReport(.unavailable, "an error that was not foreseen: \(type)")
        }
        return FailureReport(.unreachable, "\(settings.endpoint) cannot be used: \(error)")
    }

    private init(_ error: OSSClientError, endpoint: Endpoint?) {
        switch error {
        case .unreachable(let cause):
            let place = endpoint.map { "\($0)" } ?? "the endpoint"
            let words = "\(cause)".lowercased()
            let (reason, hint) =
                words.contains("refused")
                ? (": the connection was refused", "does the server run there?")
                : words.contains("unknown(host")
                    ? (": nobody knows its name", "look at the endpoint and the region")
                    : ("", "look at the endpoint and the network")
            self.init(.unreachable, "\(place) cannot be reached\(reason)", hint: hint)
        case .wrongChecksum:
            self.init(.integrity, "the bytes that arrived are not those that were sent, by their CRC-64")
        case .malformedAnswer: self.init(.integrity, "the endpoint's answer is not that of an object store")
        case .bodyTooLong(let maximum): self.init(.refused, "it is longer than \(maximum) bytes")
        case .sourceChanged, .wrongLength:
            self.init(.inputOutput, "the file became longer or shorter while it was sent")
        case .file(let call, let path, let number):
            let reason = String(cString: strerror(number))
            let kind: Kind = number == ENOENT ? .notFound : call == "open" ? .cannotCreate : .inputOutput
            self.init(kind, "\(call): \(reason)", subject: path)
        }
    }

    private init(_ error: TransferError) {
        switch error {
        case .notARegularFile(let path): self.init(.refused, "it is not a regular file", subject: path)
        case .sourceFileChanged(let path):
            self.init(.inputOutput, "it was changed while it was sent; nothing was stored", subject: path)
        case .objectChanged: self.init(.refused, "the object was replaced or deleted meanwhile")
        case .tooLong(let bytes): self.init(.refused, "\(bytes) bytes are more than an object can hold")
        case .targetNotReplaceable(let path):
            self.init(.cannotCreate, "what is there cannot be replaced by a file", subject: path)
        case .checkpointInUse(let path):
            self.init(.refused, "another transfer works with this checkpoint", subject: path)
        }
    }

    /// Why a request cannot be signed, in a sentence that names the option.
    package static func sentence(_ error: SigningError) -> String {
        switch error {
        case .missingHeader(let name): "the header \(name) must have a value to be bound"
        case .headerNotCovered(let name): "a V1 signature cannot bind \(name)"
        case .lifetimeOutOfRange(let seconds): "--expires \(seconds) is out of range: 1 to 604800 with V4"
        case .reservedParameter(let name): "the parameter \(name) belongs to the signature"
        case .trafficLimitOutOfRange: "a traffic limit is 819200 to 838860800 bits a second"
        case .invalidCallback(let reason): "the callback cannot be used: \(reason)"
        case .invalidForm(let field): "the form cannot have the field \(field), or lacks it"
        case .invalidEndpoint: "--endpoint is not a URL such as https://oss-cn-hangzhou.aliyuncs.com"
        }
    }
}

/// A problem of this machine that says itself what it is, without a secret.
package protocol LocalProblem: Error {}
