/* kernel/memory.c - brk, mmap and what goes with them, on the mem room. */
#include <config.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "base/bits.h"
#include "exec/gate.h"
#include "kernel/copy.h"
#include "kernel/host.h"
#include "kernel/kernel.h"
#include "mem/grow.h"

static uint64_t page_up(uint64_t v) { return lp_align_up(v, LP_PAGE); }

static bool is_stack(const struct lp_mapping *m) { return strcmp(m->name, "[stack]") == 0; }

/* Linux's is_data_mapping(): what RLIMIT_DATA counts. */
static bool is_data(const struct lp_mapping *m) { return (m->flags & (LP_W | LP_SHARED)) == LP_W && !is_stack(m); }

/* Bytes of [from, from + len) that are mapped with none of these flags. */
static uint64_t mapped_without(struct lp_kernel *k, uint64_t from, uint64_t len, unsigned flags)
{
    struct lp_mapping m;
    uint64_t sum = 0, end = from + len;
    for (uint64_t at = from; lp_mem_next(k->mem, at, &m) && m.start < end; at = m.end)
        if (!(m.flags & flags))
            sum += (m.end < end ? m.end : end) - (m.start > from ? m.start : from);
    return sum;
}

/* Bytes that count: of a stack, which is mapped as far as it may grow, what it has grown to. */
static uint64_t counted(struct lp_kernel *k, const struct lp_mapping *m)
{
    return m->end - (is_stack(m) ? lp_mem_touched(k->mem, m->start, m->end) : m->start);
}

static bool is_limited(struct lp_kernel *k, uint64_t *all, uint64_t *data)
{
    pthread_mutex_lock(&k->limit_lock);
    *all = k->limit_as.rlim_cur;
    *data = k->limit_data.rlim_cur;
    pthread_mutex_unlock(&k->limit_lock);
    return *all != RLIM_INFINITY || *data != RLIM_INFINITY;
}

/* Would `more` bytes, `data` of them private and writable, break RLIMIT_AS or RLIMIT_DATA? Counted only when there is a limit. */
static bool over_limit(struct lp_kernel *k, uint64_t more, uint64_t data)
{
    struct lp_mapping m;
    uint64_t limit, data_limit, sum = 0, data_sum = 0;
    if (!is_limited(k, &limit, &data_limit) || (!more && !data))
        return false;
    for (uint64_t at = 0; lp_mem_next(k->mem, at, &m); at = m.end) {
        if (more && limit != RLIM_INFINITY) /* of a stack, counting asks the host about each page */
            sum += counted(k, &m);
        if (data && data_limit != RLIM_INFINITY && is_data(&m))
            data_sum += m.end - m.start;
    }
    return (more && (more > limit || sum > limit - more)) || (data && (data > data_limit || data_sum > data_limit - data));
}

/* A mapping of len bytes that replaces what is at [at, at + len), if `fixed`. */
static bool too_large(struct lp_kernel *k, uint64_t at, uint64_t len, bool fixed, bool data)
{
    uint64_t limit, data_limit;
    if (!is_limited(k, &limit, &data_limit))
        return false;
    uint64_t more = len - (fixed && len <= lp_mem_limit(k->mem) && at <= lp_mem_limit(k->mem) - len ? mapped_without(k, at, len, 0) : 0);
    return over_limit(k, more, data ? more : 0);
}

#define LP_MCL_ONFAULT 4u

/* As mlockall does it: what cannot be brought in now (a file that ends before its mapping does, PROT_NONE) is locked all the same. 0 or -errno. */
static int64_t lock_pages(void *p, uint64_t len, unsigned flags)
{
    int64_t r = LP_HOST3(__NR_mlock2, (intptr_t)p, len, MLOCK_ONFAULT);
    if (r == 0 && !(flags & LP_MCL_ONFAULT))
        LP_HOST3(__NR_mlock2, (intptr_t)p, len, 0);
    return r;
}

/* mlockall(MCL_FUTURE): a new mapping is locked, or not made. 0 or Linux's error for it. */
static int lock_new(struct lp_kernel *k, uint64_t addr, uint64_t len)
{
    void *p = k->lock_future ? lp_mem_host(k->mem, addr, len) : NULL;
    return p && lock_pages(p, len, k->lock_future) < 0 ? -EAGAIN : 0;
}

/* Returns the new break, or the old one when it cannot be moved: brk never reports an error. */
static uint64_t move_break(struct lp_kernel *k, uint64_t want)
{
    uint64_t old = page_up(k->heap->end), end = page_up(want);
    pthread_mutex_lock(&k->limit_lock);
    rlim_t data = k->limit_data.rlim_cur;
    pthread_mutex_unlock(&k->limit_lock);
    if (want < k->heap->start || want >= lp_mem_limit(k->mem) || (data != RLIM_INFINITY && want - k->heap->start > data))
        return k->heap->end;
    if (end > old) {
        int flags = MAP_PRIVATE | LP_MAP_ANONYMOUS | LP_MAP_FIXED_NOREPLACE;
        if (over_limit(k, end - old, end - old) || lp_mem_mmap(k->mem, old, end - old, PROT_READ | PROT_WRITE, flags, -1, 0) < 0)
            return k->heap->end;
        if (lock_new(k, old, end - old)) {
            lp_mem_munmap(k->mem, old, end - old);
            return k->heap->end;
        }
        lp_mem_name(k->mem, old, end - old, "[heap]", 0);
    } else if (end < old && lp_mem_munmap(k->mem, end, old - end)) {
        return k->heap->end;
    }
    return want;
}

LP_SYSCALL(brk)
{
    struct lp_kernel *k = t->k;
    pthread_mutex_lock(&k->heap->lock);
    k->heap->end = move_break(k, a[0]);
    uint64_t r = k->heap->end;
    pthread_mutex_unlock(&k->heap->lock);
    return (int64_t)r;
}

static void name_mapping(struct lp_thread *t, uint64_t addr, uint64_t len, int fd, uint64_t off)
{
    if (lp_fd_path(fd, t->path[0], sizeof t->path[0]) > 0)
        lp_mem_name(t->k->mem, addr, page_up(len), t->path[0], off);
}

LP_SYSCALL(mmap)
{
    int prot = (int)a[2], flags = (int)a[3], fd = flags & LP_MAP_ANONYMOUS ? -1 : (int)a[4];
    int r = fd < 0 ? 0 : lp_fd_check(t, fd);
    if (r)
        return r;
    if (a[5] & (LP_PAGE - 1))
        return -EINVAL;
    if (too_large(t->k, a[0], page_up(a[1]), (flags & (MAP_FIXED | LP_MAP_FIXED_NOREPLACE)) == MAP_FIXED, (flags & 15) == MAP_PRIVATE && prot & PROT_WRITE))
        return -ENOMEM;
    int64_t at = lp_mem_mmap(t->k->mem, a[0], a[1], prot, flags, fd, (int64_t)a[5]);
    if (at >= 0 && (r = lock_new(t->k, (uint64_t)at, page_up(a[1]))) != 0) {
        lp_mem_munmap(t->k->mem, (uint64_t)at, page_up(a[1]));
        return r;
    }
    if (at >= 0 && (flags & 15) != MAP_PRIVATE)
        lp_gate_share(t->k->gate);
    if (at >= 0 && fd >= 0)
        name_mapping(t, (uint64_t)at, a[1], fd, a[5]);
    if (at >= 0 && fd >= 0 && t->k->load_hook.mapped)
        t->k->load_hook.mapped(t->k->load_hook.ctx, t, prot & PROT_EXEC);
    return at;
}

LP_SYSCALL(munmap)
{
    const struct lp_load_hook *h = &t->k->load_hook;
    unsigned flags = h->unmapped ? lp_mem_flags(t->k->mem, lp_mem_untag(a[0])) : 0;
    const bool object = flags && !(flags & LP_W) && lp_mem_can_unmap(a[0], a[1]); /* perhaps; not the usual memory */
    if (object)
        h->unmapped(h->ctx, t, lp_mem_untag(a[0]), lp_mem_untag(a[0]) + a[1], false);
    int r = lp_mem_munmap(t->k->mem, a[0], a[1]);
    if (object)
        h->unmapped(h->ctx, t, lp_mem_untag(a[0]), lp_mem_untag(a[0]) + a[1], true);
    return r;
}

/* Private memory that becomes writable is data from then on. Linux tells for each mapping, here it is for all of them. */
static bool too_much_data(struct lp_kernel *k, uint64_t from, uint64_t len)
{
    uint64_t limit, data_limit;
    return is_limited(k, &limit, &data_limit) && from + len >= from && over_limit(k, 0, mapped_without(k, from, len, LP_W | LP_SHARED));
}

/* PROT_BTI on a CPU without BTI: mmap ignores what it does not know, mprotect refuses it. */
LP_SYSCALL(mprotect)
{
    int unknown = a[2] & LP_PROT_BTI && !lp_cpu_has_bti(&t->cpu) ? 1 << 20 : 0;
    if (a[2] & PROT_WRITE && too_much_data(t->k, lp_mem_untag(a[0]), page_up(a[1])))
        return -ENOMEM;
    int r = lp_mem_mprotect(t->k->mem, a[0], a[1], (int)a[2] | unknown);
    const struct lp_load_hook *h = &t->k->load_hook;
    if (r == 0 && !(a[2] & PROT_WRITE) && h->protected_)
        h->protected_(h->ctx, t, lp_mem_untag(a[0]), lp_mem_untag(a[0]) + page_up(a[1]));
    return r;
}
LP_SYSCALL(madvise) { return lp_mem_madvise(t->k->mem, a[0], a[1], (int)a[2]); }
LP_SYSCALL(msync) { return lp_mem_msync(t->k->mem, a[0], a[1], (int)a[2]); }

/* Linux counts before it takes away what is at the new place. */
static bool remap_too_large(struct lp_kernel *k, const uint64_t *a)
{
    const uint64_t old = page_up(a[1]), now = page_up(a[2]);
    const bool stays = a[3] & 4 && old == now; /* MREMAP_DONTUNMAP */
    struct lp_mapping m;
    if ((now <= old && !stays) || !lp_mem_next(k->mem, lp_mem_untag(a[0]), &m) || m.start > lp_mem_untag(a[0]))
        return false;
    uint64_t more = stays ? now : now - old;
    return over_limit(k, more, is_data(&m) ? more : 0);
}

LP_SYSCALL(mremap)
{
    const struct lp_load_hook *h = &t->k->load_hook;
    const uint64_t from = lp_mem_untag(a[0]), len = page_up(a[1] < a[2] ? a[1] : a[2]);
    if (remap_too_large(t->k, a))
        return -ENOMEM;
    bool follows = h->moves && h->moves(h->ctx, t, from, len);
    int64_t to = lp_mem_mremap(t->k->mem, a[0], a[1], a[2], (int)a[3], a[4]);
    if (follows)
        h->moved(h->ctx, t, from, to < 0 ? from : (uint64_t)to, len);
    return to;
}

/* [addr, addr+len) made pages, all of them mapped: the host address, or -ENOMEM. */
static int host_pages(struct lp_thread *t, uint64_t addr, uint64_t len, void **host, uint64_t *size)
{
    uint64_t start = lp_align_down(addr, LP_PAGE);
    *size = page_up(len + (addr - start));
    if (*size < len || !lp_mem_check(t->k->mem, start, *size, LP_MAPPED, NULL))
        return -ENOMEM;
    return lp_user(t, start, *size, host) ? 0 : -ENOMEM;
}

/* mlock, mlock2, munlock */
LP_SYSCALL(mlock)
{
    void *p;
    uint64_t size;
    int r = host_pages(t, a[0], a[1], &p, &size);
    return r ? r : LP_HOST3(t->call.row->host_nr, (intptr_t)p, size, (long)a[2]);
}

/* mlockall, munlockall: of what the guest has mapped now; the engine's reservations must never be locked. */
LP_SYSCALL(mlockall)
{
    bool lock = t->call.row->host_nr == __NR_mlockall;
    struct lp_mapping m;
    int64_t r = 0;
    if (lock && (!(a[0] & 3) || a[0] & ~(uint64_t)(MCL_CURRENT | MCL_FUTURE | LP_MCL_ONFAULT)))
        return -EINVAL;
    t->k->lock_future = lock && a[0] & MCL_FUTURE ? (unsigned)a[0] : 0;
    if (lock && !(a[0] & MCL_CURRENT))
        return 0;
    for (uint64_t at = 0; !r && lp_mem_next(t->k->mem, at, &m); at = m.end) {
        void *p;
        uint64_t n = lock ? counted(t->k, &m) : m.end - m.start;
        if (lp_user(t, m.end - n, n, &p) && p && m.flags & (LP_R | LP_W | LP_X))
            r = lock ? lock_pages(p, n, (unsigned)a[0]) : LP_HOST2(__NR_munlock, (intptr_t)p, n);
    }
    return r;
}

LP_SYSCALL(mincore)
{
    void *p, *vec;
    uint64_t size;
    if (a[0] & (LP_PAGE - 1))
        return -EINVAL;
    int r = host_pages(t, a[0], a[1], &p, &size);
    if (!r && !lp_user(t, a[2], size / LP_PAGE, &vec))
        r = -EFAULT;
    return r ? r : LP_HOST3(__NR_mincore, (intptr_t)p, size, (intptr_t)vec);
}
