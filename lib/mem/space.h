/* mem/space.h - the inside of an address space, shared by the files of this room. */
#ifndef LP_MEM_SPACE_H
#define LP_MEM_SPACE_H
#include <pthread.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "base/bits.h"
#include "base/sanitize.h"
#include "mem/mem.h"

/* vm.mmap_min_addr of the distributions' AArch64 kernels. */
#define LP_MIN_ADDR UINT64_C(0x10000)
/* Linux's TASK_SIZE with 48 bits: what munmap takes for an address, whether or not there is memory for it here. */
#define LP_TASK_SIZE (UINT64_C(1) << 48)

struct lp_vma_name {
    unsigned refs;
    char text[];
};
/* What the page flags cannot hold; above the public bits. */
enum { LP_V_ANON = 256, LP_V_GROWSDOWN = 512, LP_V_DONTFORK = 1024, LP_V_WIPEONFORK = 2048, LP_V_PUBLIC = 127 };
/* `dev` of a System V segment, which has its identifier as `ino`; UINT64_MAX: of anonymous memory (map.c). */
#define LP_SEGMENT_DEV (UINT64_MAX - 1)
struct lp_vma {
    uint64_t start, end, off;
    uint64_t dev, ino;         /* of a file mapping; of an anonymous shared one a number of ours (LP_V_ANON) */
    struct lp_vma_name *name;  /* NULL = none */
    unsigned flags;            /* LP_R | LP_W | LP_X | LP_BTI as asked for, LP_MAPPED, LP_SHARED, LP_V_* */
};

/* The shared page under a private copy that lp_mem_poke made. */
struct lp_kept { uint64_t page; void *view; };

struct lp_mem {
    uint8_t *base;             /* host address of guest address 0 */
    struct lp_op *ops;         /* op of guest address 0 */
    uint64_t start, limit;     /* guest addresses are in [start, limit); start = 0 but for flat ones */
    bool flat;
    uint8_t *flags;            /* one byte per page: LP_R (readable in effect) ... */
    uint8_t *decoded;          /* one byte per page: have ops ever been decoded there? NULL: flat */
    struct { void *p; size_t n; } raw[5]; /* what to give back: reservation, op map, flags, decoded, the spare mapping */
    lp_mem_changed_fn changed;
    void *changed_ctx;

    pthread_mutex_t lock;      /* everything below */
    struct lp_vma *vma;        /* in address order, never overlapping */
    size_t n, cap;
    uint64_t top;              /* mappings without an address go below this first */
    uint64_t objects;          /* anonymous shared mappings made so far */
    uint64_t scan_top, scan_len; /* no hole of scan_len bytes or more ends above scan_top */
    size_t patched;            /* pages with LP_PATCHED */
    struct lp_kept *kept;      /* of those, the shared ones */
    size_t nkept, kept_cap;
    bool guarded;              /* some pages have, or had, LP_BTI */
    bool lazy;                 /* some mappings without rights have page flags 0 (lp_pages_set); once set, it stays */
};

/* mmap inside the reservation. ThreadSanitizer takes its mmap for a write by this thread, and would report guests' accesses as races. */
static inline void *lp_host_mmap(void *at, size_t len, int prot, int flags, int fd, off_t off)
{
#ifdef LP_TSAN
    return (void *)syscall(SYS_mmap, at, len, prot, flags, fd, off);
#else
    return mmap(at, len, prot, flags, fd, off);
#endif
}
static inline void *lp_mem_at(const struct lp_mem *m, uint64_t addr) { return (void *)((uintptr_t)m->base + addr); }
static inline unsigned lp_page_get(const struct lp_mem *m, uint64_t addr)
{
    return __atomic_load_n(&m->flags[addr / LP_PAGE], __ATOMIC_RELAXED);
}
/* Host protection of guest rights: never executable, and writable or executable implies readable (as on ARMv8.0). */
int lp_mem_host_prot(unsigned flags);
/* The page flags of a mapping with these flags. */
unsigned lp_page_of(unsigned vma_flags);
/* Has the mapping an object behind it that other mappings may show, at `off`? */
static inline bool lp_vma_backed(const struct lp_vma *v) { return !(v->flags & LP_V_ANON) || v->flags & LP_SHARED; }
/* Set the flags of all pages in [start, end); LP_PATCHED stays with keep. */
void lp_pages_set(struct lp_mem *m, uint64_t start, uint64_t end, unsigned flags, bool keep);
/* The first page at or above `from` with LP_PATCHED, or end. */
uint64_t lp_pages_patched(const struct lp_mem *m, uint64_t from, uint64_t end);
/* Make [start, end) inaccessible again, still reserved. 0 or -errno. */
int lp_mem_reserve(struct lp_mem *m, uint64_t start, uint64_t end);
void lp_mem_notify(struct lp_mem *m, bool any, uint64_t start, uint64_t end);

/* ---- copy.c ---- */
/* A copy that survives a concurrent munmap, or a file that ends before its mapping: 0 or -EFAULT. */
int lp_guarded_copy(void *dst, const void *src, size_t n);
/* ---- poke.c: the shared page below a private copy is wanted no more, or elsewhere ---- */
void lp_kept_drop(struct lp_mem *m, uint64_t page);
void lp_kept_move(struct lp_mem *m, uint64_t from, uint64_t to);
void lp_kept_free(struct lp_mem *m);
/* ---- vma.c ---- */
bool lp_vma_room(struct lp_mem *m, size_t more);            /* so that the calls below cannot fail: each needs at most 2 */
size_t lp_vma_at(const struct lp_mem *m, uint64_t addr);    /* the first that ends above addr */
unsigned lp_vma_page(const struct lp_mem *m, uint64_t addr); /* page flags as the mapping there has them; takes the lock itself */
bool lp_vma_any(const struct lp_mem *m, uint64_t start, uint64_t end);
bool lp_vma_covers(const struct lp_mem *m, uint64_t start, uint64_t end);
bool lp_vma_has(const struct lp_mem *m, uint64_t start, uint64_t end, unsigned flag); /* does any page's mapping have it? */
void lp_vma_remove(struct lp_mem *m, uint64_t start, uint64_t end);
void lp_vma_insert(struct lp_mem *m, const struct lp_vma *v); /* takes a new reference to the name; [start, end) is free */
void lp_vma_flags(struct lp_mem *m, uint64_t start, uint64_t end, unsigned clear, unsigned set);
uint64_t lp_vma_place(struct lp_mem *m, uint64_t hint, uint64_t len); /* 0 = no room */
void lp_vma_free_all(struct lp_mem *m);

/* ---- map.c ---- */
int lp_mem_unmap_locked(struct lp_mem *m, uint64_t start, uint64_t end);
#endif
