/// What an operator can choose about a store.
package struct StoreConfiguration: Sendable {
    /// The folder that holds everything; made when it is missing, never shared with a second process.
    package var folder: String
    /// Where the files lie instead of in the folder; nil means that they lie there.
    package var disk: (any Disk)?
    /// The greatest body, in bytes, that is kept inside the database; from one byte more on it is a blob file.
    ///
    /// More than 1 MiB is taken as 1 MiB, since that much is gathered in memory before a file is made.
    package var inlineLimitBytes = 32 * 1_024
    /// Writes are refused while fewer bytes are free.
    ///
    /// Nil means the greater of 1 GiB and 2 % of the volume, but at most a quarter of it.
    package var freeSpaceFloorBytes: Int64?
    /// The most requests that share one commit.
    package var groupLimitRequests = 128
    /// The most bytes of small bodies and keys that share one commit.
    package var groupLimitBytes = 4 * 1_024 * 1_024
    /// How many bytes are written to the database's log between two checkpoints, about; fewer on a small volume.
    package var checkpointBytes = 16 * 1_024 * 1_024
    /// The most requests that may wait for the committer; one more is told to come back later.
    package var waitingLimitRequests = 4_096
    /// The most bytes of rows and small bodies that are kept in memory for reads; 0 keeps none.
    package var cacheLimitBytes = 32 * 1_024 * 1_024
    /// The most chunks, of 1 MiB at most, that are read before their readers want them; 0 reads none ahead.
    package var chunksAheadLimit = 64
    /// How many bytes of bodies may be in memory for all readers together before they get small pieces.
    package var readMemoryLimitBytes = 256 * 1_024 * 1_024
    /// How many of those bytes readers have passed on to somebody who has not sent them yet.
    package var bytesBeingSent: @Sendable () -> Int = { 0 }
    /// How old a file without a row must be before it is marked, and then again before it is removed, in milliseconds.
    package var orphanAgeMilliseconds: Int64 = 24 * 60 * 60 * 1_000
    /// How many threads read, write and flush blob files.
    package var ioThreads = 8
    /// How many read-only database connections there are, each with a thread of its own.
    package var readConnections = 4
    /// The most buckets that one owner may have.
    package var bucketsPerOwnerLimit = 1_000

    /// Takes a disk in the place of a folder; everything else has its usual value.
    package init(disk: any Disk) {
        self.folder = ""
        self.disk = disk
    }

    /// Takes the folder; everything else has its usual value.
    package init(folder: String) {
        self.folder = folder
    }
}
