/* fp_check.h - what the tests of floating point against armfp.c share: numbers that hurt, an instruction with what the manual says of it, the
 * comparison. Everything goes through the handlers, so that the host's arithmetic and the exact functions behind it are both judged; flags too.
 *
 * FP_EXACT_ROUNDS=n runs the random parts n times as long, FP_EXACT_SEED=s with other numbers. */
#ifndef TESTS_FP_CHECK_H
#define TESTS_FP_CHECK_H
#include "a64/a64.h"
#include "armfp.h"
#include "exec/fp.h"
#include "exec/run.h"

#define COUNT(t) (sizeof(t) / sizeof((t)[0]))
extern uint64_t rounds;
void options(void);

/* ---- numbers of N bits ---- */
uint64_t next(void);
unsigned below(unsigned n);
uint64_t ones(unsigned n);
unsigned ebits(unsigned N);
/* Around the biased exponent, or special; anywhere. */
uint64_t number_near(unsigned N, unsigned exp);
uint64_t number(unsigned N);
/* A second operand so that a result is interesting: cancels, is near the smallest normal number or overflow; an addend for a * b likewise. */
uint64_t partner(unsigned N, uint64_t a);
uint64_t addend(unsigned N, uint64_t a, uint64_t b);
/* The four rounding modes, with and without each kind of flushing, DN and AHP. */
enum { FPCRS = 12 };
extern const uint32_t fpcrs[FPCRS];

/* ---- one instruction: row, fields, and what the manual says of a lane ---- */
enum kind { ONE, TWO, FUSED, COMPARE_ZERO, ZERO_COMPARE, RINT, RINTN, TO_INT, FROM_INT, CONVERT };
struct insn {
    unsigned row;
    enum kind kind;
    union { armfp_fn1 *one; armfp_fn2 *two; } fn;
    int mode;           /* enum armfp_mode, or -1: FPCR's */
    unsigned flip;      /* FUSED: 1 negates the product, 2 the addend */
    bool is_unsigned;   /* integers; RINT: exact */
    unsigned out;       /* width of the result if not that of the operand; RINTN: of the integer */
    int fbits;
    bool to_x, from_x;  /* the general register X0, X1 */
};
/* What the manual says; v: n, m, a. */
uint64_t model(struct armfp *s, const struct insn *i, unsigned N, const uint64_t v[3]);

/* Initialisers. */
#define UNARY(ROW, FN) {.row = A64_##ROW, .kind = ONE, .fn.one = FN}
#define ROUND(ROW, MODE, EXACT) {.row = A64_##ROW, .kind = RINT, .mode = MODE, .is_unsigned = EXACT}
#define ROUNDS(SUFFIX)                                                                                                             \
    ROUND(FRINTN_##SUFFIX, ARMFP_N, false), ROUND(FRINTP_##SUFFIX, ARMFP_P, false), ROUND(FRINTM_##SUFFIX, ARMFP_M, false),         \
    ROUND(FRINTZ_##SUFFIX, ARMFP_Z, false), ROUND(FRINTA_##SUFFIX, ARMFP_A, false), ROUND(FRINTX_##SUFFIX, -1, true), ROUND(FRINTI_##SUFFIX, -1, false)
#define INT(ROW, MODE, U, ...) {.row = A64_##ROW, .kind = TO_INT, .mode = MODE, .is_unsigned = U, __VA_ARGS__}
#define INTS(SUFFIX, ...)                                                                                                          \
    INT(FCVTNS##SUFFIX, ARMFP_N, false, __VA_ARGS__), INT(FCVTNU##SUFFIX, ARMFP_N, true, __VA_ARGS__),                             \
    INT(FCVTAS##SUFFIX, ARMFP_A, false, __VA_ARGS__), INT(FCVTAU##SUFFIX, ARMFP_A, true, __VA_ARGS__),                             \
    INT(FCVTPS##SUFFIX, ARMFP_P, false, __VA_ARGS__), INT(FCVTPU##SUFFIX, ARMFP_P, true, __VA_ARGS__),                             \
    INT(FCVTMS##SUFFIX, ARMFP_M, false, __VA_ARGS__), INT(FCVTMU##SUFFIX, ARMFP_M, true, __VA_ARGS__),                             \
    INT(FCVTZS##SUFFIX, ARMFP_Z, false, __VA_ARGS__), INT(FCVTZU##SUFFIX, ARMFP_Z, true, __VA_ARGS__)
#define ZEROES(SUFFIX)                                                                                                             \
    {.row = A64_FCMEQ_0_##SUFFIX, .kind = COMPARE_ZERO, .fn.two = armfp_cmeq}, {.row = A64_FCMGE_0_##SUFFIX, .kind = COMPARE_ZERO, .fn.two = armfp_cmge}, \
    {.row = A64_FCMGT_0_##SUFFIX, .kind = COMPARE_ZERO, .fn.two = armfp_cmgt}, {.row = A64_FCMLE_0_##SUFFIX, .kind = ZERO_COMPARE, .fn.two = armfp_cmge}, \
    {.row = A64_FCMLT_0_##SUFFIX, .kind = ZERO_COMPARE, .fn.two = armfp_cmgt}
#define X_RESULT(BITS) .to_x = true, .out = BITS
#define BINARY(ROW, FN) {.row = A64_##ROW, .kind = TWO, .fn.two = FN}

/* ---- running ---- */
extern struct lp_cpu cpu;
extern unsigned failures;
struct lp_op encode(unsigned row, uint32_t fields); /* Vd 0 (or Rd 0), Vn 1 (or Rn 1); others in `fields` */
void set_fpcr(uint32_t v);
uint32_t execute(unsigned row, const struct lp_op *op); /* returns FPSR, from zero */
void report(const char *name, uint32_t fpcr, const uint64_t *in, unsigned n, uint64_t want, uint32_t want_fpsr, uint64_t got, uint32_t fpsr);
void check(const struct insn *i, const struct lp_op *op, unsigned N, uint32_t fpcr, const uint64_t v[3]); /* a scalar */
/* FADD, FMADD, ...: three operands in V1, V2, V3. */
void three_operands(const struct insn *rows, unsigned n, uint32_t fields, unsigned N, uint64_t count);
void begin(void);
void end(const char *what);
#endif
