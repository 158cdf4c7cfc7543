/// Every limit of the session API, in one place.
///
/// Source: session-api.md 4.4; upload-gateway.md 2.1 and 2.6. Bytes are UTF-8 bytes, characters are code points.
package enum SessionLimits {
    /// The deepest nesting of a JSON body.
    package static let jsonDepth = 64
    /// The largest JSON body in bytes.
    package static let bodyBytes = 4 * 1_024 * 1_024
    /// The largest JSON body of a batch in bytes.
    package static let batchBytes = 16 * 1_024 * 1_024
    /// The largest body of a request that only carries names and numbers, in bytes.
    package static let smallBodyBytes = 64 * 1_024
    /// The longest request target in bytes.
    package static let targetBytes = 8 * 1_024
    /// The longest `input` that a 422 repeats, in bytes.
    package static let echoBytes = 2 * 1_024
    /// The characters of a chapter in a body; in a path there is at least one.
    package static let chapterCharacters = 0...128
    /// The most characters of a course.
    package static let courseCharacters = 0...128
    /// The most characters of a session's title and of a bundle's version.
    package static let titleCharacters = 0...200
    /// The indexes of turns.
    package static let turnIndexes: ClosedRange<Int64> = 0...2_147_483_647
    /// The longest message of a student in bytes.
    package static let userMessageBytes = 256 * 1_024
    /// The longest answer of the companion in bytes.
    package static let companionResponseBytes = 2 * 1_024 * 1_024
    /// The largest outcome of a turn, memory or agent state in bytes.
    package static let documentBytes = 1_024 * 1_024
    /// The longest report in bytes.
    package static let reportBytes = 2 * 1_024 * 1_024
    /// The bytes of a file's name and of each segment of a chapter that becomes part of a key.
    package static let nameBytes = 1...255
    /// The most characters of a key in a request.
    package static let objectKeyCharacters = 0...1_023
    /// The sizes of files that are read from a request; what may be stored is the quota's matter.
    package static let fileSizes: ClosedRange<Int64> = 0...999_999_999_999_999_999
    /// The characters of an email address.
    package static let emailCharacters = 3...254
    /// The characters of a new password.
    package static let passwordCharacters = 8...128
    /// The characters of a device's id.
    package static let deviceCharacters = 1...255
    /// The characters of a display name.
    package static let displayNameCharacters = 0...120
    /// The characters of a refresh token, a verification code or an invite code in a request.
    package static let credentialCharacters = 1...512
    /// The longest access token in bytes.
    package static let accessTokenBytes = 4 * 1_024
    /// The most turns of one session.
    package static let turnsPerSession: Int64 = 100_000
    /// The most turns of one batch.
    package static let turnsPerBatch = 200
    /// The turns of one page of a history, and of one part of a state.
    package static let turnsPerPage: ClosedRange<Int64> = 1...500
    /// The turns of one page where nobody says how many.
    package static let defaultTurnsPerPage: Int64 = 100
    /// About how much text one page of a history holds in bytes; one turn is always there.
    package static let pageBytes: Int64 = 8 * 1_024 * 1_024
    /// The sessions of one page of a list.
    package static let sessionsPerPage: ClosedRange<Int64> = 1...200
    /// The sessions of one page where nobody says how many.
    package static let defaultSessionsPerPage: Int64 = 50
    /// The most sessions that the list of a chapter names.
    package static let sessionsPerChapterList: Int64 = 1_000
    /// The most gaps that a header names.
    package static let gapsPerHeader = 64
    /// The most gaps that a body names.
    package static let gapsPerAnswer: Int64 = 1_000
    /// How long a deleted session can be brought back, in seconds.
    package static let undeleteSeconds: Int64 = 30 * 86_400
    /// How long a change is on record, in seconds.
    package static let changeSeconds: Int64 = 90 * 86_400
    /// How far a client's clock may be off before its times are not looked at, in seconds.
    package static let clockErrorSeconds: Int64 = 86_400
    /// The most text of one session's turns in bytes, so that one answer can hold them all.
    package static let turnBytesPerSession: Int64 = 64 * 1_024 * 1_024
    /// The most sessions of one user.
    package static let sessionsPerUser: Int64 = 20_000
    /// The most other contents that are kept for one turn.
    package static let alternatesPerTurn: Int64 = 16
    /// The most older versions that are kept of one document.
    package static let versionsPerDocument: Int64 = 20
    /// The most unexpired upload URLs of one user.
    package static let pendingUploadsPerUser: Int64 = 64
    /// The most files of one answer of the file list.
    package static let filesPerAnswer = 10_000
    /// The files of one page of the file list.
    package static let filesPerPage: ClosedRange<Int64> = 1...1_000
    /// The files of one page where only a cursor is given.
    package static let defaultFilesPerPage: Int64 = 100
}
