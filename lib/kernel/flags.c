/* kernel/flags.c - open flags and struct stat, guest and host. */
#include <config.h>
#include <fcntl.h>
#include <string.h>
#include "kernel/flags.h"

/* The kernel's own bit, which 64-bit C libraries call 0. */
#if defined __aarch64__
#define HOST_O_LARGEFILE 0400000
#else
#define HOST_O_LARGEFILE 0100000
#endif

static const struct { uint32_t guest; long host; } open_flags[] = {
    {LP_O_CREAT, O_CREAT},         {LP_O_EXCL, O_EXCL},         {LP_O_NOCTTY, O_NOCTTY},     {LP_O_TRUNC, O_TRUNC},
    {LP_O_APPEND, O_APPEND},       {LP_O_NONBLOCK, O_NONBLOCK}, {LP_O_DSYNC, O_DSYNC},       {LP_O_ASYNC, O_ASYNC},
    {LP_O_DIRECTORY, O_DIRECTORY}, {LP_O_NOFOLLOW, O_NOFOLLOW}, {LP_O_DIRECT, O_DIRECT},     {LP_O_LARGEFILE, HOST_O_LARGEFILE},
    {LP_O_NOATIME, O_NOATIME},     {LP_O_CLOEXEC, O_CLOEXEC},   {LP_O_SYNC_BIT, O_SYNC & ~O_DSYNC}, {LP_O_PATH, O_PATH},
    {LP_O_TMPFILE_BIT, O_TMPFILE & ~O_DIRECTORY},
};
#define N_FLAGS (sizeof open_flags / sizeof open_flags[0])

long lp_open_flags_to_host(uint32_t guest)
{
    long host = guest & LP_O_ACCMODE;
    for (size_t i = 0; i < N_FLAGS; i++)
        if (guest & open_flags[i].guest)
            host |= open_flags[i].host;
    return host;
}

bool lp_open_flags_unknown(uint64_t guest)
{
    for (size_t i = 0; i < N_FLAGS; i++)
        guest &= ~(uint64_t)open_flags[i].guest;
    return (guest & ~(uint64_t)LP_O_ACCMODE) != 0;
}

uint32_t lp_open_flags_from_host(long host)
{
    uint32_t guest = host & O_ACCMODE;
    for (size_t i = 0; i < N_FLAGS; i++)
        if (host & open_flags[i].host)
            guest |= open_flags[i].guest;
    return guest;
}

void lp_stat_from_host(struct lp_stat *out, const struct stat *st)
{
    memset(out, 0, sizeof *out);
    out->dev = st->st_dev;
    out->ino = st->st_ino;
    out->mode = st->st_mode;
    out->nlink = (uint32_t)st->st_nlink;
    out->uid = st->st_uid;
    out->gid = st->st_gid;
    out->rdev = st->st_rdev;
    out->size = st->st_size;
    out->blksize = (int32_t)st->st_blksize;
    out->blocks = st->st_blocks;
    out->atime = st->st_atim.tv_sec;
    out->atime_nsec = (uint64_t)st->st_atim.tv_nsec;
    out->mtime = st->st_mtim.tv_sec;
    out->mtime_nsec = (uint64_t)st->st_mtim.tv_nsec;
    out->ctime = st->st_ctim.tv_sec;
    out->ctime_nsec = (uint64_t)st->st_ctim.tv_nsec;
}
