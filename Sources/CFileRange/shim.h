#pragma once
#include <stdint.h>

// Begins to write a range of a file to the disk and does not wait for it; -1 and errno if that failed. The C library declares what this needs only
// under a macro that the importer does not set.
#ifdef __linux__
extern int sync_file_range(int file, int64_t offset, int64_t count, unsigned int flags);

static inline int begin_writing_range(int file, int64_t offset, int64_t count) {
    const unsigned int write = 2;  // SYNC_FILE_RANGE_WRITE
    return sync_file_range(file, offset, count, write);
}
#else
static inline int begin_writing_range(int file, int64_t offset, int64_t count) {
    (void)file; (void)offset; (void)count;
    return 0;
}
#endif
