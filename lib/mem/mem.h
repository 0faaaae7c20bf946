/* mem/mem.h - one guest address space.
 *
 * Process kind: one host reservation; host address = base + guest address; guest permissions are host permissions (a guest's
 * PROT_EXEC page is host-readable, never host-executable) and are kept per 4 KiB page in a flags array as well. Flat kind: a caller's
 * buffer at a guest base address, all of it readable, writable and executable; always accessed in checked mode.
 * Linux-like calls return 0 or a positive result, or -errno (Linux numbers). Thread-safe unless said otherwise.
 */
#ifndef LP_MEM_MEM_H
#define LP_MEM_MEM_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <arm64lp/error.h>

#define LP_PAGE UINT64_C(4096)
enum { LP_R = 1, LP_W = 2, LP_X = 4, LP_MAPPED = 8, LP_SHARED = 16, LP_PATCHED = 32, LP_BTI = 64 }; /* page flags */
#define LP_PROT_BTI 0x10 /* Linux's PROT_BTI of arm64: the page is guarded (LP_BTI) */

struct lp_op;
struct lp_mem;

/* Tells the room above that code may have changed in [start, end): mmap, munmap, mprotect, mremap, madvise, poke. */
typedef void (*lp_mem_changed_fn)(void *ctx, uint64_t start, uint64_t end);

/* A process address space of 2^bits bytes (30..46; 39 is the usual one, falls back to less when the host refuses, 0 = default). */
lp_status lp_mem_new(unsigned bits, struct lp_mem **out, struct lp_error *err);
/* A flat one over the caller's `size` bytes at guest address `base` (both multiples of 4; the buffer is borrowed). */
lp_status lp_mem_new_flat(void *buffer, size_t size, uint64_t base, struct lp_mem **out, struct lp_error *err);
void lp_mem_free(struct lp_mem *m);
void lp_mem_on_change(struct lp_mem *m, lp_mem_changed_fn fn, void *ctx);

uint8_t *lp_mem_base(const struct lp_mem *m);     /* host address of guest address 0 (for flat: buffer - base, arithmetic only) */
struct lp_op *lp_mem_ops(const struct lp_mem *m); /* the op map: op of guest address 0 */
uint8_t *lp_mem_decoded(const struct lp_mem *m);  /* for its keeper: a byte per page, 0 at first; NULL: the memory is flat */
uint64_t lp_mem_limit(const struct lp_mem *m);    /* addresses are below this */
bool lp_mem_is_flat(const struct lp_mem *m);
bool lp_mem_guarded(const struct lp_mem *m);      /* has there ever been a page with LP_BTI? Lock-free */
/* Flags of the page that holds addr (0 = not mapped): the rights in effect, so a writable or executable page has LP_R too. Lock-free but for pages
 * without rights. */
unsigned lp_mem_flags(const struct lp_mem *m, uint64_t addr);
/* Do all bytes of [addr, addr+len) have all of `flags`? If not, *bad (may be NULL) is the first that has not. Lock-free. */
bool lp_mem_check(const struct lp_mem *m, uint64_t addr, uint64_t len, unsigned flags, uint64_t *bad);

/* ---- the guest's mappings, with Linux's arguments, flags (AArch64 = generic numbers) and errors ---- */
/* Flags that POSIX has not. */
enum { LP_MAP_ANONYMOUS = 0x20, LP_MAP_GROWSDOWN = 0x100, LP_MAP_NORESERVE = 0x4000, LP_MAP_FIXED_NOREPLACE = 0x100000 };
int64_t lp_mem_mmap(struct lp_mem *m, uint64_t addr, uint64_t len, int prot, int flags, int host_fd, int64_t off);
int lp_mem_munmap(struct lp_mem *m, uint64_t addr, uint64_t len);
/* Are these arguments that munmap takes? */
bool lp_mem_can_unmap(uint64_t addr, uint64_t len);
int lp_mem_mprotect(struct lp_mem *m, uint64_t addr, uint64_t len, int prot);
int64_t lp_mem_mremap(struct lp_mem *m, uint64_t old, uint64_t old_len, uint64_t new_len, int flags, uint64_t new_addr);
int lp_mem_madvise(struct lp_mem *m, uint64_t addr, uint64_t len, int advice);
int lp_mem_msync(struct lp_mem *m, uint64_t addr, uint64_t len, int flags);
/* Around fork: no other thread may be half-way through a change. In the child MADV_DONTFORK mappings are gone. */
void lp_mem_before_fork(struct lp_mem *m);
void lp_mem_after_fork(struct lp_mem *m, bool child);
/* Lowest free range of len bytes at or above `from` (page-aligned), within [from, to); 0 if none. For patch bodies within reach of an object. */
uint64_t lp_mem_find_free(struct lp_mem *m, uint64_t from, uint64_t to, uint64_t len);

/* Top-byte-ignore for user addresses (bit 55 clear), as Linux's untagged_addr(). */
static inline uint64_t lp_mem_untag(uint64_t a) { return a >> 55 & 1 ? a : a & ~(UINT64_C(0xff) << 56); }

/* ---- copies between the engine and the guest: protected against faults (holes, concurrent munmap), tags (TBI) stripped ---- */
/* All of len bytes, with guest permissions: 0 or -EFAULT. */
int lp_mem_read(struct lp_mem *m, void *dst, uint64_t addr, size_t len);
int lp_mem_write(struct lp_mem *m, uint64_t addr, const void *src, size_t len);
/* A C string of at most size-1 bytes and its 0: its length, -EFAULT, or -ENAMETOOLONG. */
int64_t lp_mem_read_str(struct lp_mem *m, char *dst, uint64_t addr, size_t size);
/* Host pointer for passing a guest buffer to a host system call (which itself gives EFAULT on holes); NULL if [addr, addr+len) leaves the
 * address space, so that no engine memory is ever reachable. */
void *lp_mem_host(struct lp_mem *m, uint64_t addr, uint64_t len);
/* Write code or data whatever the guest's permission, as a debugger does: a private copy is made, never a file changed; the change listener is
 * called. The caller holds the gate. 0 or -errno. */
int lp_mem_poke(struct lp_mem *m, uint64_t addr, const void *src, size_t len);

/* One mapping after another, in address order: the first that ends above `from`; false at the end. */
struct lp_mapping {
    uint64_t start, end;
    unsigned flags;     /* LP_R ... as the guest asked for them */
    uint64_t file_off;
    uint64_t dev, ino;  /* of a file mapping; 0 = anonymous */
    char name[256];     /* path, "[heap]", "[stack]" or "" */
};
bool lp_mem_next(struct lp_mem *m, uint64_t from, struct lp_mapping *out);
/* Every place in the address space where the `len` bytes at addr, inside one page of a shared mapping, can be seen, addr itself included: other views of the
 * file, System V segment or anonymous object. fn runs with the address space locked. */
void lp_mem_views(struct lp_mem *m, uint64_t addr, uint64_t len, void (*fn)(void *ctx, uint64_t addr, uint64_t len), void *ctx);
/* A shared mapping without a file, begun at addr, shows this System V segment. */
void lp_mem_segment(struct lp_mem *m, uint64_t addr, int shmid);
/* Name a mapped range for lp_mem_next and /proc/self/maps. */
void lp_mem_name(struct lp_mem *m, uint64_t addr, uint64_t len, const char *name, uint64_t file_off);
#endif
