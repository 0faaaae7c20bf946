/* mem/remap.c - mremap, madvise and fork.
 *
 * What the guest sees as one mapping may be several on the host (a patched page of a shared file, a page with an
 * advice of its own): moves split where the host asks for it. Nothing is ever moved away without the old place staying reserved.
 */
#include <config.h>
#include <errno.h>
#include <sys/mman.h>
#include "mem/space.h"

enum { G_MAYMOVE = 1, G_FIXED = 2, G_DONTUNMAP = 4 };
#ifndef MREMAP_DONTUNMAP
#define MREMAP_DONTUNMAP 4
#endif

/* Move the content; the old place stays mapped (empty) so that no host mmap can slip in before it is reserved again. */
static int move_host(struct lp_mem *m, uint64_t from, uint64_t to, uint64_t len)
{
    void *src = lp_mem_at(m, from), *dst = lp_mem_at(m, to);
    if (mremap(src, len, len, MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP, dst) != MAP_FAILED)
        return 0;
    if (errno == EINVAL && mremap(src, len, len, MREMAP_MAYMOVE | MREMAP_FIXED, dst) != MAP_FAILED)
        return lp_mem_reserve(m, from, from + len); /* before Linux 5.13: file mappings cannot stay */
    if (errno != EFAULT || len <= LP_PAGE)
        return -errno;
    uint64_t half = lp_align_up(len / 2, LP_PAGE); /* several host mappings: each for itself */
    int r = move_host(m, from, to, half);
    return r < 0 ? r : move_host(m, from + half, to + half, len - half);
}

/* More of a shared object (file or anonymous): a second view of it (old size 0) from a page that is still shared, cut to the new part. */
static int extend_shared(struct lp_mem *m, uint64_t start, uint64_t end, uint64_t new_end)
{
    uint64_t page = end - LP_PAGE;
    while (page > start && lp_page_get(m, page) & LP_PATCHED)
        page -= LP_PAGE;
    if (lp_page_get(m, page) & LP_PATCHED)
        return -ENOMEM;
    size_t skip = (size_t)(end - page), more = (size_t)(new_end - end);
    uint8_t *view = mremap(lp_mem_at(m, page), 0, skip + more, MREMAP_MAYMOVE);
    if (view == MAP_FAILED)
        return -errno;
    void *p = mremap(view + skip, more, more, MREMAP_MAYMOVE | MREMAP_FIXED, lp_mem_at(m, end));
    int r = p == MAP_FAILED ? -errno : 0;
    munmap(view, r == 0 ? skip : skip + more);
    return r;
}

/* Private file mappings can only be extended where they are, so the reserve behind them must go for a moment; the lock is held, and
 * a place in the middle of our reservation is the last that a host mmap without an address would take. */
static int extend_private_file(struct lp_mem *m, uint64_t end, uint64_t new_end)
{
    void *tail = lp_mem_at(m, end - LP_PAGE);
    munmap(lp_mem_at(m, end), new_end - end);
    if (mremap(tail, LP_PAGE, LP_PAGE + (new_end - end), 0) != MAP_FAILED)
        return 0;
    int e = errno;
    lp_mem_reserve(m, end, new_end);
    return -e;
}

/* Let the mapping v, whose content is at [start, end), go on to new_end (a free place). */
static int extend(struct lp_mem *m, const struct lp_vma *v, uint64_t start, uint64_t end, uint64_t new_end)
{
    if (v->flags & LP_SHARED)
        return extend_shared(m, start, end, new_end);
    if (!(v->flags & LP_V_ANON))
        return extend_private_file(m, end, new_end);
    void *p = lp_host_mmap(lp_mem_at(m, end), new_end - end, lp_mem_host_prot(v->flags), MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    return p == MAP_FAILED ? -errno : 0;
}

static void record(struct lp_mem *m, const struct lp_vma *like, uint64_t old, uint64_t start, uint64_t end)
{
    struct lp_vma v = *like;
    if (lp_vma_backed(&v))
        v.off += old - v.start;
    v.start = start, v.end = end;
    lp_vma_insert(m, &v);
}

static int grow_in_place(struct lp_mem *m, uint64_t old, uint64_t end, uint64_t new_end)
{
    struct lp_vma v = m->vma[lp_vma_at(m, old)];
    if (new_end > m->limit || new_end < end || v.end != end || lp_vma_any(m, end, new_end) || extend(m, &v, old, end, new_end) < 0)
        return -ENOMEM;
    record(m, &v, end, end, new_end);
    lp_pages_set(m, end, new_end, lp_page_of(v.flags), false);
    return 0;
}

/* The page flags go along: a patched page is patched at its new place. */
static void move_flags(struct lp_mem *m, uint64_t from, uint64_t to, uint64_t len, unsigned flags)
{
    lp_pages_set(m, to, to + len, lp_page_of(flags), false);
    for (uint64_t a = lp_pages_patched(m, from, from + len); a < from + len; a = lp_pages_patched(m, a + LP_PAGE, from + len)) {
        m->flags[(to + (a - from)) / LP_PAGE] |= LP_PATCHED;
        lp_kept_move(m, a, to + (a - from));
        m->patched++;
    }
}

/* old_len == 0: a second view of a shared mapping. */
static int64_t duplicate(struct lp_mem *m, uint64_t old, uint64_t to, uint64_t new_len)
{
    struct lp_vma v = m->vma[lp_vma_at(m, old)];
    if (lp_page_get(m, old) & LP_PATCHED)
        return -ENOMEM;
    if (mremap(lp_mem_at(m, old), 0, new_len, MREMAP_MAYMOVE | MREMAP_FIXED, lp_mem_at(m, to)) == MAP_FAILED)
        return -errno;
    record(m, &v, old, to, to + new_len);
    lp_pages_set(m, to, to + new_len, lp_page_of(v.flags), false);
    return (int64_t)to;
}

static int64_t move(struct lp_mem *m, uint64_t old, uint64_t old_len, uint64_t to, uint64_t new_len, bool stay)
{
    struct lp_vma v = m->vma[lp_vma_at(m, old)];
    if (!old_len)
        return duplicate(m, old, to, new_len);
    int r = move_host(m, old, to, old_len);
    if (r < 0)
        return r;
    move_flags(m, old, to, old_len, v.flags);
    record(m, &v, old, to, to + old_len); /* holds the name, too, while the old one goes */
    if (stay)
        lp_pages_set(m, old, old + old_len, lp_page_of(v.flags), false);
    else
        lp_mem_unmap_locked(m, old, old + old_len);
    if (new_len > old_len && grow_in_place(m, to, to + old_len, to + new_len) < 0) {
        move(m, to, old_len, old, old_len, false); /* nothing has happened */
        return -ENOMEM;
    }
    return (int64_t)to;
}

/* Linux's vma_to_resize(). */
static int check_resize(const struct lp_mem *m, uint64_t old, uint64_t old_len)
{
    size_t i = lp_vma_at(m, old);
    if (i >= m->n || m->vma[i].start > old)
        return -EFAULT;
    if (!old_len && !(m->vma[i].flags & LP_SHARED))
        return -EINVAL;
    return old_len > m->vma[i].end - old ? -EFAULT : 0;
}

static int64_t remap_to(struct lp_mem *m, uint64_t old, uint64_t old_len, uint64_t new_len, int flags, uint64_t to)
{
    /* Linux looks at a hint as at a place. */
    if (to % LP_PAGE || !lp_within(to, new_len, m->limit) || (old + old_len > to && to + new_len > old))
        return -EINVAL;
    if (flags & G_FIXED) {
        if (to < LP_MIN_ADDR)
            return -EPERM;
    } else if (!(to = lp_vma_place(m, to, new_len))) {
        return -ENOMEM;
    }
    int r = lp_mem_unmap_locked(m, to, to + new_len);
    if (r == 0 && old_len > new_len) {
        r = lp_mem_unmap_locked(m, old + new_len, old + old_len);
        old_len = new_len;
    }
    if (r == 0)
        r = check_resize(m, old, old_len);
    return r < 0 ? r : move(m, old, old_len, to, new_len, flags & G_DONTUNMAP);
}

static int64_t remap_locked(struct lp_mem *m, uint64_t old, uint64_t old_len, uint64_t new_len, int flags, uint64_t to)
{
    size_t i = lp_vma_at(m, old);
    if (i >= m->n || m->vma[i].start > old)
        return -EFAULT;
    if (!lp_vma_room(m, 12))
        return -ENOMEM;
    if (flags & (G_FIXED | G_DONTUNMAP))
        return remap_to(m, old, old_len, new_len, flags, to);
    if (old_len >= new_len) {
        int r = old_len > new_len ? lp_mem_unmap_locked(m, old + new_len, old + old_len) : 0;
        return r < 0 ? r : (int64_t)old;
    }
    int r = check_resize(m, old, old_len);
    if (r < 0)
        return r;
    if (old_len && grow_in_place(m, old, old + old_len, old + new_len) == 0)
        return (int64_t)old;
    to = flags & G_MAYMOVE ? lp_vma_place(m, 0, new_len) : 0;
    return to ? move(m, old, old_len, to, new_len, false) : -ENOMEM;
}

int64_t lp_mem_mremap(struct lp_mem *m, uint64_t old, uint64_t old_len, uint64_t new_len, int flags, uint64_t new_addr)
{
    if (m->flat)
        return -ENOSYS;
    old = lp_mem_untag(old);
    uint64_t olen = lp_align_up(old_len, LP_PAGE), nlen = lp_align_up(new_len, LP_PAGE);
    if (flags & ~(G_MAYMOVE | G_FIXED | G_DONTUNMAP) || (flags & G_FIXED && !(flags & G_MAYMOVE)) ||
        (flags & G_DONTUNMAP && (!(flags & G_MAYMOVE) || olen != nlen)) || old % LP_PAGE || !nlen)
        return -EINVAL;
    if (olen < old_len || !lp_within(old, olen, m->limit))
        return -EFAULT;
    if (nlen > m->limit)
        return flags & (G_FIXED | G_DONTUNMAP) ? -EINVAL : -ENOMEM;
    pthread_mutex_lock(&m->lock);
    bool code = lp_vma_has(m, old, old + olen, LP_X);
    bool code2 = flags & G_FIXED && lp_within(new_addr, nlen, m->limit) && lp_vma_has(m, new_addr, new_addr + nlen, LP_X);
    int64_t r = remap_locked(m, old, olen, nlen, flags, new_addr);
    pthread_mutex_unlock(&m->lock);
    lp_mem_notify(m, code, old, old + olen);
    lp_mem_notify(m, code2, new_addr, new_addr + nlen);
    return r;
}

/* ---- madvise ---- */
enum {
    G_DONTNEED = 4, G_FREE = 8, G_REMOVE = 9, G_DONTFORK = 10, G_DOFORK = 11, G_HWPOISON = 100, G_SOFT_OFFLINE = 101,
    G_WIPEONFORK = 18, G_KEEPONFORK = 19, G_DONTNEED_LOCKED = 24, G_COLLAPSE = 25,
};

static bool discards(int advice)
{
    return advice == G_DONTNEED || advice == G_FREE || advice == G_REMOVE || advice == G_DONTNEED_LOCKED || advice == G_WIPEONFORK;
}

static bool known(int advice)
{
    return (advice >= 0 && advice <= 4) || (advice >= G_FREE && advice <= G_COLLAPSE);
}

/* A patched page keeps its content through every advice that would drop it: the words in it are part of the program, as if the file held
 * them, and for a file that is exactly what a re-read would bring back. */
static int advise_host(struct lp_mem *m, uint64_t a, uint64_t b, int advice)
{
    while (a < b) {
        uint64_t p = discards(advice) ? lp_pages_patched(m, a, b) : b;
        if (p > a && madvise(lp_mem_at(m, a), p - a, advice) != 0)
            return -errno;
        a = p + LP_PAGE;
    }
    return 0;
}

/* DONTFORK must not tear a hole into the child's reservation: it is done in lp_mem_after_fork(). */
static int advise_piece(struct lp_mem *m, uint64_t a, uint64_t b, int advice)
{
    int r = advice == G_DONTFORK || advice == G_DOFORK ? 0 : advise_host(m, a, b, advice);
    if (r == 0 && (advice == G_DONTFORK || advice == G_DOFORK))
        lp_vma_flags(m, a, b, LP_V_DONTFORK, advice == G_DONTFORK ? LP_V_DONTFORK : 0);
    if (r == 0 && (advice == G_WIPEONFORK || advice == G_KEEPONFORK))
        lp_vma_flags(m, a, b, LP_V_WIPEONFORK, advice == G_WIPEONFORK ? LP_V_WIPEONFORK : 0);
    return r;
}

static int advise_locked(struct lp_mem *m, uint64_t a, uint64_t end, int advice)
{
    int hole = 0;
    while (a < end) {
        size_t i = lp_vma_at(m, a);
        if (i >= m->n || m->vma[i].start >= end)
            return -ENOMEM;
        if (m->vma[i].start > a) {
            a = m->vma[i].start;
            hole = -ENOMEM; /* reported, but the rest is done */
        }
        uint64_t b = m->vma[i].end < end ? m->vma[i].end : end;
        int r = lp_vma_room(m, 2) ? advise_piece(m, a, b, advice) : -ENOMEM;
        if (r < 0)
            return r;
        a = b;
    }
    return hole;
}

int lp_mem_madvise(struct lp_mem *m, uint64_t addr, uint64_t len, int advice)
{
    if (m->flat)
        return -ENOSYS;
    addr = lp_mem_untag(addr);
    if (advice == G_HWPOISON || advice == G_SOFT_OFFLINE)
        return -EPERM;
    uint64_t size = lp_align_up(len, LP_PAGE), end = addr + size;
    if (!known(advice) || addr % LP_PAGE || size < len || end < addr)
        return -EINVAL;
    pthread_mutex_lock(&m->lock);
    bool code = discards(advice) && lp_vma_has(m, addr, end, LP_X);
    int r = advise_locked(m, addr, end, advice);
    pthread_mutex_unlock(&m->lock);
    lp_mem_notify(m, code, addr, end);
    return r;
}

/* ---- fork ---- */
void lp_mem_before_fork(struct lp_mem *m) { pthread_mutex_lock(&m->lock); }

void lp_mem_after_fork(struct lp_mem *m, bool child)
{
    for (uint64_t a = 0; child;) {
        size_t i = lp_vma_at(m, a);
        if (i >= m->n)
            break;
        uint64_t start = m->vma[i].start, end = a = m->vma[i].end;
        unsigned flags = m->vma[i].flags;
        if (!(flags & (LP_V_DONTFORK | LP_V_WIPEONFORK)))
            continue;
        if (flags & LP_V_DONTFORK)
            lp_mem_unmap_locked(m, start, end);
        pthread_mutex_unlock(&m->lock);
        lp_mem_notify(m, (flags & LP_X) != 0, start, end);
        pthread_mutex_lock(&m->lock);
    }
    pthread_mutex_unlock(&m->lock);
}
