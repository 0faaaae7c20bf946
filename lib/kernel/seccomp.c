/* kernel/seccomp.c - see seccomp.h. A filter is kept until the process ends: threads share chains of them. */
#include <config.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "base/buf.h"
#include "base/file.h"
#include "kernel/bpf.h"
#include "kernel/copy.h"
#include "kernel/host.h"
#include "kernel/process.h"
#include "kernel/seccomp.h"
#include "kernel/signal.h"

#define AUDIT_ARCH_AARCH64 UINT32_C(0xc00000b7)
#define PATH_MAX_INSNS 32768 /* of a chain, each filter counted with 4 more */
enum { SET_MODE_STRICT, SET_MODE_FILTER, GET_ACTION_AVAIL };
enum { FLAG_TSYNC = 1, FLAG_LOG = 2, FLAG_SPEC_ALLOW = 4, FLAG_TSYNC_ESRCH = 16 };
/* linux/seccomp.h; the lower as a signed number, the more it takes precedence. */
#define RET_KILL_PROCESS UINT32_C(0x80000000)
#define RET_KILL_THREAD UINT32_C(0)
#define RET_TRAP UINT32_C(0x00030000)
#define RET_ERRNO UINT32_C(0x00050000)
#define RET_USER_NOTIF UINT32_C(0x7fc00000)
#define RET_TRACE UINT32_C(0x7ff00000)
#define RET_LOG UINT32_C(0x7ffc0000)
#define RET_ALLOW UINT32_C(0x7fff0000)
#define RET_ACTION UINT32_C(0xffff0000)

struct lp_seccomp {
    struct lp_seccomp *older;    /* the filter that was there before; NULL = none */
    struct lp_seccomp *next;     /* k->seccomp_all */
    unsigned total;              /* what PATH_MAX_INSNS counts */
    unsigned n;
    struct lp_bpf insn[];
};
static struct lp_seccomp strict; /* the "filter" of strict mode */

/* ---- the call ---- */

static uint32_t evaluate(const struct lp_seccomp *f, const struct lp_seccomp_data *d)
{
    uint32_t r = RET_ALLOW;
    for (; f; f = f->older) {
        uint32_t v = lp_bpf_run(f->insn, d);
        if ((int32_t)(v & RET_ACTION) < (int32_t)(r & RET_ACTION))
            r = v;
    }
    return r;
}

static int64_t trap(struct lp_thread *t, uint32_t data)
{
    struct lp_siginfo info = {.signo = SIGSYS, .err = (int)(data & 0xffff), .code = 1 /* SYS_SECCOMP */, .addr = t->cpu.pc};
    const uint32_t rest[2] = {(uint32_t)t->call.nr, AUDIT_ARCH_AARCH64};
    memcpy(info.rest, rest, sizeof rest);
    lp_signal_force(t, &info);
    return LP_NO_RESULT;
}

/* The thread ends; and the process, if that was its last one, as if by SIGSYS. */
static int64_t kill_thread(struct lp_thread *t)
{
    const uint64_t status[6] = {SIGSYS};
    pthread_mutex_lock(&t->k->thread_lock);
    bool last = t->k->alive == 1;
    pthread_mutex_unlock(&t->k->thread_lock);
    if (!last)
        return lp_sys_exit(t, status);
    lp_kernel_exit(t, 0, SIGSYS);
    return LP_NO_RESULT;
}

static bool strict_allows(struct lp_thread *t, int64_t *r)
{
    switch (t->call.nr) {
    case 63: case 64: case 93: case 139: /* read write exit rt_sigreturn */
        return true;
    default:
        lp_kernel_exit(t, 0, SIGKILL);
        *r = LP_NO_RESULT;
        return false;
    }
}

bool lp_seccomp_allows(struct lp_thread *t, const uint64_t *a, int64_t *r)
{
    const struct lp_seccomp *f = __atomic_load_n(&t->seccomp, __ATOMIC_ACQUIRE);
    if (f == &strict)
        return strict_allows(t, r);
    struct lp_seccomp_data d = {(int32_t)t->call.nr, AUDIT_ARCH_AARCH64, t->cpu.pc, {a[0], a[1], a[2], a[3], a[4], a[5]}};
    uint32_t v = evaluate(f, &d);
    switch (v & RET_ACTION) {
    case RET_LOG:
        lp_log(t->k->log, 2, "seccomp: system call %lld", (long long)d.nr); /* fall through */
    case RET_ALLOW:
        return true;
    case RET_ERRNO:
        *r = (v & 0xffff) > 4095 ? -4095 : -(int64_t)(v & 0xffff);
        return false;
    case RET_TRACE: case RET_USER_NOTIF: /* nobody is there to ask */
        *r = -ENOSYS;
        return false;
    case RET_TRAP:
        *r = trap(t, v);
        return false;
    case RET_KILL_THREAD:
        *r = kill_thread(t);
        return false;
    default:
        lp_kernel_exit(t, 0, SIGSYS);
        *r = LP_NO_RESULT;
        return false;
    }
}

/* ---- a new filter ---- */

static bool may_filter(void)
{
    struct { uint32_t version; int pid; } head = {0x20080522, 0};
    uint32_t caps[6];
    if (LP_HOST1(__NR_prctl, 39 /* PR_GET_NO_NEW_PRIVS */) == 1)
        return true;
    return LP_HOST2(__NR_capget, &head, caps) == 0 && caps[0] >> 21 & 1; /* CAP_SYS_ADMIN */
}

static struct lp_seccomp *new_filter(struct lp_kernel *k, struct lp_seccomp *older, unsigned n)
{
    struct lp_seccomp *f = malloc(sizeof *f + n * sizeof f->insn[0]);
    if (!f)
        return NULL;
    f->older = older;
    f->n = n;
    f->total = n + (older ? older->total + 4 : 0);
    f->next = k->seccomp_all;
    k->seccomp_all = f;
    return f;
}

static bool is_ancestor(const struct lp_seccomp *a, const struct lp_seccomp *of)
{
    while (of && of != a)
        of = of->older;
    return of == a;
}

/* All threads or none: each must have what the caller has, or an ancestor of it. The ID of one that has not, else 0. thread_lock is held. */
static int cannot_sync(const struct lp_thread *t)
{
    for (const struct lp_thread *o = t->k->threads; o; o = o->next)
        if (o != t && o->seccomp && !is_ancestor(o->seccomp, t->seccomp))
            return o->tid;
    return 0;
}

static int64_t attach_locked(struct lp_thread *t, uint32_t flags, const struct lp_bpf *insn, unsigned n)
{
    struct lp_kernel *k = t->k;
    int other = flags & FLAG_TSYNC ? cannot_sync(t) : 0;
    if (other)
        return flags & FLAG_TSYNC_ESRCH ? -ESRCH : other;
    if ((t->seccomp ? t->seccomp->total + 4 : 0) + n > PATH_MAX_INSNS)
        return -ENOMEM;
    struct lp_seccomp *f = new_filter(k, t->seccomp, n);
    if (!f)
        return -ENOMEM;
    memcpy(f->insn, insn, n * sizeof *insn);
    for (struct lp_thread *o = k->threads; o; o = o->next)
        if (o == t || flags & FLAG_TSYNC)
            __atomic_store_n(&o->seccomp, f, __ATOMIC_RELEASE);
    return 0;
}

static int64_t set_filter(struct lp_thread *t, uint64_t flags, uint64_t addr)
{
    struct { uint16_t len; uint64_t filter; } prog;
    struct lp_bpf insn[LP_BPF_MAX];
    if ((uint32_t)flags & ~(uint32_t)(FLAG_TSYNC | FLAG_LOG | FLAG_SPEC_ALLOW | FLAG_TSYNC_ESRCH))
        return -EINVAL;
    int r = lp_get(t, &prog, addr, sizeof prog);
    if (r)
        return r;
    if (!prog.len || prog.len > LP_BPF_MAX || t->seccomp == &strict)
        return -EINVAL;
    if (!may_filter())
        return -EACCES;
    if ((r = lp_get(t, insn, prog.filter, prog.len * sizeof *insn)) != 0)
        return r;
    if (!lp_bpf_valid(insn, prog.len))
        return -EINVAL;
    pthread_mutex_lock(&t->k->thread_lock);
    int64_t result = attach_locked(t, (uint32_t)flags, insn, prog.len);
    pthread_mutex_unlock(&t->k->thread_lock);
    return result;
}

static int64_t set_strict(struct lp_thread *t)
{
    if (t->seccomp && t->seccomp != &strict)
        return -EINVAL;
    t->seccomp = &strict;
    return 0;
}

static int64_t action_avail(struct lp_thread *t, uint64_t addr)
{
    static const uint32_t known[] = {RET_KILL_PROCESS, RET_KILL_THREAD, RET_TRAP, RET_ERRNO, RET_TRACE, RET_LOG, RET_ALLOW};
    uint32_t action;
    int r = lp_get(t, &action, addr, sizeof action);
    for (size_t i = 0; !r && i < sizeof known / sizeof known[0]; i++)
        if (action == known[i])
            return 0;
    return r ? r : -EOPNOTSUPP;
}

/* Listeners (SECCOMP_FILTER_FLAG_NEW_LISTENER, SECCOMP_GET_NOTIF_SIZES) are not offered. */
LP_SYSCALL(seccomp)
{
    switch ((uint32_t)a[0]) {
    case SET_MODE_STRICT:
        return (uint32_t)a[1] || a[2] ? -EINVAL : set_strict(t);
    case SET_MODE_FILTER:
        return set_filter(t, a[1], a[2]);
    case GET_ACTION_AVAIL:
        return (uint32_t)a[1] ? -EINVAL : action_avail(t, a[2]);
    default:
        return -EINVAL;
    }
}

int64_t lp_seccomp_set(struct lp_thread *t, uint64_t mode, uint64_t filter)
{
    return mode == 1 ? set_strict(t) : mode == 2 ? set_filter(t, 0, filter) : -EINVAL;
}

unsigned lp_seccomp_shown(struct lp_kernel *k, unsigned *filters)
{
    const struct lp_seccomp *f = NULL;
    pthread_mutex_lock(&k->thread_lock);
    for (struct lp_thread *t = k->threads; t; t = t->next)
        if (t->tid == getpid())
            f = __atomic_load_n(&t->seccomp, __ATOMIC_ACQUIRE);
    pthread_mutex_unlock(&k->thread_lock);
    const unsigned mode = !f ? 0 : f == &strict ? 1 : 2;
    for (*filters = 0; mode == 2 && f; f = f->older)
        ++*filters;
    return mode;
}

/* ---- execve ---- */

static void add_chain(struct lp_buf *b, const struct lp_seccomp *f)
{
    if (!f)
        return;
    add_chain(b, f->older);
    lp_buf_add(b, &f->n, sizeof f->n);
    lp_buf_add(b, f->insn, f->n * sizeof f->insn[0]);
}

int lp_seccomp_save(struct lp_thread *t)
{
    struct lp_buf b = {0};
    size_t n;
    if (!t->seccomp)
        return -1;
    add_chain(&b, t->seccomp);
    char *all = lp_buf_take(&b, &n);
    int fd = all ? lp_fd_memory(t->k, "seccomp", MFD_CLOEXEC, all, n) : -ENOMEM, hidden = fd < 0 ? fd : lp_fd_hide(t->k, fd);
    free(all);
    if (fd >= 0 && hidden < 0)
        close(fd);
    return hidden;
}

static bool restore_one(struct lp_kernel *k, const char **p, size_t *left)
{
    unsigned n;
    if (*left < sizeof n)
        return false;
    memcpy(&n, *p, sizeof n);
    *p += sizeof n, *left -= sizeof n;
    struct lp_seccomp *f = n > LP_BPF_MAX || *left < n * sizeof f->insn[0] ? NULL : new_filter(k, k->seccomp, n);
    if (!f)
        return false;
    memcpy(f->insn, *p, n * sizeof f->insn[0]);
    *p += n * sizeof f->insn[0], *left -= n * sizeof f->insn[0];
    k->seccomp = f;
    return lp_bpf_valid(f->insn, n);
}

bool lp_seccomp_restore(struct lp_kernel *k, const char *text)
{
    int fd = atoi(text);
    struct stat st;
    bool good = fstat(fd, &st) == 0 && st.st_size > 0;
    char *all = good ? malloc((size_t)st.st_size) : NULL;
    good = all && pread(fd, all, (size_t)st.st_size, 0) == st.st_size;
    const char *p = all;
    for (size_t left = good ? (size_t)st.st_size : 0; good && left;)
        good = restore_one(k, &p, &left);
    free(all);
    close(fd);
    return good;
}

void lp_seccomp_free(struct lp_kernel *k)
{
    for (struct lp_seccomp *f = k->seccomp_all, *next; f; f = next) {
        next = f->next;
        free(f);
    }
}
