/* exec/mops.c - memory copy and set: what each row of a64/mops.decode does (Arm ARM C6.2, CPYP and SETP; option A).
 *
 * Option A: the prologue moves nothing and sets NZCV to 0. Going forward it adds the size to the addresses and negates Xn, so that the next
 * byte is at address + Xn; going backward Xn counts down and the next byte is below address + Xn. Either way Xn is the only progress, stored
 * after every piece, so that an instruction that faulted is simply continued. The main step does all; the epilogue finds nothing left. A size may
 * stand for seconds, and interrupts are taken in between, as in the Arm ARM: a step leaves behind any piece when a safepoint is wanted.
 */
#include <config.h>
#include <stdatomic.h>
#include "exec/again.h"
#include "exec/op.h"

/* State of the other implementation (option B, PSTATE.C = 1; a program that came from another processor) is not to be continued here. Linux makes of it
 * what a prologue takes, and lets the prologue, `back` instructions before, begin with what is left (do_el0_mops(); Arm ARM, CNTMJ and MWFQH). Option B
 * has the next byte in the addresses, and, going backward (PSTATE.N = 1), the one behind it. A size of 0 is finished whatever made it. */
LP_INLINE bool mo_other(const struct lp_cpu *cpu, unsigned n) { return __builtin_expect(cpu->f.c, 0) && cpu->x[n] != 0; }
LP_INLINE void mo_restart_copy(struct lp_cpu *cpu, const struct lp_op *op, unsigned back, unsigned d, unsigned s, unsigned n)
{
    if (cpu->f.n) {
        cpu->x[d] -= cpu->x[n];
        cpu->x[s] -= cpu->x[n];
    }
    lp_cpu_again(cpu, op - back);
}
LP_INLINE void mo_forward(struct lp_cpu *cpu, unsigned n, uint64_t size) { cpu->x[n] = -size; }
/* Xn moves only behind the accesses: a handler that faults finds it exact. */
LP_INLINE void mo_progress(struct lp_cpu *cpu, const struct lp_op *op, unsigned n, int64_t left)
{
    atomic_signal_fence(memory_order_seq_cst);
    cpu->x[n] = (uint64_t)left;
    atomic_signal_fence(memory_order_seq_cst);
    if (__builtin_expect(lp_cpu_wanted(cpu), 0) && left != 0)
        lp_cpu_again(cpu, op);
}
/* Eight bytes from here in one page? Pieces do not cross pages, so that everything before an address that faults is done. */
LP_INLINE bool mo_whole(uint64_t addr) { return (addr & 4095) <= 4096 - 8; }
LP_INLINE uint64_t mo_saturated(uint64_t size) { return size >> 63 ? UINT64_MAX >> 1 : size; }

/* ---- copies ---- */
LP_INLINE void mo_copy(struct lp_cpu *cpu, const struct lp_op *op, unsigned back, unsigned d, unsigned s, unsigned n)
{
    if (mo_other(cpu, n))
        mo_restart_copy(cpu, op, back, d, s, n);
    const uint64_t to = cpu->x[d], from = cpu->x[s];
    int64_t left = (int64_t)cpu->x[n];
    while (left < 0) {
        const uint64_t at = (uint64_t)left;
        if (left <= -8 && mo_whole(to + at) && mo_whole(from + at)) {
            lp_st64(cpu, op, to + at, lp_ld64(cpu, op, from + at));
            mo_progress(cpu, op, n, left += 8);
        } else {
            lp_st8(cpu, op, to + at, lp_ld8(cpu, op, from + at));
            mo_progress(cpu, op, n, ++left);
        }
    }
    while (left > 0) {
        const uint64_t at = (uint64_t)left - 8;
        if (left >= 8 && mo_whole(to + at) && mo_whole(from + at)) {
            lp_st64(cpu, op, to + at, lp_ld64(cpu, op, from + at));
            mo_progress(cpu, op, n, left -= 8);
        } else {
            lp_st8(cpu, op, to + at + 7, lp_ld8(cpu, op, from + at + 7));
            mo_progress(cpu, op, n, --left);
        }
    }
}
LP_OP(CPYFP)
{
    const uint64_t size = mo_saturated(cpu->x[f.Rn]);
    cpu->x[f.Rd] += size;
    cpu->x[f.Rs] += size;
    mo_forward(cpu, f.Rn, size);
    lp_set_nzcv(cpu, 0);
}
/* Backward if the destination begins inside the source. Sizes are limited so that an address without its tag can hold them. */
LP_OP(CPYP)
{
    const uint64_t mask = UINT64_MAX >> 8, limit = UINT64_MAX >> 9;
    const uint64_t size = cpu->x[f.Rn] > limit ? limit : cpu->x[f.Rn];
    const uint64_t to = cpu->x[f.Rd] & mask, from = cpu->x[f.Rs] & mask;
    if (from < to && from + size > to) {
        cpu->x[f.Rn] = size;
    } else {
        cpu->x[f.Rd] += size;
        cpu->x[f.Rs] += size;
        mo_forward(cpu, f.Rn, size);
    }
    lp_set_nzcv(cpu, 0);
}
LP_OP(CPYFM) { mo_copy(cpu, op, 1, f.Rd, f.Rs, f.Rn); }
LP_OP(CPYFE) { mo_copy(cpu, op, 2, f.Rd, f.Rs, f.Rn); }
LP_OP(CPYM) { mo_copy(cpu, op, 1, f.Rd, f.Rs, f.Rn); }
LP_OP(CPYE) { mo_copy(cpu, op, 2, f.Rd, f.Rs, f.Rn); }

/* ---- sets ---- */
LP_INLINE void mo_set(struct lp_cpu *cpu, const struct lp_op *op, unsigned back, unsigned d, unsigned s, unsigned n)
{
    if (mo_other(cpu, n))
        lp_cpu_again(cpu, op - back);
    const uint64_t to = cpu->x[d], bytes = (cpu->x[s] & 255) * UINT64_C(0x0101010101010101);
    int64_t left = (int64_t)cpu->x[n];
    while (left < 0) {
        const uint64_t at = to + (uint64_t)left;
        if (left <= -8 && mo_whole(at)) {
            lp_st64(cpu, op, at, bytes);
            mo_progress(cpu, op, n, left += 8);
        } else {
            lp_st8(cpu, op, at, (uint8_t)bytes);
            mo_progress(cpu, op, n, ++left);
        }
    }
}
LP_OP(SETP)
{
    const uint64_t size = mo_saturated(cpu->x[f.Rn]);
    cpu->x[f.Rd] += size;
    mo_forward(cpu, f.Rn, size);
    lp_set_nzcv(cpu, 0);
}
LP_OP(SETM) { mo_set(cpu, op, 1, f.Rd, f.Rs, f.Rn); }
LP_OP(SETE) { mo_set(cpu, op, 2, f.Rd, f.Rs, f.Rn); }

#include "a64/mops.export.gen.h"
