/* mem/copy.c - protected copies between the engine and the guest. */
#include <config.h>
#include <errno.h>
#include <string.h>
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
