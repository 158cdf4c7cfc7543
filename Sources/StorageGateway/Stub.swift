import OSSKit
struct AuthenticationConfiguration { let region: String; let nowUnixSeconds: Int64 }
struct Pres { let accessKeyID = ""; func verify(with: Secret?) throws(OSSError) {} }
enum Ra { case anonymous; case presented(Pres) }
enum RequestAuthentication { static func read(request: WireRequest, resource: SignedResource, configuration: AuthenticationConfiguration) throws(OSSError) -> Ra { .anonymous }
 static func isAuthenticationParameter(_ i: QueryItem) -> Bool { false } }
enum SubResource { static func isReserved(_ i: QueryItem) -> Bool { false } }
