/* mem/copy.c - protected copies between the engine and the guest. */
#include <config.h>
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include "mem/fault.h"
#include "mem/poke.h"
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

int lp_guarded_copy(void *dst, const void *src, size_t n)
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
    return lp_guarded_copy(dst, lp_mem_at(m, addr), len);
}

int lp_mem_write(struct lp_mem *m, uint64_t addr, const void *src, size_t len)
{
    addr = lp_mem_untag(addr);
    if (!lp_mem_check(m, addr, len, LP_W, NULL))
        return -EFAULT;
    return lp_guarded_copy(lp_mem_at(m, addr), src, len);
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
        if (!lp_mem_check(m, a, n, LP_R, NULL) || lp_guarded_copy(dst + done, lp_mem_at(m, a), n))
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

/* ---- whatever the rights ---- */

/* A page that the host keeps everybody from is readable for the moment of the copy. */
static int peek_page(struct lp_mem *m, void *dst, uint64_t addr, size_t n)
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

static int peek_locked(struct lp_mem *m, uint8_t *dst, uint64_t addr, size_t len)
{
    int r = lp_within(addr, len, m->limit) && lp_vma_covers(m, addr, addr + len) ? 0 : -EFAULT;
    for (size_t n; len && r == 0; addr += n, dst += n, len -= n) {
        n = (size_t)(LP_PAGE - addr % LP_PAGE);
        n = n < len ? n : len;
        r = peek_page(m, dst, addr, n);
    }
    return r;
}

int lp_mem_peek(struct lp_mem *m, void *dst, uint64_t addr, size_t len)
{
    if (lp_mem_read(m, dst, addr, len) == 0)
        return 0;
    if (m->flat)
        return -EFAULT;
    pthread_mutex_lock(&m->lock);
    int r = peek_locked(m, dst, lp_mem_untag(addr), len);
    pthread_mutex_unlock(&m->lock);
    return r;
}
