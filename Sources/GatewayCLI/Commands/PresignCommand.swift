import ArgumentParser
import Foundation
import OSSKit

/// `presign`: a URL that lets its holder put or get one object, made without asking any server.
struct PresignCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "presign", abstract: "Make a presigned URL.",
        discussion: """
            The key that signs is OSS_ACCESS_KEY_ID with OSS_ACCESS_KEY_SECRET if they are set, and else the first \
            access key of the data folder. Headers that the URL binds must be sent as they were signed; they are \
            printed to standard error.
            """)

    /// What the URL allows.
    enum Method: String, ExpressibleByArgument, CaseIterable {
        case get
        case put
        case head
        case delete
    }

    /// The form of the signature.
    enum Scheme: String, ExpressibleByArgument, CaseIterable {
        case v4
        case v1
    }

    @Argument(help: "get, put, head or delete.") var method: Method
    @Argument(help: "The object's key.") var key: String
    @OptionGroup var options: KeysCommand.FolderOption

    @Option(help: ArgumentHelp("The endpoint. [OSS_ENDPOINT] (default: http://127.0.0.1:10724)", valueName: "url"))
    var endpoint: String?

    @Option(help: ArgumentHelp("The bucket. [OSS_BUCKET_NAME] (default: workspace)", valueName: "name"))
    var bucket: String?

    @Option(help: ArgumentHelp("The region id. [OSS_REGION_ID] (default: cn-hangzhou)", valueName: "id"))
    var region: String?

    @Option(help: ArgumentHelp("How long the URL is good, in seconds: 1 to 604800 with V4.", valueName: "seconds"))
    var expires = "3600"

    @Option(help: "The Content-Type that the request must have.")
    var contentType: String?

    @Option(help: ArgumentHelp("The length in bytes that the body must have; V4 only.", valueName: "bytes"))
    var contentLength: String?

    @Option(name: .customLong("content-md5"), help: "The Content-MD5 that the request must have.")
    var contentMD5: String?

    @Option(help: "v4 or v1.") var scheme = Scheme.v4

    func run() throws {
        let url: PresignedURL
        do {
            url = try presigned()
        } catch let error as OSSError {
            throw Self.refused(error.message)
        } catch let error as SigningError {
            throw Self.refused(Self.sentence(error))
        }
        for header in url.requiredHeaders {
            StandardError.print("send with it: \(header.name): \(header.value)")
        }
        print(url.url)
    }

    private func presigned() throws -> PresignedURL {
        guard let lifetime = DecimalNumber.parse(expires) else { throw Self.refused("--expires is not a number") }
        if let contentLength, DecimalNumber.parse(contentLength) == nil {
            throw Self.refused("--content-length is not a number")
        }
        let headers = [("Content-Type", contentType), ("Content-MD5", contentMD5), ("Content-Length", contentLength)]
            .compactMap { name, value in value.map { WireHeader(name, $0) } }
        let request = Presigner.Request(
            method: method.rawValue.uppercased(), bucket: try BucketName(value(bucket, .ossBucket)),
            key: try ObjectKey(key), headers: headers)
        let presigner = Presigner(
            endpoint: try Endpoint(endpointText), region: value(region, .ossRegion), credentials: try credentials())
        let now = SystemEnvironment.nowMilliseconds() / 1_000
        switch scheme {
        case .v4: return try presigner.presignV4(request, lifetimeSeconds: lifetime, nowUnixSeconds: now)
        case .v1: return try presigner.presignV1(request, lifetimeSeconds: lifetime, nowUnixSeconds: now)
        }
    }

    private var endpointText: String {
        endpoint ?? environment(.ossPublicEndpoint) ?? environment(.ossEndpoint) ?? "http://127.0.0.1:10724"
    }

    private func credentials() throws -> Credentials {
        if let id = environment(.accessKeyID), let secret = environment(.accessKeySecret) {
            return Credentials(accessKeyID: id, accessKeySecret: Secret(secret))
        }
        let folder = try options.folder()
        let key = try KeysCommand.reporting { try folder.firstAccessKey() }
        return Credentials(accessKeyID: key.id, accessKeySecret: key.secret)
    }

    private func value(_ flag: String?, _ option: ServeOption) -> String {
        flag ?? environment(option) ?? option.defaultText ?? ""
    }

    private func environment(_ option: ServeOption) -> String? {
        let text = ProcessInfo.processInfo.environment[option.environmentName]
        return text.flatMap { $0.isEmpty ? nil : $0 }
    }

    private static func refused(_ reason: String) -> ExitCode {
        StandardError.print("storage-gateway: \(reason)")
        return ExitStatus.dataError
    }

    /// What an error of signing says to a person.
    static func sentence(_ error: SigningError) -> String {
        switch error {
        case .missingHeader(let name): "the header \(name) must have a value to be bound"
        case .headerNotCovered(let name): "a V1 signature cannot bind \(name)"
        case .lifetimeOutOfRange(let seconds): "--expires \(seconds) is out of range: 1 to 604800 with V4"
        case .reservedParameter(let name): "the parameter \(name) belongs to the signature"
        case .trafficLimitOutOfRange: "a traffic limit is 819200 to 838860800 bits a second"
        case .invalidCallback(let reason): "the callback cannot be used: \(reason)"
        case .invalidForm(let field): "the form cannot have the field \(field)"
        case .invalidEndpoint: "--endpoint is not a URL such as https://oss-cn-hangzhou.aliyuncs.com"
        }
    }
}
