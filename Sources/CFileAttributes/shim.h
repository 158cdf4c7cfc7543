/* The attributes of files that the system library's Swift module leaves out. */
#if defined(__linux__)
#include <sys/xattr.h>
#endif
