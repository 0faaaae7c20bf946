/* kernel/pass.c - system calls that the host has as well: the row's signature says what each argument is. */
#include <config.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include "kernel/flags.h"
#include "kernel/host.h"
#include "kernel/kernel.h"

/* How far: paths so far, and the directory of the next one. */
struct progress { int paths, dirfd; };

/* One argument made the host's. *sig is behind its letter; digits are consumed. */
static int convert(struct lp_thread *t, char letter, const char **sig, const uint64_t *a, int i, struct progress *at, long *out)
{
    void *p = NULL;
    uint64_t len = 0;
    switch (letter) {
    case 'D':
        at->dirfd = (int)a[i]; /* fall through */
    case 'd':
        *out = (int)a[i];
        return lp_fd_check(t, (int)a[i]);
    case 's': {
        const char *path = NULL;
        int r = a[i] ? lp_user_path_at(t, at->paths++, at->dirfd, a[i], &path) : 0;
        *out = (long)(intptr_t)path;
        return r;
    }
    case 'O':
        *out = lp_open_flags_to_host((uint32_t)a[i]);
        return 0;
    case '-':
        *out = 0;
        return 0;
    case 'S':
        len = 1;
        break;
    case 'b':
    case 'B':
        len = **sig == 'u' ? a[i + 1] : 0;
        break;
    case 'P':
        len = strtoul(*sig, (char **)sig, 10);
        break;
    default:
        *out = (long)a[i];
        return 0;
    }
    if (!lp_user(t, a[i], len, &p))
        return -EFAULT;
    *out = (long)(intptr_t)p;
    return 0;
}

static int convert_all(struct lp_thread *t, const uint64_t *a, long *h)
{
    const char *sig = t->call.row->signature;
    struct progress at = {0, AT_FDCWD};
    for (int i = 0; i < 6 && *sig && *sig != ':'; i++) {
        char letter = *sig++;
        int r = convert(t, letter, &sig, a, i, &at, &h[i]);
        if (r)
            return r;
    }
    return 0;
}

LP_SYSCALL(pass)
{
    long h[6] = {0};
    int r = convert_all(t, a, h);
    return r ? r : lp_host_raw(t->call.row->host_nr, h[0], h[1], h[2], h[3], h[4], h[5]);
}

LP_SYSCALL(block)
{
    long h[6] = {0};
    int r = convert_all(t, a, h);
    return r ? r : lp_host_syscall(t, t->call.row->host_nr, h[0], h[1], h[2], h[3], h[4], h[5]);
}
