/* kernel/misc.c - names, limits, groups, affinity. */
#include <config.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>
#include "kernel/copy.h"
#include "kernel/host.h"
#include "kernel/kernel.h"

LP_SYSCALL(uname)
{
    struct utsname u; /* six fields of 65 bytes, as the kernel's struct new_utsname */
    int64_t r = LP_HOST1(__NR_uname, (intptr_t)&u);
    if (r == 0) {
        memset(u.machine, 0, sizeof u.machine);
        strcpy(u.machine, "aarch64");
        r = lp_put(t, a[0], &u, sizeof u);
    }
    return r;
}

/* There is no 32-bit mode; the other bits are this process's, and those that execve hands on reach the next program through it. */
LP_SYSCALL(personality)
{
    return (uint32_t)a[0] != UINT32_MAX && (a[0] & 0xff) == 8 /* PER_LINUX32 */ ? -EINVAL : LP_HOST1(__NR_personality, (uint32_t)a[0]);
}

/* The second index is an address for KCMP_EPOLL_TFD, descriptors for KCMP_FILE (of these processes, whose engines hide theirs), else nothing. */
LP_SYSCALL(kcmp)
{
    const bool slot = (int)a[2] == 7; /* KCMP_EPOLL_TFD: struct kcmp_epoll_slot */
    return lp_pass(t, slot ? "iiiuP12" : "iiiuu", a);
}

/* ---- limits ---- */
/* Limits of the host process that would hit the engine's own memory and descriptors are kept here instead. */
static struct rlimit *kept_limit(struct lp_kernel *k, int resource)
{
    switch (resource) {
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

/* The limits that execve hands on, and that the new lprun cannot read from its own process. */
static void handed_on(struct lp_kernel *k, struct rlimit *out[4])
{
    struct rlimit *const all[4] = {&k->limit_as, &k->limit_data, &k->limit_stack, &k->limit_nofile};
    memcpy(out, all, sizeof all);
}

void lp_limits_print(struct lp_kernel *k, char *out, size_t size)
{
    struct rlimit *l[4];
    size_t n = 0;
    handed_on(k, l);
    pthread_mutex_lock(&k->limit_lock);
    for (int i = 0; i < 4 && n < size; i++)
        n += (size_t)snprintf(out + n, size - n, "%s%llx:%llx", i ? ":" : "", (unsigned long long)l[i]->rlim_cur, (unsigned long long)l[i]->rlim_max);
    pthread_mutex_unlock(&k->limit_lock);
}

bool lp_limits_parse(struct lp_kernel *k, const char *text)
{
    struct rlimit *l[4];
    unsigned long long v[8];
    char rest;
    handed_on(k, l);
    if (sscanf(text, "%llx:%llx:%llx:%llx:%llx:%llx:%llx:%llx%c", v, v + 1, v + 2, v + 3, v + 4, v + 5, v + 6, v + 7, &rest) != 8)
        return false;
    for (int i = 0; i < 3; i++)
        *l[i] = (struct rlimit){v[2 * i], v[2 * i + 1]};
    if (v[7] < l[3]->rlim_max) /* the soft one is the host's */
        l[3]->rlim_max = v[7];
    return true;
}

/* For a program of the host: the process really gets the guest's soft limits; `saved` is for going back when execve failed. */
void lp_limits_to_host(struct lp_kernel *k, struct rlimit saved[3])
{
    static const int resource[3] = {RLIMIT_AS, RLIMIT_DATA, RLIMIT_STACK};
    struct rlimit *l[4];
    handed_on(k, l);
    for (int i = 0; i < 3; i++) {
        getrlimit(resource[i], &saved[i]);
        struct rlimit now = {l[i]->rlim_cur < saved[i].rlim_max ? l[i]->rlim_cur : saved[i].rlim_max, saved[i].rlim_max};
        setrlimit(resource[i], &now);
    }
}

void lp_limits_undo(const struct rlimit saved[3])
{
    setrlimit(RLIMIT_AS, &saved[0]);
    setrlimit(RLIMIT_DATA, &saved[1]);
    setrlimit(RLIMIT_STACK, &saved[2]);
}

/* Descriptors: the host enforces the guest's soft limit; the hard one stays the host's, for the engine. */
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

static int64_t change_limit(struct lp_kernel *k, int resource, const struct rlimit *set, struct rlimit *old)
{
    struct rlimit *l = kept_limit(k, resource);
    int64_t r = 0;
    pthread_mutex_lock(&k->limit_lock);
    *old = *l;
    if (set) {
        if (set->rlim_cur > set->rlim_max)
            r = -EINVAL;
        else if (set->rlim_max > l->rlim_max && geteuid() != 0)
            r = -EPERM;
        else if (resource == RLIMIT_NOFILE)
            r = set_host_nofile(set);
        if (!r)
            *l = *set;
    }
    pthread_mutex_unlock(&k->limit_lock);
    return r;
}

static int64_t limit(struct lp_thread *t, int pid, int resource, uint64_t new_addr, uint64_t old_addr)
{
    struct rlimit set, old;
    int64_t r = new_addr ? lp_get(t, &set, new_addr, sizeof set) : 0;
    if (r)
        return r;
    if ((pid == 0 || pid == getpid()) && kept_limit(t->k, resource))
        r = change_limit(t->k, resource, new_addr ? &set : NULL, &old);
    else
        r = LP_HOST4(__NR_prlimit64, pid, resource, (intptr_t)(new_addr ? &set : NULL), (intptr_t)&old);
    return r == 0 && old_addr ? lp_put(t, old_addr, &old, sizeof old) : r;
}

LP_SYSCALL(prlimit64) { return limit(t, (int)a[0], (int)a[1], a[2], a[3]); }
LP_SYSCALL(getrlimit) { return a[1] ? limit(t, 0, (int)a[0], 0, a[1]) : -EFAULT; }
LP_SYSCALL(setrlimit) { return a[1] ? limit(t, 0, (int)a[0], a[1], 0) : -EFAULT; }

/* ---- groups, affinity: (n, list) and (pid, n, mask) ---- */
LP_SYSCALL(groups)
{
    void *p;
    if ((int)a[0] < 0 || (int)a[0] > 65536)
        return -EINVAL;
    if (!lp_user(t, a[1], (uint64_t)(int)a[0] * 4, &p))
        return -EFAULT;
    return LP_HOST2(t->call.row->host_nr, (int)a[0], (intptr_t)p);
}

LP_SYSCALL(sched_affinity)
{
    void *p;
    if (!lp_user(t, a[2], (uint32_t)a[1], &p))
        return -EFAULT;
    return LP_HOST3(t->call.row->host_nr, (int)a[0], (uint32_t)a[1], (intptr_t)p);
}
