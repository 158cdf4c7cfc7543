import OSSKit
import SessionModels

/// A file of a user's workspace and the key that the plan fixes for it.
struct WorkspaceFile: Sendable {
    /// Whose it is.
    let user: UserID
    /// The chapter; its segments may stand in a key.
    let chapter: String
    /// The file's name.
    let filename: String
    /// `user/{user}/workspace/{chapter}/{filename}`.
    let key: ObjectKey

    /// Names a file; chapter and file name were judged by `WorkspaceName`.
    ///
    /// - Throws: 422 if the key is longer than a store takes.
    init(user: UserID, chapter: String, filename: String) throws(APIProblem) {
        self.user = user
        self.chapter = chapter
        self.filename = filename
        do {
            key = try ObjectKey("user/\(user.text)/workspace/\(chapter)/\(filename)")
        } catch {
            throw APIProblem(.validationError, "chapter_id and filename are too long")
        }
    }
}
