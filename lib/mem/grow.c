/* mem/grow.c - how far a stack reaches down. Linux lets it grow when it is touched; here all of it is mapped from the start (untouched, it costs
 * nothing), because a host call that is given a buffer in it touches it too. What moves is its end, with RLIMIT_STACK. */
#include <config.h>
#include <errno.h>
#include <sys/mman.h>
#include "mem/grow.h"
#include "mem/space.h"

/* The lowest piece of the mappings that grow down below `top`; m->n if there is none. */
static size_t lowest(const struct lp_mem *m, uint64_t top)
{
    size_t i = lp_vma_at(m, top - 1);
    if (i >= m->n || m->vma[i].start >= top || !(m->vma[i].flags & LP_V_GROWSDOWN))
        return m->n;
    while (i > 0 && m->vma[i - 1].end == m->vma[i].start && m->vma[i - 1].flags & LP_V_GROWSDOWN)
        i--;
    return i;
}

static int extend(struct lp_mem *m, const struct lp_vma *v, uint64_t low)
{
    struct lp_vma more = *v;
    if (!lp_vma_room(m, 2))
        return -ENOMEM;
    more.end = v->start;
    more.start = low;
    void *p = lp_host_mmap(lp_mem_at(m, low), more.end - low, lp_mem_host_prot(v->flags), MAP_FIXED | MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (p == MAP_FAILED)
        return -errno;
    lp_vma_insert(m, &more);
    lp_pages_set(m, more.start, more.end, lp_page_of(more.flags), false);
    return 0;
}

/* The first page in [from, to) that was ever touched. */
static uint64_t touched(const struct lp_mem *m, uint64_t from, uint64_t to)
{
    unsigned char there[4096];
    for (; from < to; from += sizeof there * LP_PAGE) {
        uint64_t left = (to - from) / LP_PAGE, n = left < sizeof there ? left : sizeof there;
        if (mincore(lp_mem_at(m, from), n * LP_PAGE, there) != 0)
            return from;
        for (uint64_t i = 0; i < n; i++)
            if (there[i] & 1)
                return from + i * LP_PAGE;
    }
    return to;
}

static int reach_locked(struct lp_mem *m, uint64_t top, uint64_t size, uint64_t keep)
{
    size_t i = lowest(m, top);
    if (i >= m->n)
        return 0;
    struct lp_vma v = m->vma[i];
    uint64_t low = top - lp_align_down(size < top ? size : top, LP_PAGE), floor = (i ? m->vma[i - 1].end : LP_MIN_ADDR) + LP_STACK_GAP;
    if (low < floor)
        low = floor;
    if (low < v.start)
        return extend(m, &v, low);
    uint64_t to = lp_align_down(keep < low ? keep : low, LP_PAGE);
    if (to > v.end)
        to = v.end;
    return to > v.start ? lp_mem_unmap_locked(m, v.start, touched(m, v.start, to)) : 0;
}

uint64_t lp_mem_touched(struct lp_mem *m, uint64_t from, uint64_t to) { return m->flat ? from : touched(m, from, to); }

int lp_mem_reach(struct lp_mem *m, uint64_t top, uint64_t size, uint64_t keep)
{
    if (m->flat || !top)
        return 0;
    pthread_mutex_lock(&m->lock);
    int r = reach_locked(m, top, size, keep);
    pthread_mutex_unlock(&m->lock);
    return r;
}

/* expand_downwards() of Linux: a gap stays above what is mapped below. */
static bool grow_locked(struct lp_mem *m, uint64_t addr, uint64_t most)
{
    size_t i = lp_vma_at(m, addr);
    if (i >= m->n)
        return false;
    struct lp_vma v = m->vma[i];
    if (v.start <= addr)
        return true; /* another thread was faster */
    uint64_t low = lp_align_down(addr, LP_PAGE), below = (i ? m->vma[i - 1].end : LP_MIN_ADDR) + (i ? LP_STACK_GAP : 0);
    return v.flags & LP_V_GROWSDOWN && low >= below && v.end - low <= most && extend(m, &v, low) == 0;
}

bool lp_mem_grow(struct lp_mem *m, uint64_t addr, uint64_t most)
{
    if (m->flat || addr >= m->limit)
        return false;
    pthread_mutex_lock(&m->lock);
    bool grown = grow_locked(m, addr, most);
    pthread_mutex_unlock(&m->lock);
    return grown;
}
