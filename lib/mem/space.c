/* mem/space.c - making and freeing address spaces: the reservation, the op map, the page flags. */
#include <config.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "a64/op.h"
#include "base/error.h"
#include "mem/fault.h"
#include "mem/space.h"

/* Spare ops around an op map: invalidation looks at the op before, fused pairs at the one behind. */
#define SPARE (LP_PAGE / sizeof(struct lp_op))
#define MIN_BITS 30u
#define LEAST_BITS 27u /* rather than nothing */
#define OWN_MEMORY ((size_t)64 << 20) /* what the engine itself needs */
enum { SPARE_MAPPING = 4 }; /* of raw[] */
#define LAZY_PAGES 4096 /* 16 MiB */
#define MAX_BITS 46u
#define WIDE_GUARD (UINT64_C(1) << 36)
#define WIDEST_GUARD (UINT64_C(1) << 45) /* what is free between a position-independent program and its libraries on x86-64, nearly */
#ifdef LP_TSAN
#define DEFAULT_BITS 34u /* ThreadSanitizer leaves a program little address space */
#else
#define DEFAULT_BITS 39u
#endif

static void *reserve(struct lp_mem *m, unsigned i, uint64_t n, int prot)
{
    void *p = n > SIZE_MAX ? MAP_FAILED : mmap(NULL, (size_t)n, prot, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (p == MAP_FAILED)
        return NULL;
    m->raw[i].p = p;
    m->raw[i].n = (size_t)n;
#ifdef MADV_NOHUGEPAGE
    madvise(p, (size_t)n, prot == PROT_NONE ? MADV_NORMAL : MADV_NOHUGEPAGE); /* sparse: a huge page per touch would cost 2 MiB */
#endif
#ifdef MADV_DONTDUMP
    if (prot != PROT_NONE)
        madvise(p, (size_t)n, MADV_DONTDUMP);
#endif
    return p;
}

static void release(struct lp_mem *m)
{
    for (size_t i = 0; i < sizeof m->raw / sizeof m->raw[0]; i++) {
        if (m->raw[i].p)
            munmap(m->raw[i].p, m->raw[i].n);
        m->raw[i].p = NULL;
    }
}

/* The host refuses every mmap while a process has more mappings than vm.max_map_count, also one that takes thousands away. A mapping of its own, kept
 * for that, goes then. */
static void keep_spare(struct lp_mem *m)
{
    if (!m->raw[SPARE_MAPPING].p)
        reserve(m, SPARE_MAPPING, LP_PAGE, PROT_READ);
}

static bool give_spare(struct lp_mem *m)
{
    bool gone = m->raw[SPARE_MAPPING].p && munmap(m->raw[SPARE_MAPPING].p, LP_PAGE) == 0;
    m->raw[SPARE_MAPPING].p = NULL;
    return gone;
}

/* The guest's memory between two guards: `above` as wide as the reach of any immediate offset, with room also of ADRP (4 GiB) and of a wild 32-bit
 * index times 16 (32 GiB); *below at best so wide that nothing of the host's lies where an address of the upper half (-1, -2^40) leads. */
static uint8_t *reserve_guarded(struct lp_mem *m, uint64_t size, uint64_t above, uint64_t *below)
{
    for (*below = above < WIDE_GUARD ? above : WIDEST_GUARD; *below >= above; *below /= 2) {
        uint8_t *all = reserve(m, 0, size + *below + above, PROT_NONE);
        if (all)
            return all;
    }
    return NULL;
}

static bool reserve_bits(struct lp_mem *m, unsigned bits)
{
    uint64_t size = UINT64_C(1) << bits, huge = UINT64_C(2) << 20, below;
    uint8_t *all = reserve_guarded(m, size + huge, UINT64_C(1) << (bits >= 39 ? 36 : bits >= 36 ? 32 : 24), &below);
    struct lp_op *ops = all ? reserve(m, 1, size * 4 + 2 * LP_PAGE, PROT_READ | PROT_WRITE) : NULL;
    m->flags = ops ? reserve(m, 2, size / LP_PAGE + LP_PAGE, PROT_READ | PROT_WRITE) : NULL;
    m->decoded = m->flags ? reserve(m, 3, size / LP_PAGE + LP_PAGE, PROT_READ | PROT_WRITE) : NULL;
    if (!m->decoded) {
        release(m);
        return false;
    }
    /* 2 MiB alignment lets the host use huge pages where the guest's addresses would. */
    m->base = (uint8_t *)lp_align_up((uintptr_t)all + below, huge);
    m->ops = ops + SPARE;
    m->limit = size;
    /* Linux leaves the stack's limit below the top; at most 1 GiB is ever used here. */
    m->top = bits >= 34 ? size - (UINT64_C(1088) << 20) : size - size / 8;
    m->scan_top = m->top;
    m->scan_len = UINT64_MAX;
    keep_spare(m);
    return true;
}

/* Where the host gives less than was asked for, there must be some of it left. */
static bool leaves_room(struct lp_mem *m)
{
    void *p = mmap(NULL, OWN_MEMORY, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (p == MAP_FAILED)
        release(m);
    else
        munmap(p, OWN_MEMORY);
    return p != MAP_FAILED;
}

static struct lp_mem *alloc_mem(void)
{
    struct lp_mem *m = calloc(1, sizeof *m);
    if (m)
        pthread_mutex_init(&m->lock, NULL);
    return m;
}

/* The guest's memory is the host's, and its numbers are read and written there as they are. */
static lp_status check_host(struct lp_error *err)
{
    const union { uint16_t number; uint8_t first; } probe = {.number = 1};
    if (sizeof(void *) == 8 && probe.first == 1)
        return LP_OK;
    lp_fail(err, LP_E_UNSUPPORTED, "running AArch64 code requires a 64-bit little-endian host");
    return lp_hint(err, "patches can be made, and applied to files, on any host"), LP_E_UNSUPPORTED;
}

lp_status lp_mem_new(unsigned bits, struct lp_mem **out, struct lp_error *err)
{
    *out = NULL;
    if (check_host(err) != LP_OK)
        return LP_E_UNSUPPORTED;
    if (bits && (bits < MIN_BITS || bits > MAX_BITS))
        return lp_fail(err, LP_E_INVALID, "an address space of %u bits: expected %u to %u", bits, MIN_BITS, MAX_BITS);
    long page = sysconf(_SC_PAGESIZE);
    if (page != (long)LP_PAGE) {
        lp_fail(err, LP_E_UNSUPPORTED, "this host has pages of %ld bytes; guest programs need pages of 4096", page);
        lp_hint(err, "run on a host kernel with 4 KiB pages");
        return LP_E_UNSUPPORTED;
    }
    lp_status s = lp_fault_install(err);
    if (s != LP_OK)
        return s;
    struct lp_mem *m = alloc_mem();
    if (!m)
        return lp_fail(err, LP_E_NOMEM, "no memory for an address space");
    unsigned first = bits ? bits : DEFAULT_BITS, b = first;
    while (b >= LEAST_BITS && (!reserve_bits(m, b) || (b < first && !leaves_room(m))))
        b--;
    if (b < LEAST_BITS) {
        lp_fail_sys(err, LP_E_NOMEM, errno, "the host refuses address space for the guest (tried %u down to %u bits)", first, LEAST_BITS);
        lp_hint(err, "raise the limit of virtual memory (ulimit -v), or allow overcommit (sysctl vm.overcommit_memory=0)");
        lp_mem_free(m);
        return LP_E_NOMEM;
    }
    *out = m;
    return LP_OK;
}

lp_status lp_mem_new_flat(void *buffer, size_t size, uint64_t base, struct lp_mem **out, struct lp_error *err)
{
    *out = NULL;
    if (check_host(err) != LP_OK)
        return LP_E_UNSUPPORTED;
    if (!buffer || !size || size % 4 || base % 4)
        return lp_fail(err, LP_E_INVALID, "flat memory of %zu bytes at 0x%llx: both must be multiples of 4, the size not 0", size,
                       (unsigned long long)base);
    /* Bit 55 and up belong to tags and to the kernel's half. */
    if (!lp_within(base, size, UINT64_C(1) << 55))
        return lp_fail(err, LP_E_INVALID, "flat memory of %zu bytes at 0x%llx ends above 2^55", size, (unsigned long long)base);
    lp_status s = lp_fault_install(err);
    if (s != LP_OK)
        return s;
    struct lp_mem *m = alloc_mem();
    struct lp_op *ops = m && size < SIZE_MAX / 8 ? reserve(m, 1, (uint64_t)size * 4 + 2 * LP_PAGE, PROT_READ | PROT_WRITE) : NULL;
    if (!ops) {
        lp_mem_free(m);
        return lp_fail(err, LP_E_NOMEM, "no memory for the decoded form of %zu bytes (four times as much)", size);
    }
    m->flat = true;
    m->base = (uint8_t *)((uintptr_t)buffer - base);
    m->ops = (struct lp_op *)((uintptr_t)(ops + SPARE) - base * 4);
    m->start = base;
    m->limit = base + size;
    *out = m;
    return LP_OK;
}

void lp_mem_free(struct lp_mem *m)
{
    if (!m)
        return;
    lp_kept_free(m);
    lp_vma_free_all(m);
    release(m);
    pthread_mutex_destroy(&m->lock);
    free(m);
}

void lp_mem_on_change(struct lp_mem *m, lp_mem_changed_fn fn, void *ctx)
{
    m->changed = fn;
    m->changed_ctx = ctx;
}

void lp_mem_notify(struct lp_mem *m, bool any, uint64_t start, uint64_t end)
{
    if (any && m->changed)
        m->changed(m->changed_ctx, start, end);
}

uint8_t *lp_mem_base(const struct lp_mem *m) { return m->base; }
struct lp_op *lp_mem_ops(const struct lp_mem *m) { return m->ops; }
uint8_t *lp_mem_decoded(const struct lp_mem *m) { return m->decoded; }
uint64_t lp_mem_limit(const struct lp_mem *m) { return m->limit; }
bool lp_mem_is_flat(const struct lp_mem *m) { return m->flat; }
bool lp_mem_guarded(const struct lp_mem *m) { return __atomic_load_n(&m->guarded, __ATOMIC_RELAXED); }

unsigned lp_mem_flags(const struct lp_mem *m, uint64_t addr)
{
    if (addr >= m->limit || addr < m->start)
        return 0;
    if (m->flat)
        return LP_R | LP_W | LP_X | LP_MAPPED;
    unsigned f = lp_page_get(m, addr);
    return f || !__atomic_load_n(&m->lazy, __ATOMIC_ACQUIRE) ? f : lp_vma_page(m, addr);
}

static bool check_flat(const struct lp_mem *m, uint64_t addr, uint64_t len, unsigned flags, uint64_t *bad)
{
    bool start_ok = addr >= m->start && addr < m->limit && !(flags & (LP_SHARED | LP_PATCHED));
    if (start_ok && len <= m->limit - addr)
        return true;
    if (bad)
        *bad = start_ok ? m->limit : addr;
    return false;
}

bool lp_mem_check(const struct lp_mem *m, uint64_t addr, uint64_t len, unsigned flags, uint64_t *bad)
{
    if (!len)
        return true;
    if (m->flat)
        return check_flat(m, addr, len, flags, bad);
    /* Nothing at and above the limit, where numbers may wrap, is looked at. */
    bool inside = lp_within(addr, len, m->limit);
    uint64_t a = addr, end = inside ? addr + len : m->limit;
    while (a < end && (lp_mem_flags(m, a) & flags) == flags)
        a = lp_align_down(a, LP_PAGE) + LP_PAGE;
    if (bad && (a < end || !inside))
        *bad = a;
    return a >= end && inside;
}

int lp_mem_host_prot(unsigned flags)
{
    return flags & LP_W ? PROT_READ | PROT_WRITE : flags & (LP_R | LP_X) ? PROT_READ : PROT_NONE;
}

unsigned lp_page_of(unsigned f)
{
    return (f & (LP_R | LP_W | LP_X | LP_SHARED | LP_BTI)) | LP_MAPPED | (f & (LP_W | LP_X) ? LP_R : 0);
}

/* Whole pages of the flags array go back to the host: a guest may reserve (and drop) many GiB. */
static void clear_pages(struct lp_mem *m, uint64_t first, uint64_t last)
{
    uint64_t a = lp_align_up(first, LP_PAGE), b = lp_align_down(last, LP_PAGE);
    bool bulk = b > a && b - a >= 16 * LP_PAGE && madvise(m->flags + a, b - a, MADV_DONTNEED) == 0;
    for (uint64_t i = first; i < last; i++) {
        if (bulk && i == a)
            i = b;
        if (i < last)
            __atomic_store_n(&m->flags[i], 0, __ATOMIC_RELAXED);
    }
}

void lp_pages_set(struct lp_mem *m, uint64_t start, uint64_t end, unsigned flags, bool keep)
{
    uint64_t first = start / LP_PAGE, last = end / LP_PAGE;
    if (flags & LP_BTI)
        __atomic_store_n(&m->guarded, true, __ATOMIC_RELAXED);
    if (m->patched && !keep)
        for (uint64_t a = lp_pages_patched(m, start, end); a < end; a = lp_pages_patched(m, a + LP_PAGE, end)) {
            lp_kept_drop(m, a);
            m->patched--;
        }
    /* A large reservation without rights costs nothing: its flags stay 0, and who wants to know asks the mapping. */
    bool none = !(flags & (LP_R | LP_W | LP_X)) && last - first >= LAZY_PAGES && !(m->patched && keep);
    if (flags && none)
        __atomic_store_n(&m->lazy, true, __ATOMIC_SEQ_CST); /* before the flags go: readers take no lock */
    if (!flags || none) {
        clear_pages(m, first, last);
        return;
    }
    uint64_t wide = flags * UINT64_C(0x0101010101010101);
    for (uint64_t i = first; i < last;) {
        if (!(m->patched && keep) && i % 8 == 0 && last - i >= 8) {
            __atomic_store_n((uint64_t *)(void *)&m->flags[i], wide, __ATOMIC_RELAXED);
            i += 8;
            continue;
        }
        unsigned old = keep ? m->flags[i] & LP_PATCHED : 0;
        __atomic_store_n(&m->flags[i], (uint8_t)(flags | old), __ATOMIC_RELAXED);
        i++;
    }
}

uint64_t lp_pages_patched(const struct lp_mem *m, uint64_t from, uint64_t end)
{
    if (!m->patched)
        return end;
    while (from < end && !(lp_page_get(m, from) & LP_PATCHED))
        from += LP_PAGE;
    return from < end ? from : end;
}

static bool make_reserved(struct lp_mem *m, uint64_t start, uint64_t end)
{
    return lp_host_mmap(lp_mem_at(m, start), end - start, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0) != MAP_FAILED;
}

int lp_mem_reserve(struct lp_mem *m, uint64_t start, uint64_t end)
{
    int r = make_reserved(m, start, end) ? 0 : -errno;
    if (r == -ENOMEM && give_spare(m))
        r = make_reserved(m, start, end) ? 0 : -ENOMEM;
    keep_spare(m);
    return r;
}
