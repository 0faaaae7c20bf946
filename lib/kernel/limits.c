/* kernel/limits.c - limits that the engine keeps for the guest: see limits.h. */
#include <config.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "base/error.h"
#include "kernel/copy.h"
#include "kernel/host.h"
#include "kernel/limits.h"
#include "mem/grow.h"

/* The engine's descriptors are behind all that the guest may have, unless that is very much: the host's table is as long as the highest number (8 bytes
 * each), and fork copies it. Then they are above what programs use. */
#define MOST_FDS 65536
#define ENGINE_FDS_AT (16384 - LP_ENGINE_FDS)
#define OWN_STACK ((rlim_t)8 << 20)

static const int resource[LP_LIMITS] = {RLIMIT_AS, RLIMIT_DATA, RLIMIT_STACK, RLIMIT_NOFILE};

static void kept(struct lp_kernel *k, struct rlimit *out[LP_LIMITS])
{
    struct rlimit *const all[LP_LIMITS] = {&k->limit_as, &k->limit_data, &k->limit_stack, &k->limit_nofile};
    memcpy(out, all, sizeof all);
}

/* ---- of the process ---- */

/* At least n, or as much as there may be; who is privileged may have more than the hard limit. */
static void raise_to(int which, rlim_t n)
{
    struct rlimit now, want;
    if (getrlimit(which, &now) || now.rlim_cur >= n)
        return;
    want = (struct rlimit){n, now.rlim_max > n ? now.rlim_max : n};
    if (setrlimit(which, &want) == 0)
        return;
    want = (struct rlimit){now.rlim_max < n ? now.rlim_max : n, now.rlim_max};
    setrlimit(which, &want);
}

void lp_limits_lift(struct rlimit before[LP_LIMITS], bool again)
{
    for (int i = 0; i < LP_LIMITS; i++)
        getrlimit(resource[i], &before[i]);
    raise_to(RLIMIT_AS, RLIM_INFINITY);
    raise_to(RLIMIT_DATA, RLIM_INFINITY);
    raise_to(RLIMIT_STACK, OWN_STACK);
    rlim_t fds = before[LP_LIMIT_NOFILE].rlim_max;
    if (!again)
        fds = (fds <= MOST_FDS ? fds : ENGINE_FDS_AT) + LP_ENGINE_FDS;
    raise_to(RLIMIT_NOFILE, fds);
}

void lp_limits_restore(const struct rlimit before[LP_LIMITS])
{
    for (int i = 0; i < LP_LIMITS; i++)
        setrlimit(resource[i], &before[i]);
}

/* Where the hard limit cannot be raised, the guest has less; where it is so low that the guest needs it all, the engine has no descriptors. */
lp_status lp_limits_init(struct lp_kernel *k, struct lp_error *err)
{
    struct rlimit *l[LP_LIMITS], host;
    kept(k, l);
    for (int i = 0; i < LP_LIMITS; i++)
        if (getrlimit(resource[i], l[i]))
            return lp_fail_sys(err, LP_E_SYSTEM, errno, "getrlimit");
    host = *l[LP_LIMIT_NOFILE];
    k->fds_apart = host.rlim_max > MOST_FDS + LP_ENGINE_FDS;
    if (k->fds_apart)
        k->first_engine_fd = ENGINE_FDS_AT;
    else
        k->first_engine_fd = (int)(host.rlim_max >= 2 * LP_ENGINE_FDS ? host.rlim_max - LP_ENGINE_FDS : host.rlim_max);
    lp_limits_keep(k, (struct rlimit[LP_LIMITS]){*l[0], *l[1], *l[2], *l[3]});
    host.rlim_cur = host.rlim_cur < k->limit_nofile.rlim_cur ? host.rlim_cur : k->limit_nofile.rlim_cur;
    return setrlimit(RLIMIT_NOFILE, &host) ? lp_fail_sys(err, LP_E_SYSTEM, errno, "setrlimit(RLIMIT_NOFILE)") : LP_OK;
}

void lp_limits_keep(struct lp_kernel *k, const struct rlimit before[LP_LIMITS])
{
    struct rlimit *l[LP_LIMITS], *n = &k->limit_nofile;
    rlim_t most = (rlim_t)k->first_engine_fd;
    kept(k, l);
    for (int i = 0; i < LP_LIMITS; i++)
        *l[i] = before[i];
    if (!k->fds_apart && n->rlim_max > most)
        n->rlim_max = most;
    if (n->rlim_cur > n->rlim_max)
        n->rlim_cur = n->rlim_max;
}

/* The host's soft limit of descriptors is the guest's. */
static int64_t set_host_nofile(const struct rlimit *set)
{
    struct rlimit h;
    if (getrlimit(RLIMIT_NOFILE, &h))
        return -errno;
    if (h.rlim_max < set->rlim_max) /* root may raise it */
        h.rlim_max = set->rlim_max;
    h.rlim_cur = set->rlim_cur;
    return setrlimit(RLIMIT_NOFILE, &h) ? -errno : 0;
}

void lp_limits_begin(struct lp_kernel *k) { set_host_nofile(&k->limit_nofile); }

/* ---- across execve ---- */

void lp_limits_print(struct lp_kernel *k, char *out, size_t size)
{
    struct rlimit *l[LP_LIMITS];
    size_t n = 0;
    kept(k, l);
    pthread_mutex_lock(&k->limit_lock);
    for (int i = 0; i < LP_LIMITS && n < size; i++)
        n += (size_t)snprintf(out + n, size - n, "%s%llx:%llx", i ? ":" : "", (unsigned long long)l[i]->rlim_cur, (unsigned long long)l[i]->rlim_max);
    pthread_mutex_unlock(&k->limit_lock);
}

bool lp_limits_parse(struct lp_kernel *k, const char *text)
{
    struct rlimit now[LP_LIMITS];
    unsigned long long v[8];
    char rest;
    if (sscanf(text, "%llx:%llx:%llx:%llx:%llx:%llx:%llx:%llx%c", v, v + 1, v + 2, v + 3, v + 4, v + 5, v + 6, v + 7, &rest) != 8)
        return false;
    for (int i = 0; i < LP_LIMITS; i++)
        now[i] = (struct rlimit){v[2 * i], v[2 * i + 1]};
    lp_limits_keep(k, now);
    return true;
}

/* Root of a container or of a user namespace may not. */
static bool may_raise(void)
{
    struct rlimit now, more;
    if (geteuid() != 0 || getrlimit(RLIMIT_NOFILE, &now))
        return false;
    more = (struct rlimit){now.rlim_cur, now.rlim_max + 1};
    return setrlimit(RLIMIT_NOFILE, &more) == 0 && setrlimit(RLIMIT_NOFILE, &now) == 0;
}

/* Who may not raise hard limits again keeps them, for when execve fails. */
void lp_limits_to_host(struct lp_kernel *k, struct rlimit saved[LP_LIMITS])
{
    struct rlimit *l[LP_LIMITS];
    bool all = may_raise();
    kept(k, l);
    for (int i = 0; i < LP_LIMITS; i++) {
        getrlimit(resource[i], &saved[i]);
        rlim_t max = all ? l[i]->rlim_max : saved[i].rlim_max;
        struct rlimit now = {l[i]->rlim_cur < max ? l[i]->rlim_cur : max, max};
        setrlimit(resource[i], &now);
    }
}

void lp_limits_to_engine(struct lp_kernel *k, struct rlimit saved[LP_LIMITS])
{
    for (int i = 0; i < LP_LIMITS; i++)
        getrlimit(resource[i], &saved[i]);
    raise_to(RLIMIT_NOFILE, (rlim_t)k->first_engine_fd + LP_ENGINE_FDS);
}

/* ---- the guest's calls ---- */

static struct rlimit *kept_limit(struct lp_kernel *k, int what)
{
    switch (what) {
    case RLIMIT_AS:
        return &k->limit_as;
    case RLIMIT_DATA:
        return &k->limit_data;
    case RLIMIT_STACK:
        return &k->limit_stack;
    case RLIMIT_NOFILE:
        return &k->limit_nofile;
    default:
        return NULL;
    }
}

static int64_t change_limit(struct lp_kernel *k, int what, const struct rlimit *set, struct rlimit *old)
{
    struct rlimit *l = kept_limit(k, what);
    int64_t r = 0;
    pthread_mutex_lock(&k->limit_lock);
    *old = *l;
    if (set) {
        if (set->rlim_cur > set->rlim_max)
            r = -EINVAL;
        else if (set->rlim_max > l->rlim_max && geteuid() != 0)
            r = -EPERM;
        else if (what == RLIMIT_NOFILE)
            r = set_host_nofile(set);
        if (!r)
            *l = *set;
    }
    pthread_mutex_unlock(&k->limit_lock);
    return r;
}

/* The engine lifts it for a moment (lp_fd_memory()). */
static int64_t file_limit(struct lp_kernel *k, const struct rlimit *set, struct rlimit *old)
{
    pthread_mutex_lock(&k->limit_lock);
    int64_t r = LP_HOST4(__NR_prlimit64, 0, RLIMIT_FSIZE, (intptr_t)set, (intptr_t)old);
    pthread_mutex_unlock(&k->limit_lock);
    return r;
}

/* The first thread's stack ends where its limit says, but not above what is in use. */
static void move_stack_end(struct lp_thread *t, uint64_t size)
{
    const struct lp_image *im = &t->k->image;
    bool mine = t->tid == getpid();
    lp_mem_reach(t->k->mem, im->stack_hi, size < LP_STACK_MOST ? size : LP_STACK_MOST, mine ? t->cpu.x[LP_SLOT_SP] : 0);
}

static int64_t limit(struct lp_thread *t, int pid, int what, uint64_t new_addr, uint64_t old_addr)
{
    struct rlimit set, old;
    int64_t r = new_addr ? lp_get(t, &set, new_addr, sizeof set) : 0;
    if (r)
        return r;
    bool mine = pid == 0 || pid == getpid();
    if (mine && kept_limit(t->k, what))
        r = change_limit(t->k, what, new_addr ? &set : NULL, &old);
    else if (mine && what == RLIMIT_FSIZE)
        r = file_limit(t->k, new_addr ? &set : NULL, &old);
    else
        r = LP_HOST4(__NR_prlimit64, pid, what, (intptr_t)(new_addr ? &set : NULL), (intptr_t)&old);
    if (r == 0 && new_addr && mine && what == RLIMIT_STACK)
        move_stack_end(t, set.rlim_cur);
    return r == 0 && old_addr ? lp_put(t, old_addr, &old, sizeof old) : r;
}

LP_SYSCALL(prlimit64) { return limit(t, (int)a[0], (int)a[1], a[2], a[3]); }
LP_SYSCALL(getrlimit) { return a[1] ? limit(t, 0, (int)a[0], 0, a[1]) : -EFAULT; }
LP_SYSCALL(setrlimit) { return a[1] ? limit(t, 0, (int)a[0], a[1], 0) : -EFAULT; }
