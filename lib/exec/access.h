/* exec/access.h - the one accessor for guest memory, in two modes.
 *
 * Fast (default): host address = cpu->mem + guest address; a fault comes back through the SIGSEGV handler, which is why the op in progress is stored
 * first. Checked (LP_CHECKED defined before inclusion): tags stripped, permissions and bounds tested, faults raised precisely.
 * Unaligned access is allowed everywhere (SCTLR_EL1.A = 0), page-crossing included.
 */
#ifndef LP_EXEC_ACCESS_H
#define LP_EXEC_ACCESS_H
#include "exec/cpu.h"
#include "mem/mem.h"

/* In `need`, beside LP_R: cache maintenance, which the fault's ESR says. */
#define LP_MAINTAIN 0x100
#ifdef LP_CHECKED
/* Host address of `size` bytes at addr with LP_R or LP_W, or the precise fault. exec/checked.c */
void *lp_access(struct lp_cpu *cpu, const struct lp_op *op, uint64_t addr, unsigned size, unsigned need);
#define LP_HOST(cpu, op, addr, size, need) lp_access(cpu, op, addr, size, need)
#else
/* AddressSanitizer looks at its shadow of an address before the access, and calls a wild one (a tagged pointer) an error of ours: touch it
 * first, so that it faults as it would without. */
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define LP_ASAN 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(LP_ASAN)
__attribute__((noinline, no_sanitize("address"), unused)) static void lp_probe(uintptr_t p) { (void)*(volatile uint8_t *)p; }
#define LP_PROBE(p) lp_probe(p)
#else
#define LP_PROBE(p) ((void)0)
#endif

/* The empty asm keeps the compiler from moving the access before the store of cpu->op, or from dropping that store; only
 * the address goes through it, so that the addition stays part of the access. Integers: a wild address may overflow. */
static inline __attribute__((always_inline)) void *lp_host(struct lp_cpu *cpu, const struct lp_op *op, uint64_t addr)
{
    cpu->op = op;
    __asm__ volatile("" : "+r"(addr) : "m"(cpu->op));
    LP_PROBE((uintptr_t)cpu->mem + addr);
    return (void *)((uintptr_t)cpu->mem + addr);
}
#define LP_HOST(cpu, op, addr, size, need) lp_host(cpu, op, addr)
#endif

#define LP_ACCESSOR(bits, type)                                                                              \
    static inline __attribute__((always_inline)) type lp_ld##bits(struct lp_cpu *cpu, const struct lp_op *op, uint64_t addr) \
    {                                                                                                        \
        type v;                                                                                              \
        __builtin_memcpy(&v, LP_HOST(cpu, op, addr, sizeof v, LP_R), sizeof v);                              \
        return v;                                                                                            \
    }                                                                                                        \
    static inline __attribute__((always_inline)) void lp_st##bits(struct lp_cpu *cpu, const struct lp_op *op, uint64_t addr, type v) \
    {                                                                                                        \
        __builtin_memcpy(LP_HOST(cpu, op, addr, sizeof v, LP_W), &v, sizeof v);                              \
    }
LP_ACCESSOR(8, uint8_t)
LP_ACCESSOR(16, uint16_t)
LP_ACCESSOR(32, uint32_t)
LP_ACCESSOR(64, uint64_t)
LP_ACCESSOR(128, lp_u128)
#undef LP_ACCESSOR
#endif
