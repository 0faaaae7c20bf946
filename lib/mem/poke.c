/* mem/poke.c - what a debugger does with pages: reading without rights, and writing code behind the guest's back: into private copies of shared pages,
 * which are shared again when nothing is left of it. */
#include <config.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include "base/buf.h"
#include "mem/poke.h"
#include "mem/space.h"

/* ---- the shared pages below private copies ---- */

static struct lp_kept *kept_at(const struct lp_mem *m, uint64_t page)
{
    for (size_t i = 0; i < m->nkept; i++)
        if (m->kept[i].page == page)
            return &m->kept[i];
    return NULL;
}

/* A second view of the page, which no guest sees. Without it the page stays private for good. */
static void keep(struct lp_mem *m, uint64_t page)
{
    struct lp_kept *v = lp_grow(m->kept, &m->kept_cap, m->nkept, sizeof *v);
    if (!v)
        return;
    m->kept = v;
    void *view = mremap(lp_mem_at(m, page), 0, LP_PAGE, MREMAP_MAYMOVE);
    if (view != MAP_FAILED)
        m->kept[m->nkept++] = (struct lp_kept){page, view};
}

/* From the list; the last one takes its place. */
static void take_out(struct lp_mem *m, struct lp_kept *k) { *k = m->kept[--m->nkept]; }

void lp_kept_drop(struct lp_mem *m, uint64_t page)
{
    struct lp_kept *k = kept_at(m, page);
    if (!k)
        return;
    munmap(k->view, LP_PAGE);
    take_out(m, k);
}

void lp_kept_move(struct lp_mem *m, uint64_t from, uint64_t to)
{
    struct lp_kept *k = kept_at(m, from);
    if (k)
        k->page = to;
}

void lp_kept_free(struct lp_mem *m)
{
    while (m->nkept)
        lp_kept_drop(m, m->kept[0].page);
    free(m->kept);
}

static bool same_page(const void *a, const void *b)
{
    uint8_t x[LP_PAGE], y[LP_PAGE];
    return lp_guarded_copy(x, a, LP_PAGE) == 0 && lp_guarded_copy(y, b, LP_PAGE) == 0 && memcmp(x, y, LP_PAGE) == 0;
}

static bool share_locked(struct lp_mem *m, uint64_t page)
{
    struct lp_kept *k = kept_at(m, page);
    const unsigned flags = lp_page_get(m, page);
    void *target = lp_mem_at(m, page);
    if (!k || !(flags & LP_PATCHED) || (flags & LP_W && !same_page(target, k->view)))
        return false;
    if (mprotect(k->view, LP_PAGE, lp_mem_host_prot(flags)) != 0 || mremap(k->view, LP_PAGE, LP_PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, target) == MAP_FAILED)
        return false;
    take_out(m, k);
    m->patched--;
    __atomic_store_n(&m->flags[page / LP_PAGE], (uint8_t)(flags & ~(unsigned)LP_PATCHED), __ATOMIC_RELAXED);
    return true;
}

bool lp_mem_share_again(struct lp_mem *m, uint64_t page)
{
    if (m->flat)
        return false;
    pthread_mutex_lock(&m->lock);
    bool shared = share_locked(m, page);
    pthread_mutex_unlock(&m->lock);
    return shared;
}

/* ---- peek and poke ---- */

static bool is_there(const struct lp_mem *m, uint64_t addr, uint64_t len) { return lp_within(addr, len, m->limit) && lp_vma_covers(m, addr, addr + len); }

/* What is to be done with p and [addr, addr + n), which is in one page: 0 or -errno. */
typedef int page_fn(struct lp_mem *m, uint64_t addr, void *p, size_t n);
static int by_page(struct lp_mem *m, uint64_t addr, void *p, size_t len, page_fn *fn)
{
    int r = 0;
    for (size_t done = 0, n; done < len && r == 0; done += n) {
        n = (size_t)(LP_PAGE - (addr + done) % LP_PAGE);
        n = n < len - done ? n : len - done;
        r = fn(m, addr + done, (char *)p + done, n);
    }
    return r;
}

/* A page that the host keeps everybody from is readable for the moment of the copy. */
static int peek_page(struct lp_mem *m, uint64_t addr, void *dst, size_t n)
{
    void *page = lp_mem_at(m, lp_align_down(addr, LP_PAGE));
    const bool none = !(lp_page_get(m, addr) & LP_R);
    if (none && mprotect(page, LP_PAGE, PROT_READ) != 0)
        return -errno;
    int r = lp_guarded_copy(dst, lp_mem_at(m, addr), n);
    if (none)
        mprotect(page, LP_PAGE, PROT_NONE);
    return r;
}

int lp_mem_peek(struct lp_mem *m, void *dst, uint64_t addr, size_t len)
{
    if (lp_mem_read(m, dst, addr, len) == 0)
        return 0;
    if (m->flat)
        return -EFAULT;
    addr = lp_mem_untag(addr);
    pthread_mutex_lock(&m->lock);
    int r = is_there(m, addr, len) ? by_page(m, addr, dst, len, peek_page) : -EFAULT;
    pthread_mutex_unlock(&m->lock);
    return r;
}

/* Put a private copy in the place of a shared page. The move replaces the old mapping in one step. */
static int make_private(struct lp_mem *m, uint64_t page, unsigned flags)
{
    int host = lp_mem_host_prot(flags);
    void *target = lp_mem_at(m, page);
    uint8_t *copy = mmap(NULL, LP_PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (copy == MAP_FAILED)
        return -errno;
    int r = host == PROT_NONE && mprotect(target, LP_PAGE, PROT_READ) ? -errno : 0;
    if (r == 0)
        r = lp_guarded_copy(copy, target, LP_PAGE);
    if (r == 0 && mprotect(copy, LP_PAGE, host) != 0)
        r = -errno;
    if (r == 0)
        keep(m, page);
    if (r == 0 && mremap(copy, LP_PAGE, LP_PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, target) != MAP_FAILED)
        return 0;
    r = r ? r : -errno;
    lp_kept_drop(m, page);
    if (host == PROT_NONE)
        mprotect(target, LP_PAGE, PROT_NONE);
    munmap(copy, LP_PAGE);
    return r;
}

static int poke_page(struct lp_mem *m, uint64_t addr, void *src, size_t n)
{
    uint64_t page = lp_align_down(addr, LP_PAGE);
    unsigned flags = lp_page_get(m, page);
    if (!flags) /* a large mapping without rights */
        flags = lp_page_of(m->vma[lp_vma_at(m, page)].flags);
    int host = lp_mem_host_prot(flags), r = 0;
    if (flags & LP_SHARED && !(flags & LP_PATCHED))
        r = make_private(m, page, flags);
    if (r < 0)
        return r;
    if (!(host & PROT_WRITE) && mprotect(lp_mem_at(m, page), LP_PAGE, PROT_READ | PROT_WRITE) != 0)
        return -errno;
    r = lp_guarded_copy(lp_mem_at(m, addr), src, n);
    if (!(host & PROT_WRITE))
        mprotect(lp_mem_at(m, page), LP_PAGE, host);
    if (r == 0 && !(flags & LP_PATCHED)) {
        m->patched++;
        __atomic_store_n(&m->flags[page / LP_PAGE], (uint8_t)(flags | LP_PATCHED), __ATOMIC_RELAXED);
    }
    return r;
}

int lp_mem_poke(struct lp_mem *m, uint64_t addr, const void *src, size_t len)
{
    addr = lp_mem_untag(addr);
    int r = 0;
    if (!m->flat)
        pthread_mutex_lock(&m->lock);
    if (m->flat ? !lp_mem_check(m, addr, len, LP_MAPPED, NULL) : !is_there(m, addr, len))
        r = -EFAULT;
    else if (m->flat)
        memcpy(lp_mem_at(m, addr), src, len);
    else
        r = by_page(m, addr, (void *)src, len, poke_page);
    if (!m->flat)
        pthread_mutex_unlock(&m->lock);
    lp_mem_notify(m, r != -EFAULT && len, addr, addr + len);
    return r;
}
