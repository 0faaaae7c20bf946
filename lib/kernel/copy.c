/* kernel/copy.c - guest pointers for the host kernel: buffers, I/O vectors, structures. */
#include <config.h>
#include <errno.h>
#include <string.h>
#include "kernel/copy.h"
#include "kernel/kernel.h"

/* access_ok() of arm64 Linux (Documentation/arch/arm64/tagged-address-abi): the kernel takes a tagged address only from who asked for it. */
static bool accepted(const struct lp_thread *t, uint64_t addr) { return addr >> 56 == 0 || t->arch.tagged_addr; }

bool lp_user(struct lp_thread *t, uint64_t addr, uint64_t len, void **out)
{
    *out = addr && accepted(t, addr) ? lp_mem_host(t->k->mem, addr, len) : NULL;
    return *out || !addr;
}

int lp_get(struct lp_thread *t, void *dst, uint64_t addr, size_t len) { return accepted(t, addr) ? lp_mem_read(t->k->mem, dst, addr, len) : -EFAULT; }
int lp_put(struct lp_thread *t, uint64_t addr, const void *src, size_t len)
{
    return accepted(t, addr) ? lp_mem_write(t->k->mem, addr, src, len) : -EFAULT;
}

int lp_get_growing(struct lp_thread *t, void *dst, size_t known, uint64_t addr, uint64_t size)
{
    uint8_t all[LP_PAGE] = {0};
    if (size > sizeof all)
        return -E2BIG;
    if (lp_get(t, all, addr, size))
        return -EFAULT;
    for (uint64_t i = known; i < size; i++)
        if (all[i])
            return -E2BIG;
    memcpy(dst, all, known);
    return 0;
}

int64_t lp_get_str(struct lp_thread *t, char *dst, uint64_t addr, size_t size)
{
    return accepted(t, addr) ? lp_mem_read_str(t->k->mem, dst, addr, size) : -EFAULT;
}

int lp_user_iov(struct lp_thread *t, uint64_t addr, uint64_t n, struct iovec *iov)
{
    struct { uint64_t base, len; } g;
    if (n > LP_IOV_MAX)
        return -EINVAL;
    for (uint64_t i = 0; i < n; i++) {
        int r = lp_get(t, &g, addr + i * sizeof g, sizeof g);
        if (r)
            return r;
        if ((int64_t)g.len < 0)
            return -EINVAL;
        if (!lp_user(t, g.base, g.len, &iov[i].iov_base))
            return -EFAULT;
        iov[i].iov_len = g.len;
    }
    return 0;
}
