/* mem/map.c - mmap, munmap, mprotect and msync as an AArch64 Linux kernel with 4 KiB pages does them. */
#include <config.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include "mem/segment.h"
#include "mem/space.h"

/* The guest's numbers (asm-generic/mman.h), with those of mem.h; the host's may differ. */
enum {
    G_SHARED = 1, G_PRIVATE = 2, G_SHARED_VALIDATE = 3, G_TYPE = 15, G_FIXED = 0x10,
    G_LOCKED = 0x2000, G_POPULATE = 0x8000, G_NONBLOCK = 0x10000, G_HUGETLB = 0x40000,
    /* What MAP_SHARED_VALIDATE knows: the flags that are older than it. */
    G_LEGACY = G_TYPE | G_FIXED | LP_MAP_ANONYMOUS | LP_MAP_GROWSDOWN | 0x800 | 0x1000 | G_LOCKED | LP_MAP_NORESERVE | G_POPULATE | G_NONBLOCK | 0x20000 |
               G_HUGETLB | 0x4000000,
    G_PROT_SEM = 8, G_PROT_GROWSDOWN = 0x1000000, G_PROT_GROWSUP = 0x2000000,
    G_MS_ASYNC = 1, G_MS_INVALIDATE = 2, G_MS_SYNC = 4,
};
#ifndef MAP_POPULATE
#define MAP_POPULATE 0
#endif
#ifndef MAP_NONBLOCK
#define MAP_NONBLOCK 0
#endif
#ifndef MAP_LOCKED
#define MAP_LOCKED 0
#endif
/* What a mapping keeps of a PROT_ argument. */
enum { RIGHTS = LP_R | LP_W | LP_X | LP_BTI };
static unsigned rights(int prot) { return (unsigned)(prot & 7) | (prot & LP_PROT_BTI ? LP_BTI : 0); }
_Static_assert(PROT_READ == LP_R && PROT_WRITE == LP_W && PROT_EXEC == LP_X, "page rights are PROT_ bits");

static int check_type(int flags)
{
    int type = flags & G_TYPE;
    if (flags & LP_MAP_ANONYMOUS)
        return type == G_PRIVATE || (type == G_SHARED && !(flags & LP_MAP_GROWSDOWN)) ? 0 : -EINVAL;
    if (type == G_SHARED_VALIDATE && flags & ~G_LEGACY)
        return -EOPNOTSUPP;
    return type >= G_SHARED && type <= G_SHARED_VALIDATE && !(flags & LP_MAP_GROWSDOWN) ? 0 : -EINVAL;
}

/* Linux's order of checks: length, address, then type. *addr becomes the place. */
static int choose(struct lp_mem *m, uint64_t *addr, uint64_t len, int flags)
{
    if (len > m->limit)
        return -ENOMEM;
    if (!(flags & (G_FIXED | LP_MAP_FIXED_NOREPLACE))) {
        *addr = lp_vma_place(m, *addr, len);
        return *addr ? 0 : -ENOMEM;
    }
    if (*addr > m->limit - len)
        return -ENOMEM;
    if (*addr % LP_PAGE)
        return -EINVAL;
    if (*addr < LP_MIN_ADDR)
        return -EPERM;
    return flags & LP_MAP_FIXED_NOREPLACE && lp_vma_any(m, *addr, *addr + len) ? -EEXIST : 0;
}

static int host_flags(int flags)
{
    int h = MAP_FIXED | ((flags & G_TYPE) == G_PRIVATE ? MAP_PRIVATE : MAP_SHARED);
    static const int pairs[][2] = {{LP_MAP_ANONYMOUS, MAP_ANONYMOUS}, {LP_MAP_NORESERVE, MAP_NORESERVE}, {G_POPULATE, MAP_POPULATE},
                                   {G_NONBLOCK, MAP_NONBLOCK}, {G_LOCKED, MAP_LOCKED}};
    for (unsigned i = 0; i < sizeof pairs / sizeof *pairs; i++)
        if (flags & pairs[i][0])
            h |= pairs[i][1];
    return h;
}

/* A file system's own mmap may fail after the old mapping is gone: then nothing is mapped there (as on Linux before 6.12),
 * but the place must stay ours. */
static int map_failed(struct lp_mem *m, uint64_t start, uint64_t end, int error)
{
    unsigned char vec[16];
    for (uint64_t a = start; a < end; a += sizeof vec * LP_PAGE) {
        uint64_t n = end - a < sizeof vec * LP_PAGE ? end - a : sizeof vec * LP_PAGE;
        if (mincore(lp_mem_at(m, a), n, vec) == 0)
            continue;
        lp_vma_remove(m, start, end);
        lp_pages_set(m, start, end, 0, false);
        lp_mem_reserve(m, start, end);
        break;
    }
    return -error;
}

static int host_map(struct lp_mem *m, struct lp_vma *v, int flags, int fd, int64_t off)
{
    struct stat st = {0};
    if (!(flags & LP_MAP_ANONYMOUS)) {
        if (fstat(fd, &st) != 0)
            return -errno;
        v->dev = st.st_dev;
        v->ino = st.st_ino;
        v->off = (uint64_t)off;
    }
    void *p = lp_host_mmap(lp_mem_at(m, v->start), v->end - v->start, lp_mem_host_prot(v->flags), host_flags(flags),
                   flags & LP_MAP_ANONYMOUS ? -1 : fd, flags & LP_MAP_ANONYMOUS ? 0 : off);
    return p == MAP_FAILED ? map_failed(m, v->start, v->end, errno) : 0;
}

static int64_t map_locked(struct lp_mem *m, uint64_t addr, uint64_t len, int prot, int flags, int fd, int64_t off, bool *had_code)
{
    int r = choose(m, &addr, len, flags);
    if (r == 0)
        r = check_type(flags);
    if (r == 0 && flags & G_HUGETLB)
        r = -ENOMEM; /* as a kernel without reserved huge pages */
    if (r == 0 && !lp_vma_room(m, 4))
        r = -ENOMEM;
    if (r < 0)
        return r;
    struct lp_vma v = {.start = addr, .end = addr + len, .flags = LP_MAPPED | rights(prot)};
    v.flags |= (flags & G_TYPE) == G_PRIVATE ? 0 : LP_SHARED;
    v.flags |= (flags & LP_MAP_ANONYMOUS ? LP_V_ANON : 0) | (flags & LP_MAP_GROWSDOWN ? LP_V_GROWSDOWN : 0);
    if (flags & LP_MAP_ANONYMOUS && v.flags & LP_SHARED) {
        v.dev = UINT64_MAX;
        v.ino = ++m->objects;
    }
    *had_code = lp_vma_has(m, v.start, v.end, LP_X);
    r = host_map(m, &v, flags, fd, off);
    if (r < 0)
        return r;
    lp_vma_remove(m, v.start, v.end);
    lp_vma_insert(m, &v);
    lp_pages_set(m, v.start, v.end, lp_page_of(v.flags), false);
    return (int64_t)addr;
}

int64_t lp_mem_mmap(struct lp_mem *m, uint64_t addr, uint64_t len, int prot, int flags, int host_fd, int64_t off)
{
    if (m->flat)
        return -ENOSYS;
    if (off & (int64_t)(LP_PAGE - 1))
        return -EINVAL;
    if (!(flags & LP_MAP_ANONYMOUS) && fcntl(host_fd, F_GETFD) < 0)
        return -EBADF;
    if (!len)
        return -EINVAL;
    uint64_t size = lp_align_up(len, LP_PAGE);
    if (!size)
        return -ENOMEM;
    bool had_code = false;
    pthread_mutex_lock(&m->lock);
    int64_t r = map_locked(m, addr, size, prot, flags, host_fd, off, &had_code);
    pthread_mutex_unlock(&m->lock);
    lp_mem_notify(m, had_code && r >= 0, (uint64_t)r, (uint64_t)r + size);
    return r;
}

/* Rights go first: a copy that checks flags must not see a page that is gone. */
int lp_mem_unmap_locked(struct lp_mem *m, uint64_t start, uint64_t end)
{
    if (!lp_vma_any(m, start, end))
        return 0;
    if (!lp_vma_room(m, 2))
        return -ENOMEM;
    int r = lp_mem_reserve(m, start, end);
    if (r < 0)
        return r;
    lp_pages_set(m, start, end, 0, false);
    lp_vma_remove(m, start, end);
    return 0;
}

bool lp_mem_can_unmap(uint64_t addr, uint64_t len)
{
    addr = lp_mem_untag(addr);
    return addr % LP_PAGE == 0 && lp_within(addr, len, LP_TASK_SIZE) && len;
}

int lp_mem_munmap(struct lp_mem *m, uint64_t addr, uint64_t len)
{
    if (m->flat)
        return -ENOSYS;
    if (!lp_mem_can_unmap(addr, len))
        return -EINVAL;
    addr = lp_mem_untag(addr);
    uint64_t end = lp_align_up(addr + len, LP_PAGE);
    if (addr >= m->limit)
        return 0;
    if (end > m->limit)
        end = m->limit;
    pthread_mutex_lock(&m->lock);
    bool had_code = lp_vma_has(m, addr, end, LP_X);
    int r = lp_mem_unmap_locked(m, addr, end);
    pthread_mutex_unlock(&m->lock);
    lp_mem_notify(m, had_code && r == 0, addr, end);
    return r;
}

/* A piece of a segment that begins at addr, in its place. */
static bool is_piece(const struct lp_vma *v, uint64_t addr) { return v->dev == LP_SEGMENT_DEV && v->start >= addr && v->start - addr == v->off; }

/* ksys_shmdt(): the first piece says which segment it is. */
static int detach_locked(struct lp_mem *m, uint64_t addr, bool *code)
{
    size_t i = lp_vma_at(m, addr);
    while (i < m->n && !is_piece(&m->vma[i], addr))
        i++;
    int r = i < m->n ? 0 : -EINVAL;
    const uint64_t id = r ? 0 : m->vma[i].ino;
    while (r == 0 && i < m->n) {
        const struct lp_vma v = m->vma[i];
        if (!is_piece(&v, addr) || v.ino != id) {
            i++;
            continue;
        }
        *code |= (v.flags & LP_X) != 0;
        r = lp_mem_unmap_locked(m, v.start, v.end);
    }
    return r;
}

int lp_mem_detach(struct lp_mem *m, uint64_t addr)
{
    bool code = false;
    pthread_mutex_lock(&m->lock);
    int r = detach_locked(m, addr, &code);
    pthread_mutex_unlock(&m->lock);
    lp_mem_notify(m, code, addr, m->limit);
    return r;
}

/* PROT_GROWSDOWN means: from the start of this mapping, which must be a MAP_GROWSDOWN one. */
static int grows_down(const struct lp_mem *m, uint64_t *start, uint64_t end)
{
    size_t i = lp_vma_at(m, *start);
    if (i >= m->n || m->vma[i].start >= end)
        return -ENOMEM;
    if (!(m->vma[i].flags & LP_V_GROWSDOWN))
        return -EINVAL;
    *start = m->vma[i].start;
    return 0;
}

/* One mapping's part of [a, end). */
static int protect_piece(struct lp_mem *m, uint64_t a, uint64_t b, unsigned prot, bool *had_code)
{
    size_t i = lp_vma_at(m, a);
    unsigned old = m->vma[i].flags, now = (old & ~(unsigned)RIGHTS) | prot;
    /* The host says EACCES for a write to a shared mapping of a file that is open for reading only. */
    if (mprotect(lp_mem_at(m, a), b - a, lp_mem_host_prot(prot)) != 0)
        return -errno;
    *had_code |= (old & LP_X) != 0;
    lp_pages_set(m, a, b, lp_page_of(now), true);
    return 0;
}

static int protect_locked(struct lp_mem *m, uint64_t start, uint64_t end, unsigned prot, bool *had_code)
{
    uint64_t a = start;
    while (a < end) {
        size_t i = lp_vma_at(m, a);
        if (i >= m->n || m->vma[i].start > a)
            return -ENOMEM; /* up to the hole it is done, as on Linux */
        if (!lp_vma_room(m, 2))
            return -ENOMEM;
        uint64_t b = m->vma[i].end < end ? m->vma[i].end : end;
        int r = protect_piece(m, a, b, prot, had_code);
        if (r < 0)
            return r;
        lp_vma_flags(m, a, b, RIGHTS, prot);
        a = b;
    }
    return 0;
}

int lp_mem_mprotect(struct lp_mem *m, uint64_t addr, uint64_t len, int prot)
{
    if (m->flat)
        return -ENOSYS;
    addr = lp_mem_untag(addr);
    int grows = prot & (G_PROT_GROWSDOWN | G_PROT_GROWSUP);
    prot &= ~grows;
    if (grows == (G_PROT_GROWSDOWN | G_PROT_GROWSUP) || addr % LP_PAGE)
        return -EINVAL;
    if (!len)
        return 0;
    len = lp_align_up(len, LP_PAGE);
    if (addr + len <= addr)
        return -ENOMEM;
    if (prot & ~(7 | G_PROT_SEM | LP_PROT_BTI))
        return -EINVAL;
    if (!lp_within(addr, len, m->limit) && addr >= m->limit)
        return -ENOMEM;
    uint64_t end = lp_within(addr, len, m->limit) ? addr + len : m->limit;
    bool had_code = false;
    pthread_mutex_lock(&m->lock);
    int r = grows == G_PROT_GROWSUP ? -EINVAL : grows ? grows_down(m, &addr, end) : 0;
    if (r == 0)
        r = protect_locked(m, addr, end, rights(prot), &had_code);
    pthread_mutex_unlock(&m->lock);
    lp_mem_notify(m, had_code, addr, end);
    return r == 0 && end != addr + len && !grows ? -ENOMEM : r;
}

int lp_mem_msync(struct lp_mem *m, uint64_t addr, uint64_t len, int flags)
{
    if (m->flat)
        return -ENOSYS;
    addr = lp_mem_untag(addr);
    if (flags & ~(G_MS_ASYNC | G_MS_INVALIDATE | G_MS_SYNC) || addr % LP_PAGE || (flags & G_MS_ASYNC && flags & G_MS_SYNC))
        return -EINVAL;
    uint64_t size = lp_align_up(len, LP_PAGE), end = addr + size;
    if (end < addr || size < len)
        return -ENOMEM;
    int host = (flags & G_MS_ASYNC ? MS_ASYNC : 0) | (flags & G_MS_INVALIDATE ? MS_INVALIDATE : 0) | (flags & G_MS_SYNC ? MS_SYNC : 0);
    int r = 0;
    pthread_mutex_lock(&m->lock);
    if (!lp_vma_covers(m, addr, end))
        r = -ENOMEM; /* told at the end: what is mapped is written back */
    for (size_t i = lp_vma_at(m, addr); i < m->n && m->vma[i].start < end; i++) {
        uint64_t a = m->vma[i].start > addr ? m->vma[i].start : addr, b = m->vma[i].end < end ? m->vma[i].end : end;
        if (msync(lp_mem_at(m, a), b - a, host) != 0) {
            r = -errno;
            break;
        }
    }
    pthread_mutex_unlock(&m->lock);
    return r;
}
