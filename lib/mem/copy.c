/* mem/copy.c - protected copies between the engine and the guest, and writing code behind the guest's back. */
#include <config.h>
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include "mem/fault.h"
#include "mem/space.h"

/* Guest memory may change while it is copied: that race is the guest's, and none of ours to be reported. */
#ifdef LP_TSAN
LP_NO_TSAN static void copy_bytes(void *dst, const void *src, size_t n)
{
    volatile char *d = dst;
    for (const volatile char *s = src; n > 0; n--)
        *d++ = *s++;
}
#else
#define copy_bytes memcpy
#endif

/* A copy that survives a concurrent munmap, or a file that ends before its mapping. */
static int guarded_copy(void *dst, const void *src, size_t n)
{
    struct lp_recover r;
    if (lp_recover_begin(&r)) {
        lp_recover_end(&r);
        return -EFAULT;
    }
    copy_bytes(dst, src, n);
    lp_recover_end(&r);
    return 0;
}

int lp_mem_read(struct lp_mem *m, void *dst, uint64_t addr, size_t len)
{
    addr = lp_mem_untag(addr);
    if (!lp_mem_check(m, addr, len, LP_R, NULL))
        return -EFAULT;
    return guarded_copy(dst, lp_mem_at(m, addr), len);
}

int lp_mem_write(struct lp_mem *m, uint64_t addr, const void *src, size_t len)
{
    addr = lp_mem_untag(addr);
    if (!lp_mem_check(m, addr, len, LP_W, NULL))
        return -EFAULT;
    return guarded_copy(lp_mem_at(m, addr), src, len);
}

int64_t lp_mem_read_str(struct lp_mem *m, char *dst, uint64_t addr, size_t size)
{
    addr = lp_mem_untag(addr);
    for (size_t done = 0; done < size;) {
        uint64_t a = addr + done;
        size_t n = (size_t)(LP_PAGE - a % LP_PAGE);
        if (n > size - done)
            n = size - done;
        if (m->flat && a < m->limit && n > m->limit - a)
            n = (size_t)(m->limit - a);
        if (!lp_mem_check(m, a, n, LP_R, NULL) || guarded_copy(dst + done, lp_mem_at(m, a), n))
            return -EFAULT;
        const char *end = memchr(dst + done, 0, n);
        if (end)
            return end - dst;
        done += n;
    }
    return -ENAMETOOLONG;
}

void *lp_mem_host(struct lp_mem *m, uint64_t addr, uint64_t len)
{
    addr = lp_mem_untag(addr);
    return addr >= m->start && lp_within(addr, len, m->limit) ? lp_mem_at(m, addr) : NULL;
}

/* ---- poke ---- */

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
        r = guarded_copy(copy, target, LP_PAGE);
    if (r == 0 && mprotect(copy, LP_PAGE, host) != 0)
        r = -errno;
    if (r == 0 && mremap(copy, LP_PAGE, LP_PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, target) != MAP_FAILED)
        return 0;
    r = r ? r : -errno;
    if (host == PROT_NONE)
        mprotect(target, LP_PAGE, PROT_NONE);
    munmap(copy, LP_PAGE);
    return r;
}

static int poke_page(struct lp_mem *m, uint64_t addr, const void *src, size_t n)
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
    r = guarded_copy(lp_mem_at(m, addr), src, n);
    if (!(host & PROT_WRITE))
        mprotect(lp_mem_at(m, page), LP_PAGE, host);
    if (r == 0 && !(flags & LP_PATCHED)) {
        m->patched++;
        __atomic_store_n(&m->flags[page / LP_PAGE], (uint8_t)(flags | LP_PATCHED), __ATOMIC_RELAXED);
    }
    return r;
}

static int poke_locked(struct lp_mem *m, uint64_t addr, const char *src, size_t len)
{
    while (len) {
        size_t n = (size_t)(LP_PAGE - addr % LP_PAGE);
        if (n > len)
            n = len;
        int r = poke_page(m, addr, src, n);
        if (r < 0)
            return r;
        addr += n, src += n, len -= n;
    }
    return 0;
}

int lp_mem_poke(struct lp_mem *m, uint64_t addr, const void *src, size_t len)
{
    addr = lp_mem_untag(addr);
    int r = 0;
    if (!m->flat)
        pthread_mutex_lock(&m->lock);
    if (m->flat ? !lp_mem_check(m, addr, len, LP_MAPPED, NULL) : !lp_within(addr, len, m->limit) || !lp_vma_covers(m, addr, addr + len))
        r = -EFAULT;
    else if (m->flat)
        memcpy(lp_mem_at(m, addr), src, len);
    else
        r = poke_locked(m, addr, src, len);
    if (!m->flat)
        pthread_mutex_unlock(&m->lock);
    lp_mem_notify(m, r != -EFAULT && len, addr, addr + len);
    return r;
}
