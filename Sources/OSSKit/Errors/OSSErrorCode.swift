/// The error codes that this project answers, each with its HTTP status, usual message and usual EC.
///
/// Source: oss-wire facts 3 and 7 (OSS API reference, error code tables and EC pages).
public enum OSSErrorCode: String, Sendable, CaseIterable {
    case accessDenied = "AccessDenied"
    case accessForbidden = "AccessForbidden"
    case accessKeyIDAndSecurityTokenNotMatch = "AccessKeyIdAndSecurityTokenNotMatch"
    case badRequest = "BadRequest"
    case bucketAlreadyExists = "BucketAlreadyExists"
    case bucketCallbackPolicyNotExist = "BucketCallbackPolicyNotExist"
    case bucketNotEmpty = "BucketNotEmpty"
    case bucketReplicationAlreadyExist = "BucketReplicationAlreadyExist"
    case callbackFailed = "CallbackFailed"
    case corsRuleBeyondLimit = "CORSRuleBeyondLimit"
    case entityTooLarge = "EntityTooLarge"
    case entityTooSmall = "EntityTooSmall"
    case fieldItemTooLong = "FieldItemTooLong"
    case fileAlreadyExists = "FileAlreadyExists"
    case fileImmutable = "FileImmutable"
    case incorrectNumberOfFilesInPOSTRequest = "IncorrectNumberOfFilesInPOSTRequest"
    case incompleteBody = "IncompleteBody"
    case internalError = "InternalError"
    case invalidAccessKeyId = "InvalidAccessKeyId"
    case invalidArgument = "InvalidArgument"
    case invalidBucketName = "InvalidBucketName"
    case invalidCRC64 = "InvalidCRC64"
    case invalidDigest = "InvalidDigest"
    case invalidEncryptionAlgorithmError = "InvalidEncryptionAlgorithmError"
    case invalidEncryptionRequest = "InvalidEncryptionRequest"
    case invalidObjectName = "InvalidObjectName"
    case invalidObjectState = "InvalidObjectState"
    case invalidPart = "InvalidPart"
    case invalidPartOrder = "InvalidPartOrder"
    case invalidPolicyDocument = "InvalidPolicyDocument"
    case invalidRange = "InvalidRange"
    case invalidRequest = "InvalidRequest"
    case invalidSecurityToken = "InvalidSecurityToken"
    case invalidTag = "InvalidTag"
    case invalidTargetBucketForLogging = "InvalidTargetBucketForLogging"
    case invalidTargetType = "InvalidTargetType"
    case invalidWORMConfiguration = "InvalidWORMConfiguration"
    case inventoryAlreadyExist = "InventoryAlreadyExist"
    case inventoryExceedLimit = "InventoryExceedLimit"
    case malformedPOSTRequest = "MalformedPOSTRequest"
    case malformedXML = "MalformedXML"
    case maxPOSTPreDataLengthExceededError = "MaxPOSTPreDataLengthExceededError"
    case methodNotAllowed = "MethodNotAllowed"
    case missingArgument = "MissingArgument"
    case missingContentLength = "MissingContentLength"
    case needVerifyDomainOwnership = "NeedVerifyDomainOwnership"
    case noSuchBucket = "NoSuchBucket"
    case noSuchBucketPolicy = "NoSuchBucketPolicy"
    case noSuchCnameToken = "NoSuchCnameToken"
    case noSuchConfiguration = "NoSuchConfiguration"
    case noSuchCORSConfiguration = "NoSuchCORSConfiguration"
    case noSuchInventory = "NoSuchInventory"
    case noSuchKey = "NoSuchKey"
    case noSuchLifecycle = "NoSuchLifecycle"
    case noSuchLiveChannel = "NoSuchLiveChannel"
    case noSuchRedundancyTransition = "NoSuchBucketDataRedundancyTransition"
    case noSuchRegion = "NoSuchRegion"
    case noSuchReplicationConfiguration = "NoSuchReplicationConfiguration"
    case noSuchReplicationRule = "NoSuchReplicationRule"
    case noSuchServerSideEncryptionRule = "NoSuchServerSideEncryptionRule"
    case noSuchStyle = "NoSuchStyle"
    case noSuchTransferAccelerationConfiguration = "NoSuchTransferAccelerationConfiguration"
    case noSuchUpload = "NoSuchUpload"
    case noSuchUserDefinedLogFieldsConfig = "NoSuchUserDefinedLogFieldsConfig"
    case noSuchVersion = "NoSuchVersion"
    case noSuchWebsiteConfiguration = "NoSuchWebsiteConfiguration"
    case noSuchWORMConfiguration = "NoSuchWORMConfiguration"
    case notImplemented = "NotImplemented"
    case notSymlink = "NotSymlink"
    case objectNotAppendable = "ObjectNotAppendable"
    case operationNotSupported = "OperationNotSupported"
    case positionNotEqualToLength = "PositionNotEqualToLength"
    case preconditionFailed = "PreconditionFailed"
    case quotaExceeded = "QuotaExceeded"
    case repeatedTags = "RepeatedTags"
    case requestIsNotMultiPartContent = "RequestIsNotMultiPartContent"
    case requestTimeout = "RequestTimeout"
    case requestTimeTooSkewed = "RequestTimeTooSkewed"
    case restoreAlreadyInProgress = "RestoreAlreadyInProgress"
    case secondLevelDomainForbidden = "SecondLevelDomainForbidden"
    case securityTokenExpired = "SecurityTokenExpired"
    case securityTokenNotSupported = "SecurityTokenNotSupported"
    case serviceUnavailable = "ServiceUnavailable"
    case signatureDoesNotMatch = "SignatureDoesNotMatch"
    case symlinkTargetNotExist = "SymlinkTargetNotExist"
    case tooManyBuckets = "TooManyBuckets"
    case tooManyTags = "TooManyTags"
    case wormConfigurationAlreadyExists = "WORMConfigurationAlreadyExists"
    case wormConfigurationLocked = "WORMConfigurationLocked"

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
        case .accessForbidden:
            Row(
                403,
                "CORSResponse: This CORS request is not allowed. This is usually because the evalution of"
                    + " Origin, request method / Access-Control-Request-Method or Access-Control-Requet-Headers are"
                    + " not whitelisted by the resource's CORS spec.")
        case .accessKeyIDAndSecurityTokenNotMatch:
            Row(403, "The OSS access key id and security token you provided does not match.")
        case .badRequest: Row(400, "The request is malformed.")
        case .bucketAlreadyExists:
            Row(
                409,
                "The requested bucket name is not available. The bucket namespace is shared by all users of the system."
                    + " Please select a different name and try again.", "0015-00000104")
        case .bucketCallbackPolicyNotExist: Row(404, "The bucket callback policy does not exist.")
        case .bucketNotEmpty: Row(409, "The bucket has objects. Please delete them first.", "0015-00000301")
        case .bucketReplicationAlreadyExist:
            Row(400, "A replication rule for this destination and these prefixes already exists.")
        case .callbackFailed: Row(203, "The callback failed.", "0007-00000203")
        case .corsRuleBeyondLimit: Row(400, "The CORS Rules num is beyond limit.")
        case .entityTooLarge: Row(400, "Your proposed upload exceeds the maximum allowed size.")
        case .entityTooSmall: Row(400, "Your proposed upload is smaller than the minimum allowed size.")
        case .fieldItemTooLong: Row(400, "Your name of form field is too long.")
        case .fileAlreadyExists:
            Row(409, "The object you specified already exists and can not be overwritten.", "0026-00000002")
        case .fileImmutable: Row(409, "The object you specified is immutable.")
        case .incorrectNumberOfFilesInPOSTRequest:
            Row(400, "POST requires exactly one file upload per request.")
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
        case .invalidEncryptionRequest: Row(400, "The encryption request you specified is not valid.")
        case .invalidObjectName: Row(400, "The specified object is not valid.")
        case .invalidObjectState: Row(403, "The operation is not valid for the object's state.")
        case .invalidPart:
            Row(
                400,
                "One or more of the specified parts could not be found or the specified entity tag might not have"
                    + " matched the part's entity tag.")
        case .invalidPartOrder: Row(400, "The list of parts was not in ascending order.", "0042-00000209")
        case .invalidPolicyDocument: Row(400, "The content of the form does not meet the conditions of the policy.")
        case .invalidRange: Row(416, "The requested range cannot be satisfied")
        case .invalidRequest: Row(400, "The request is invalid.")
        case .invalidSecurityToken: Row(403, "The security token you provided is invalid.")
        case .invalidTag: Row(400, "The TagKey you have provided is invalid.")
        case .invalidTargetBucketForLogging: Row(400, "The target bucket for logging does not exist or is not yours.")
        case .invalidTargetType:
            Row(400, "The symbolic's target file type is invalid", "0026-00000011")
        case .invalidWORMConfiguration: Row(400, "Invalid WORM Configuration.")
        case .inventoryAlreadyExist: Row(409, "The inventory configuration already exists.")
        case .inventoryExceedLimit: Row(400, "The number of inventory configurations exceeds the limit.")
        case .malformedPOSTRequest:
            Row(400, "The body of your POST request is not well-formed multipart/form-data.")
        case .malformedXML:
            Row(
                400,
                "The XML you provided was not well-formed or did not validate against our published schema.",
                "0042-00000205")
        case .maxPOSTPreDataLengthExceededError:
            Row(400, "Your POST request fields preceding the upload file were too large.")
        case .methodNotAllowed:
            Row(405, "The specified method is not allowed against this resource.", "0003-00000016")
        case .missingArgument: Row(400, "Missing Some Required Arguments.", "0016-00000502")
        case .missingContentLength: Row(411, "You must provide the Content-Length HTTP header.")
        case .needVerifyDomainOwnership:
            Row(403, "You need to verify the domain ownership of the specified domain.", "0018-00000115")
        case .noSuchBucket: Row(404, "The specified bucket does not exist.", "0015-00000101")
        case .noSuchBucketPolicy: Row(404, "The specified bucket policy does not exist.")
        case .noSuchCnameToken: Row(404, "The specified cname token does not exist.")
        case .noSuchConfiguration: Row(404, "The specified configuration does not exist.")
        case .noSuchCORSConfiguration: Row(404, "The CORS Configuration does not exist.", "0034-00000001")
        case .noSuchInventory: Row(404, "No Row found in Inventory Table.")
        case .noSuchKey: Row(404, "The specified key does not exist.", "0026-00000001")
        case .noSuchLifecycle: Row(404, "No Row found in Lifecycle Table.")
        case .noSuchLiveChannel: Row(404, "The specified live channel does not exist.")
        case .noSuchRedundancyTransition: Row(404, "The specified redundancy transition does not exist.")
        case .noSuchRegion: Row(404, "The specified region does not exist.")
        case .noSuchReplicationConfiguration:
            Row(404, "The bucket you specified does not have replication configuration.")
        case .noSuchReplicationRule: Row(404, "The BucketReplicationRule you specified does not exist.")
        case .noSuchServerSideEncryptionRule: Row(404, "The server side encryption configuration was not found.")
        case .noSuchStyle: Row(404, "The specified style does not exist.")
        case .noSuchTransferAccelerationConfiguration:
            Row(404, "The bucket you specified does not have transfer acceleration configuration.")
        case .noSuchUpload:
            Row(
                404,
                "The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted"
                    + " or completed.", "0042-00000002")
        case .noSuchUserDefinedLogFieldsConfig: Row(404, "The user defined log fields configuration does not exist.")
        case .noSuchVersion: Row(404, "The specified version does not exist.")
        case .noSuchWebsiteConfiguration: Row(404, "The specified bucket does not have a website configuration.")
        case .noSuchWORMConfiguration: Row(404, "The WORM Configuration does not exist.")
        case .notImplemented: Row(400, "A header you provided implies functionality that is not implemented.")
        case .notSymlink: Row(400, "The object is not symlink.", "0043-00000101")
        case .objectNotAppendable: Row(409, "The object is not appendable.")
        case .operationNotSupported:
            Row(400, "The operation is not supported for this resource", "0016-00000702")
        case .positionNotEqualToLength: Row(409, "Position is not equal to file length", "0026-00000016")
        case .preconditionFailed:
            Row(412, "At least one of the pre-conditions you specified did not hold.", "0017-00001001")
        case .quotaExceeded: Row(403, "The storage capacity of the account is exhausted.")
        case .repeatedTags: Row(400, "Tag keys must be unique.")
        case .requestIsNotMultiPartContent:
            Row(400, "Bucket POST must be of the enclosure-type multipart/form-data.")
        case .requestTimeTooSkewed:
            Row(403, "The difference between the request time and the current time is too large.", "0002-00000504")
        case .requestTimeout:
            Row(
                400,
                "Your socket connection to the server was not read from or written to within the timeout period."
                    + " Idle connections will be closed.")
        case .restoreAlreadyInProgress: Row(409, "The restore operation is in progress.", "0016-00000719")
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
        case .wormConfigurationAlreadyExists: Row(409, "The WORM Configuration already exists.")
        case .wormConfigurationLocked: Row(403, "The WORM Configuration is locked.")
        }
    }
}
