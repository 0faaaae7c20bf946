/* kernel/flags.h - numbers and layouts in which arm64 Linux and the host differ. Pure. */
#ifndef LP_KERNEL_FLAGS_H
#define LP_KERNEL_FLAGS_H
#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

/* open(2) flags as arm64 has them (asm/fcntl.h over asm-generic/fcntl.h). */
enum {
    LP_O_ACCMODE = 3, LP_O_CREAT = 0100, LP_O_EXCL = 0200, LP_O_NOCTTY = 0400, LP_O_TRUNC = 01000, LP_O_APPEND = 02000,
    LP_O_NONBLOCK = 04000, LP_O_DSYNC = 010000, LP_O_ASYNC = 020000, LP_O_DIRECTORY = 040000, LP_O_NOFOLLOW = 0100000,
    LP_O_DIRECT = 0200000, LP_O_LARGEFILE = 0400000, LP_O_NOATIME = 01000000, LP_O_CLOEXEC = 02000000, LP_O_SYNC_BIT = 04000000,
    LP_O_PATH = 010000000, LP_O_TMPFILE_BIT = 020000000,
};
/* Unknown guest flags are dropped, as open() ignores them. _unknown: is there one? (openat2 refuses them.) */
long lp_open_flags_to_host(uint32_t guest);
bool lp_open_flags_unknown(uint64_t guest);
uint32_t lp_open_flags_from_host(long host);

/* struct stat of asm-generic/stat.h: 128 bytes. */
struct lp_stat {
    uint64_t dev, ino;
    uint32_t mode, nlink, uid, gid;
    uint64_t rdev, pad1;
    int64_t size;
    int32_t blksize, pad2;
    int64_t blocks, atime;
    uint64_t atime_nsec;
    int64_t mtime;
    uint64_t mtime_nsec;
    int64_t ctime;
    uint64_t ctime_nsec;
    uint32_t unused[2];
};
_Static_assert(sizeof(struct lp_stat) == 128, "arm64 struct stat");
void lp_stat_from_host(struct lp_stat *out, const struct stat *st);
#endif
