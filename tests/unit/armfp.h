/* armfp.h - the Arm ARM's floating-point pseudocode (J1, shared/functions/float) as an oracle for the engine: written from the manual, in
 * integers, with nothing of lib/exec in it. N is the width of a format: 16, 32, 64. FEAT_AFP, FEAT_RPRES and FEAT_EBF16 are absent. */
#ifndef TESTS_ARMFP_H
#define TESTS_ARMFP_H
#include <stdbool.h>
#include <stdint.h>
#include "armfp_num.h"

enum { ARMFP_IOC = 1, ARMFP_DZC = 2, ARMFP_OFC = 4, ARMFP_UFC = 8, ARMFP_IXC = 16, ARMFP_IDC = 128 };
enum { ARMFP_AHP = 1 << 26, ARMFP_DN = 1 << 25, ARMFP_FZ = 1 << 24, ARMFP_RMODE = 1 << 22, ARMFP_FZ16 = 1 << 19 };
struct armfp {
    uint32_t fpcr, fpsr;
};
static inline enum armfp_mode armfp_rmode(const struct armfp *s) { return (enum armfp_mode)(s->fpcr >> 22 & 3); }

typedef uint64_t armfp_fn1(struct armfp *s, unsigned N, uint64_t a);
typedef uint64_t armfp_fn2(struct armfp *s, unsigned N, uint64_t a, uint64_t b);
armfp_fn2 armfp_add, armfp_sub, armfp_mul, armfp_mulx, armfp_nmul, armfp_div, armfp_abd;
armfp_fn2 armfp_max, armfp_min, armfp_maxnm, armfp_minnm, armfp_recps, armfp_rsqrts;
/* Comparisons that give all ones or zero. */
armfp_fn2 armfp_cmeq, armfp_cmge, armfp_cmgt, armfp_acge, armfp_acgt;
armfp_fn1 armfp_abs, armfp_neg, armfp_sqrt, armfp_recpe, armfp_rsqrte, armfp_recpx;
uint64_t armfp_muladd(struct armfp *s, unsigned N, uint64_t addend, uint64_t a, uint64_t b);
/* FPMulAddH: halves multiplied, added to a single. */
uint32_t armfp_muladdh(struct armfp *s, uint32_t addend, uint16_t a, uint16_t b);
unsigned armfp_compare(struct armfp *s, unsigned N, uint64_t a, uint64_t b, bool signal_nans);
uint64_t armfp_roundint(struct armfp *s, unsigned N, uint64_t a, enum armfp_mode mode, bool exact);
uint64_t armfp_roundintn(struct armfp *s, unsigned N, uint64_t a, enum armfp_mode mode, int size);
uint64_t armfp_to_fixed(struct armfp *s, unsigned N, uint64_t a, int fbits, bool is_unsigned, enum armfp_mode mode, unsigned M);
uint64_t armfp_from_fixed(struct armfp *s, unsigned N, uint64_t v, unsigned M, int fbits, bool is_unsigned);
uint32_t armfp_to_js(struct armfp *s, uint64_t a, bool *z);
uint64_t armfp_convert(struct armfp *s, unsigned N, unsigned M, uint64_t a, enum armfp_mode mode);
uint16_t armfp_convert_bf(struct armfp *s, uint32_t a);
uint32_t armfp_bfdot(uint32_t d, uint32_t n, uint32_t m);
uint32_t armfp_urecpe(uint32_t a);
uint32_t armfp_ursqrte(uint32_t a);
#endif
