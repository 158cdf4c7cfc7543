import ArgumentParser
import CommandKit
import Foundation
import OSSClient
import OSSKit

/// `presign`: a URL or a form that lets its holder do one thing, made without asking any server.
struct PresignCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "presign", abstract: "Make a presigned URL, or a form for browsers.",
        discussion: """
            No server is asked. Headers that the URL binds must be sent as they were signed; they are printed to \
            standard error. With form instead of a method, a policy for a form upload is made: the fields go before \
            the file.

              storage-gateway presign put oss://bucket/a.txt --content-type text/plain --content-length 5
              storage-gateway presign get oss://bucket/photo.jpg --process image/resize,w_100
              storage-gateway presign form oss://bucket/inbox/ --content-length-range 0-1048576
            """)

    /// What the URL allows.
    enum Method: String, ExpressibleByArgument, CaseIterable {
        case get
        case put
        case head
        case delete
        case post
        case options
        /// A form upload, which is a POST to the bucket.
        case form
    }

    @Argument(help: "get, put, head, delete, post, options, or form.") var method: Method
    @Argument(help: ArgumentHelp("The object, as an address or as a key in --bucket.", valueName: "address")) var key:
        String

    @Option(help: ArgumentHelp("The bucket of a plain key. [OSS_BUCKET_NAME] (default: workspace)", valueName: "name"))
    var bucket: String?

    @Option(help: ArgumentHelp("How long the URL is good, in seconds: 1 to 604800 with V4.", valueName: "seconds"))
    var expires = "3600"

    @OptionGroup(title: "What the request must be like") var terms: PresignTerms
    @OptionGroup(title: "What the answer is like") var overrides: PresignOverrides
    @OptionGroup(title: "A callback after an upload") var callback: PresignCallback
    @OptionGroup(title: "A form") var form: PresignFormTerms

    @Option(help: "How the key is written: plain, or url for percent form.") var encodingType = KeyEncoding.plain
    @Flag(help: "Print one JSON object, with the headers to send along.") var json = false
    @OptionGroup(title: "The store") var store: StoreOptions

    func run() throws {
        do {
            let settings = try store.settings(
                environment: ProcessInfo.processInfo.environment,
                endpointVariables: ["OSS_PUBLIC_ENDPOINT", "OSS_ENDPOINT"]
            ) { StandardError.print("storage-gateway: warning: \(Printable.text($0))") }
            guard let lifetime = DecimalNumber.parse(expires) else {
                throw FailureReport(.refused, "--expires is not a number")
            }
            let presigner = Presigner(
                endpoint: settings.endpoint, region: settings.region, credentials: settings.credentials)
            let signing = Signing(
                presigner: presigner, version: settings.signature, lifetimeSeconds: lifetime,
                now: SystemEnvironment.nowMilliseconds() / 1_000)
            let address = try address()
            if method == .form {
                try print(signing.form(try form.request(address)))
            } else {
                try print(signing.url(try request(address)))
            }
        } catch {
            let report = FailureReport.of(error, settings: nil)
            StandardError.print(json ? report.json : report.lines.joined(separator: "\n"))
            throw ExitStatus.of(report.kind)
        }
    }

    /// The object that is meant: an address, or a key in the bucket of `--bucket`.
    private func address() throws -> StoreAddress {
        if StoreAddress.isAddress(key) {
            guard bucket == nil else { throw FailureReport(.refused, "--bucket is for a key that is no address") }
            do {
                let address = try StoreAddress(key, encoding: encodingType)
                guard address.bucket != nil else { throw FailureReport(.refused, "oss:// names no bucket") }
                return address
            } catch let problem as AddressProblem {
                throw FailureReport(.refused, "\(problem)")
            }
        }
        let environment = ProcessInfo.processInfo.environment[ServeOption.ossBucket.environmentName]
        let name = bucket ?? environment.flatMap { $0.isEmpty ? nil : $0 } ?? ServeOption.ossBucket.defaultText ?? ""
        guard let bytes = encodingType.bytes(of: key.utf8) else {
            throw FailureReport(.refused, "the key is not in percent form")
        }
        return StoreAddress(bucket: try BucketName(name), key: try ObjectKey(bytes: bytes).bytes)
    }

    private func request(_ address: StoreAddress) throws -> Presigner.Request {
        var request = Presigner.Request(
            method: method.rawValue.uppercased(), bucket: address.bucket, key: address.objectKey,
            headers: try terms.headers()
        ).overriding(overrides.overrides)
        request.isHostBound = terms.bindHost
        for text in terms.query {
            let pair = PropertyOptions.pair(text)
            request = request.with(pair?.name ?? text, pair?.value)
        }
        if let versionID = terms.versionID { request = request.with("versionId", versionID) }
        if let process = overrides.process { request = request.processing(process) }
        if let limit = terms.trafficLimit { request = try request.limitingTraffic(bitsPerSecond: limit) }
        if let callback = try callback.callback() { request = try request.callingBack(callback) }
        return request
    }

    private func print(_ url: PresignedURL) throws {
        guard json else {
            for header in url.requiredHeaders {
                StandardError.print(Printable.text("send with it: \(header.name): \(header.value)"))
            }
            Swift.print(url.url)
            return
        }
        var line = JSONLine()
        line.add("method", url.method)
        line.add("url", url.url)
        line.add("headers", pairs: url.requiredHeaders.map { ($0.name, $0.value) })
        line.add("expires", ISO8601.format(unixSeconds: url.expiresAtUnixSeconds))
        Swift.print(line.text)
    }

    private func print(_ form: PresignedForm) throws {
        guard json else {
            Swift.print("url     \(form.url)")
            for field in form.fields {
                Swift.print(Printable.text("field   \(field.name)=\(field.value)"))
            }
            StandardError.print("send as multipart/form-data: these fields, and then the file")
            return
        }
        var line = JSONLine()
        line.add("method", "POST")
        line.add("url", form.url)
        line.add("fields", pairs: form.fields.map { ($0.name, $0.value) })
        line.add("expires", ISO8601.format(unixSeconds: form.expiresAtUnixSeconds))
        Swift.print(line.text)
    }
}

/// Signs by the version that the user wants.
private struct Signing {
    let presigner: Presigner
    let version: OSSClient.SignatureVersion
    let lifetimeSeconds: Int64
    let now: Int64

    func url(_ request: Presigner.Request) throws(SigningError) -> PresignedURL {
        switch version {
        case .v1: try presigner.presignV1(request, lifetimeSeconds: lifetimeSeconds, nowUnixSeconds: now)
        case .v4: try presigner.presignV4(request, lifetimeSeconds: lifetimeSeconds, nowUnixSeconds: now)
        }
    }

    func form(_ request: Presigner.FormRequest) throws(SigningError) -> PresignedForm {
        switch version {
        case .v1: try presigner.presignFormV1(request, lifetimeSeconds: lifetimeSeconds, nowUnixSeconds: now)
        case .v4: try presigner.presignFormV4(request, lifetimeSeconds: lifetimeSeconds, nowUnixSeconds: now)
        }
    }
}
