/* fp_check.c - see fp_check.h. */
#include <config.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <stdio.h>
#include <cmocka.h>
#include "fp_check.h"
#include "../splitmix.h"

/* ---- numbers ---- */
uint64_t rounds = 1;
static uint64_t seed = 1;
uint64_t next(void) { return splitmix(&seed); }
unsigned below(unsigned n) { return (unsigned)(next() >> 32) % n; }
unsigned ebits(unsigned N) { return N == 16 ? 5 : N == 32 ? 8 : 11; }
uint64_t ones(unsigned n) { return n ? UINT64_MAX >> (64 - n) : 0; }

/* A fraction of F bits: few bits, long runs, or anything: what makes ties and cancels. */
static uint64_t fraction(unsigned F)
{
    switch (below(6)) {
    case 0: return 0;
    case 1: return ones(F) - below(4);
    case 2: return below(4);
    case 3: return UINT64_C(1) << below(F);
    case 4: return ones(F) << below(F) & ones(F);
    default: return next() & ones(F);
    }
}
/* A number near `exp` (biased), anywhere, or a special one. */
uint64_t number_near(unsigned N, unsigned exp)
{
    const unsigned E = ebits(N), F = N - 1 - E, top = (1u << E) - 1;
    const uint64_t sign = (uint64_t)below(2) << (N - 1);
    switch (below(16)) {
    case 0: return sign;
    case 1: return sign | (uint64_t)top << F | (below(3) ? fraction(F) : 0);
    case 2: return sign | fraction(F);
    case 3: return sign | (uint64_t)(1 + below(2)) << F | fraction(F);
    case 4: return sign | (uint64_t)(top - 1 - below(2)) << F | fraction(F);
    case 5: return sign | (uint64_t)below(top) << F | fraction(F);
    case 6: return sign | (uint64_t)(top / 2 - 2 + below(5)) << F | fraction(F);
    default: exp += below(6) - 3; return sign | (uint64_t)(exp < top ? exp : top - 1) << F | fraction(F);
    }
}
uint64_t number(unsigned N) { return number_near(N, below((1u << ebits(N)) - 1)); }
/* The second operand so that the result of an operation on the first is interesting: near 2^emin, near overflow, close to the first. */
uint64_t partner(unsigned N, uint64_t a)
{
    const unsigned E = ebits(N), F = N - 1 - E, bias = (1u << (E - 1)) - 1, e = (unsigned)(a >> F) & ((1u << E) - 1);
    switch (below(8)) {
    case 0: return a ^ fraction(8);                                        /* cancels */
    case 1: return ((a ^ UINT64_C(1) << (N - 1)) + below(3)) & ones(N);
    case 2: return number_near(N, bias + 1 > e ? bias + 1 - e : 1);        /* product at the smallest normal */
    case 3: return number_near(N, e + bias - 1 < 2 * bias ? e + bias - 1 : 2 * bias); /* quotient there */
    case 4: return number_near(N, 3 * bias - e < 2 * bias ? 3 * bias - e : 2 * bias); /* product at overflow */
    case 5: return number_near(N, e > F ? e - F : 1);                      /* half a unit in the last place */
    case 6: return number_near(N, e);
    default: return number(N);
    }
}
/* An addend for a * b: the rounded product negated and a few units away, half a unit of it, or at the edges. */
uint64_t addend(unsigned N, uint64_t a, uint64_t b)
{
    const unsigned F = N - 1 - ebits(N);
    struct armfp s = {below(4) * ARMFP_RMODE, 0};
    const uint64_t p = armfp_mul(&s, N, a, b) ^ (uint64_t)below(2) << (N - 1);
    const unsigned e = (unsigned)(p >> F) & ((1u << ebits(N)) - 1);
    switch (below(6)) {
    case 0: return p;
    case 1: return (p + below(5) - 2) & ones(N);
    case 2: return number_near(N, e > F ? e - F : 1);
    case 3: return number_near(N, e + F < (1u << ebits(N)) - 1 ? e + F + below(4) : 1);
    case 4: return number_near(N, e);
    default: return number(N);
    }
}

/* ---- one instruction ---- */
uint64_t model(struct armfp *s, const struct insn *i, unsigned N, const uint64_t v[3])
{
    const enum armfp_mode mode = i->mode < 0 ? armfp_rmode(s) : (enum armfp_mode)i->mode;
    const unsigned M = i->out ? i->out : N;
    switch (i->kind) {
    case ONE: return i->fn.one(s, N, v[0]);
    case TWO: return i->fn.two(s, N, v[0], v[1]);
    case FUSED: return armfp_muladd(s, N, i->flip & 2 ? armfp_neg(s, N, v[2]) : v[2], i->flip & 1 ? armfp_neg(s, N, v[0]) : v[0], v[1]);
    case COMPARE_ZERO: return i->fn.two(s, N, v[0], 0);
    case ZERO_COMPARE: return i->fn.two(s, N, 0, v[0]);
    case RINT: return armfp_roundint(s, N, v[0], mode, i->is_unsigned);
    case RINTN: return armfp_roundintn(s, N, v[0], mode, (int)i->out);
    case TO_INT: return armfp_to_fixed(s, N, v[0], i->fbits, i->is_unsigned, mode, M);
    case FROM_INT: return armfp_from_fixed(s, N, v[0], M, i->fbits, i->is_unsigned);
    default: return armfp_convert(s, N, M, v[0], mode);
    }
}

struct lp_cpu cpu;
unsigned failures;

/* Vd 0 (or Rd 0), Vn 1 (or Rn 1), Vm 2, Va 3. */
struct lp_op encode(unsigned row, uint32_t fields)
{
    struct lp_op op;
    const uint32_t word = lp_a64_rows[row].value | fields | 1u << 5;
    if (lp_a64_decode(word, 0, LP_A64_ALL, &op) != row)
        fail_msg("%s: %08x is another row", lp_a64_rows[row].name, word);
    return op;
}
void set_fpcr(uint32_t v)
{
    if (cpu.fpcr != v)
        lp_fp_set_fpcr(&cpu, v);
}
uint32_t execute(unsigned row, const struct lp_op *op)
{
    lp_fp_set_fpsr(&cpu, 0);
    lp_op_table[row].plain(&cpu, op);
    return lp_fp_get_fpsr(&cpu);
}
void report(const char *name, uint32_t fpcr, const uint64_t *in, unsigned n, uint64_t want, uint32_t want_fpsr, uint64_t got, uint32_t fpsr)
{
    if (failures++ >= 20)
        return;
    printf("# %s fpcr %08x:", name, fpcr);
    for (unsigned i = 0; i < n; i++)
        printf(" %llx", (unsigned long long)in[i]);
    printf(": manual %llx fpsr %x, ours %llx fpsr %x\n", (unsigned long long)want, want_fpsr, (unsigned long long)got, fpsr);
}
/* A scalar; above its operands stand signalling NaNs. */
void check(const struct insn *i, const struct lp_op *op, unsigned N, uint32_t fpcr, const uint64_t v[3])
{
    struct armfp s = {fpcr, 0};
    const uint64_t want = model(&s, i, N, v), junk = N == 16 ? UINT64_C(0x7c017c017c010000) : N == 32 ? UINT64_C(0x7f800001) << 32 : 0;
    set_fpcr(fpcr);
    for (unsigned k = 0; k < 3; k++)
        cpu.v[k + 1].d[0] = v[k] | (i->from_x ? 0 : junk), cpu.v[k + 1].d[1] = UINT64_C(0x7ff0000000000001);
    cpu.x[1] = v[0];
    const uint32_t fpsr = execute(i->row, op);
    const uint64_t got = i->to_x ? cpu.x[0] : cpu.v[0].d[0];
    if (got != want || fpsr != s.fpsr || (!i->to_x && cpu.v[0].d[1] != 0))
        report(lp_a64_rows[i->row].name, fpcr, v, 3, want, s.fpsr, got, fpsr);
}

const uint32_t fpcrs[FPCRS] = {
    0, ARMFP_RMODE, 2 * ARMFP_RMODE, 3 * ARMFP_RMODE, ARMFP_FZ | ARMFP_FZ16, ARMFP_FZ | ARMFP_RMODE, ARMFP_FZ | 2 * ARMFP_RMODE | ARMFP_FZ16,
    ARMFP_FZ | 3 * ARMFP_RMODE | ARMFP_DN, ARMFP_DN, ARMFP_FZ16, ARMFP_AHP | ARMFP_RMODE, ARMFP_AHP | ARMFP_DN | ARMFP_FZ16 | 2 * ARMFP_RMODE,
};

void begin(void)
{
    lp_fp_enter(&cpu);
    failures = 0;
}
void end(const char *what)
{
    lp_fp_leave(&cpu);
    if (failures)
        fail_msg("%s: %u differences", what, failures);
}

void options(void)
{
    const char *const s = getenv("FP_EXACT_SEED"), *const r = getenv("FP_EXACT_ROUNDS");
    seed = s ? strtoull(s, NULL, 0) : 1;
    rounds = r ? strtoull(r, NULL, 0) : 1;
}

void three_operands(const struct insn *rows, unsigned n, uint32_t fields, unsigned N, uint64_t count)
{
    for (unsigned k = 0; k < n; k++) {
        const struct lp_op op = encode(rows[k].row, 2u << 16 | 3u << 10 | fields);
        for (uint64_t i = 0; i < count; i++) {
            const uint64_t a = number(N), b = partner(N, a);
            check(&rows[k], &op, N, fpcrs[below(FPCRS)], (const uint64_t[3]){a, b, addend(N, a, b)});
        }
    }
}
