import OSSKit

/// Here a tag is an object's, not a test's.
typealias Tag = OSSKit.Tag
