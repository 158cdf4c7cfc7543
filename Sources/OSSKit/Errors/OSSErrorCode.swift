/// The error codes that this project answers, each with its HTTP status, usual message and usual EC.
///
/// Source: oss-wire facts 3 and 7 (OSS API reference, error code tables and EC pages).
public enum OSSErrorCode: String, Sendable, CaseIterable {
    case accessDenied = "AccessDenied"
    case accessKeyIDAndSecurityTokenNotMatch = "AccessKeyIdAndSecurityTokenNotMatch"
    case badRequest = "BadRequest"
    case bucketAlreadyExists = "BucketAlreadyExists"
    case bucketNotEmpty = "BucketNotEmpty"
    case corsRuleBeyondLimit = "CORSRuleBeyondLimit"
    case entityTooLarge = "EntityTooLarge"
    case entityTooSmall = "EntityTooSmall"
    case fileAlreadyExists = "FileAlreadyExists"
    case incompleteBody = "IncompleteBody"
    case internalError = "InternalError"
    case invalidAccessKeyId = "InvalidAccessKeyId"
    case invalidArgument = "InvalidArgument"
    case invalidBucketName = "InvalidBucketName"
    case invalidCRC64 = "InvalidCRC64"
    case invalidDigest = "InvalidDigest"
    case invalidEncryptionAlgorithmError = "InvalidEncryptionAlgorithmError"
    case invalidObjectName = "InvalidObjectName"
    case invalidPart = "InvalidPart"
    case invalidPartOrder = "InvalidPartOrder"
    case invalidPolicyDocument = "InvalidPolicyDocument"
    case invalidRange = "InvalidRange"
    case invalidRequest = "InvalidRequest"
    case invalidSecurityToken = "InvalidSecurityToken"
    case invalidTag = "InvalidTag"
    case invalidTargetType = "InvalidTargetType"
    case malformedXML = "MalformedXML"
    case methodNotAllowed = "MethodNotAllowed"
    case missingArgument = "MissingArgument"
    case missingContentLength = "MissingContentLength"
    case noSuchBucket = "NoSuchBucket"
    case noSuchKey = "NoSuchKey"
    case noSuchUpload = "NoSuchUpload"
    case noSuchVersion = "NoSuchVersion"
    case notImplemented = "NotImplemented"
    case notSymlink = "NotSymlink"
    case objectNotAppendable = "ObjectNotAppendable"
    case positionNotEqualToLength = "PositionNotEqualToLength"
    case preconditionFailed = "PreconditionFailed"
    case quotaExceeded = "QuotaExceeded"
    case repeatedTags = "RepeatedTags"
    case requestTimeTooSkewed = "RequestTimeTooSkewed"
    case requestTimeout = "RequestTimeout"
    case secondLevelDomainForbidden = "SecondLevelDomainForbidden"
    case securityTokenExpired = "SecurityTokenExpired"
    case securityTokenNotSupported = "SecurityTokenNotSupported"
    case serviceUnavailable = "ServiceUnavailable"
    case signatureDoesNotMatch = "SignatureDoesNotMatch"
    case symlinkTargetNotExist = "SymlinkTargetNotExist"
    case tooManyBuckets = "TooManyBuckets"
    case tooManyTags = "TooManyTags"

    /// The HTTP status of the answer.
    public var status: Int { row.status }
    /// The message that OSS usually gives.
    public var usualMessage: String { row.message }
    /// The EC that OSS usually gives, where one is known for the code as a whole.
    public var usualEC: String? { row.ec }

    private struct Row {
        let status: Int
        let message: String
        let ec: String?

        init(_ status: Int, _ message: String, _ ec: String? = nil) {
            self.status = status
            self.message = message
            self.ec = ec
        }
    }

    private var row: Row {
        switch self {
        case .accessDenied: Row(403, "AccessDenied")
        case .accessKeyIDAndSecurityTokenNotMatch:
            Row(403, "The OSS access key id and security token you provided does not match.")
        case .badRequest: Row(400, "The request is malformed.")
        case .bucketAlreadyExists:
            Row(
                409,
                "The requested bucket name is not available. The bucket namespace is shared by all users of the system."
                    + " Please select a different name and try again.", "0015-00000104")
        case .bucketNotEmpty: Row(409, "The bucket has objects. Please delete them first.", "0015-00000301")
        case .corsRuleBeyondLimit: Row(400, "The CORS Rules num is beyond limit.")
        case .entityTooLarge: Row(400, "Your proposed upload exceeds the maximum allowed size.")
        case .entityTooSmall: Row(400, "Your proposed upload is smaller than the minimum allowed size.")
        case .fileAlreadyExists:
            Row(409, "The object you specified already exists and can not be overwritten.", "0026-00000002")
        case .incompleteBody:
            Row(400, "You did not provide the number of bytes specified by the Content-Length HTTP header.")
        case .internalError: Row(500, "Please contact the server administrator, oss@service.aliyun.com")
        case .invalidAccessKeyId:
            Row(403, "The OSS Access Key Id you provided does not exist in our records.", "0002-00000902")
        case .invalidArgument: Row(400, "The argument is invalid.")
        case .invalidBucketName: Row(400, "The specified bucket is not valid.", "0015-00000001")
        case .invalidCRC64:
            Row(400, "The x-oss-hash-crc64ecma you specified does not match what we calculated.")
        case .invalidDigest: Row(400, "The Content-MD5 you specified was invalid.", "0017-00000503")
        case .invalidEncryptionAlgorithmError:
            Row(400, "The Encryption request you specified is not valid. Supported value: AES256/SM4/KMS.")
        case .invalidObjectName: Row(400, "The specified object is not valid.")
        case .invalidPart:
            Row(
                400,
                "One or more of the specified parts could not be found or the specified entity tag might not have"
                    + " matched the part's entity tag.")
        case .invalidPartOrder: Row(400, "The list of parts was not in ascending order.", "0042-00000209")
        case .invalidPolicyDocument: Row(400, "The content of the form does not meet the conditions of the policy.")
        case .invalidRange: Row(416, "The requested range cannot be satisfied")
        case .invalidRequest: Row(400, "The request is invalid.")
        case .invalidTag: Row(400, "The TagKey you have provided is invalid.")
        case .invalidSecurityToken: Row(403, "The security token you provided is invalid.")
        case .invalidTargetType:
            Row(400, "The symbolic's target file type is invalid", "0026-00000011")
        case .malformedXML:
            Row(
                400,
                "The XML you provided was not well-formed or did not validate against our published schema.",
                "0042-00000205")
        case .methodNotAllowed:
            Row(405, "The specified method is not allowed against this resource.", "0003-00000016")
        case .missingArgument: Row(400, "Missing Some Required Arguments.", "0016-00000502")
        case .missingContentLength: Row(411, "You must provide the Content-Length HTTP header.")
        case .noSuchBucket: Row(404, "The specified bucket does not exist.", "0015-00000101")
        case .noSuchKey: Row(404, "The specified key does not exist.", "0026-00000001")
        case .noSuchUpload:
            Row(
                404,
                "The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted"
                    + " or completed.", "0042-00000002")
        case .noSuchVersion: Row(404, "The specified version does not exist.")
        case .notImplemented: Row(400, "A header you provided implies functionality that is not implemented.")
        case .notSymlink: Row(400, "The object is not symlink.", "0043-00000101")
        case .objectNotAppendable: Row(409, "The object is not appendable.")
        case .positionNotEqualToLength: Row(409, "Position is not equal to file length", "0026-00000016")
        case .preconditionFailed:
            Row(412, "At least one of the pre-conditions you specified did not hold.", "0017-00001001")
        case .quotaExceeded: Row(403, "The storage capacity of the account is exhausted.")
        case .repeatedTags: Row(400, "Tag keys must be unique.")
        case .requestTimeTooSkewed:
            Row(403, "The difference between the request time and the current time is too large.", "0002-00000504")
        case .requestTimeout:
            Row(
                400,
                "Your socket connection to the server was not read from or written to within the timeout period."
                    + " Idle connections will be closed.")
        case .secondLevelDomainForbidden: Row(403, "Please use virtual hosted style to access.")
        case .securityTokenExpired: Row(403, "The security token you provided has expired.")
        case .securityTokenNotSupported: Row(403, "This interface does not support security token.")
        case .serviceUnavailable: Row(503, "Please reduce your request rate or try again later.")
        case .signatureDoesNotMatch:
            Row(
                403,
                "The request signature we calculated does not match the signature you provided."
                    + " Check your key and signing method.")
        case .symlinkTargetNotExist:
            Row(404, "The symlink target object does not exist.", "0026-00000012")
        case .tooManyBuckets: Row(400, "You have attempted to create more buckets than allowed.")
        case .tooManyTags: Row(400, "The bucket tags num is beyond limit.")
        }
    }
}
