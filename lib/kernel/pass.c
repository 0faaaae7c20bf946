/* kernel/pass.c - system calls that the host has as well: the row's signature says what each argument is. */
#include <config.h>
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include "kernel/copy.h"
#include "kernel/flags.h"
#include "kernel/host.h"
#include "kernel/kernel.h"
#include "kernel/sysroot.h"

/* How far: paths so far, and the directory of the next one. */
struct progress { int paths, dirfd; };

static uint64_t number(const char **sig)
{
    return isdigit((unsigned char)**sig) ? strtoul(*sig, (char **)sig, 10) : 1;
}

/* Bytes of a buffer whose number of elements is the next argument: as large as nothing can be, if it overflows. */
static uint64_t bytes(const char *next, uint64_t count, uint64_t each)
{
    if (*next == 'i')
        count = (int32_t)count > 0 ? (uint32_t)count : 0; /* the host refuses a negative one */
    else if (*next != 'u')
        count = 0;
    return count > UINT64_MAX / each ? UINT64_MAX : count * each;
}

/* As many as the 32-bit length at addr says; NULL is the host's to judge. */
static int length_at(struct lp_thread *t, uint64_t addr, uint64_t *len)
{
    int32_t n = 0;
    int r = addr ? lp_get(t, &n, addr, sizeof n) : 0;
    *len = n > 0 ? (uint64_t)n : 0;
    return r;
}

/* How the row's next path is looked up: a letter is the rule, AT_ flags among the arguments may change it. */
static unsigned path_how(const struct lp_syscall *row, char letter, const uint64_t *a)
{
    uint64_t flags = 0;
    int i = 0;
    if (letter == 'k')
        return LP_PATH_NOFOLLOW | LP_PATH_NEW;
    for (const char *s = row->signature; *s && *s != ':' && i < 6; s++) { /* digits belong to the letter before */
        if (*s == 'A')
            flags = a[i];
        i += *s < '0' || *s > '9';
    }
    if (letter == 's')
        return flags & AT_SYMLINK_NOFOLLOW ? LP_PATH_NOFOLLOW : 0;
    return flags & AT_SYMLINK_FOLLOW ? 0 : LP_PATH_NOFOLLOW;
}

/* One argument made the host's. *sig is behind its letter; digits are consumed. */
static int convert(struct lp_thread *t, char letter, const char **sig, const uint64_t *a, int i, struct progress *at, long *out)
{
    void *p = NULL;
    uint64_t len = 0;
    int r;
    switch (letter) {
    case 'D':
        at->dirfd = (int)a[i]; /* fall through */
    case 'd':
        *out = (int)a[i];
        return lp_fd_check(t, (int)a[i]);
    case 's': case 'n': case 'k': {
        const char *path = NULL;
        r = a[i] ? lp_user_path_how(t, at->paths++, at->dirfd, a[i], path_how(t->call.row, letter, a), &path) : 0;
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
        len = number(sig);
        len = bytes(*sig, i < 5 ? a[i + 1] : 0, len);
        break;
    case 'V':
        if ((r = length_at(t, a[i + 1], &len)) != 0)
            return r;
        break;
    case 'N':
        len = 4;
        break;
    case 'P':
        len = number(sig);
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

int lp_convert(struct lp_thread *t, const char *sig, const uint64_t *a, long h[6])
{
    struct progress at = {0, AT_FDCWD};
    memset(h, 0, 6 * sizeof *h);
    for (int i = 0; i < 6 && *sig && *sig != ':'; i++) {
        char letter = *sig++;
        int r = convert(t, letter, &sig, a, i, &at, &h[i]);
        if (r)
            return r;
    }
    return 0;
}

int64_t lp_pass(struct lp_thread *t, const char *sig, const uint64_t *a)
{
    long h[6];
    int r = lp_convert(t, sig, a, h);
    return r ? r : lp_host_raw(t->call.row->host_nr, h[0], h[1], h[2], h[3], h[4], h[5]);
}

int64_t lp_pass_block(struct lp_thread *t, const char *sig, const uint64_t *a)
{
    long h[6];
    int r = lp_convert(t, sig, a, h);
    return r ? r : lp_host_syscall(t, t->call.row->host_nr, h[0], h[1], h[2], h[3], h[4], h[5]);
}

LP_SYSCALL(pass) { return lp_pass(t, t->call.row->signature, a); }
LP_SYSCALL(block) { return lp_pass_block(t, t->call.row->signature, a); }
