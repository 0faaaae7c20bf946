/* exec/fp_rows.h - floating-point rows of one source that are there for vectors (simd_fp_misc.c) and for scalars (simd_fp_scalar.c). FORM is _v or _s,
 * BYTES(fmt) how much of a register is computed, of the fields f; _h is FEAT_FP16. */
#ifndef LP_EXEC_FP_ROWS_H
#define LP_EXEC_FP_ROWS_H
#include "exec/fp_host.h"

#define LP_FP_ROW(ROW, BYTES, EACH, ...)                                                                \
    LP_OP(ROW) { EACH(cpu, LP_S + f.sz, BYTES(LP_S + f.sz), f.Vd, &cpu->v[f.Vn], __VA_ARGS__); }        \
    LP_OP(ROW##_h) { EACH(cpu, LP_H, BYTES(LP_H), f.Vd, &cpu->v[f.Vn], __VA_ARGS__); }
#define LP_FP_ROW1(ROW, BYTES, FN)                                                                      \
    LP_OP(ROW) { lp_fp_each1(cpu, FN, LP_S + f.sz, BYTES(LP_S + f.sz), f.Vd, &cpu->v[f.Vn]); }          \
    LP_OP(ROW##_h) { lp_fp_each1(cpu, FN, LP_H, BYTES(LP_H), f.Vd, &cpu->v[f.Vn]); }
/* Comparison with zero: x OP 0, or 0 OP x. */
#define LP_FP_ROW_ZERO(ROW, BYTES, FN, A, B)                                                            \
    LP_OP(ROW)                                                                                          \
    {                                                                                                   \
        const union lp_vreg zero = {{0}};                                                               \
        lp_fp_each2(cpu, FN, LP_S + f.sz, BYTES(LP_S + f.sz), f.Vd, A, B);                              \
    }                                                                                                   \
    LP_OP(ROW##_h)                                                                                      \
    {                                                                                                   \
        const union lp_vreg zero = {{0}};                                                               \
        lp_fp_each2(cpu, FN, LP_H, BYTES(LP_H), f.Vd, A, B);                                            \
    }
/* Fixed point: immh:immb is twice the element's size minus the number of fraction bits. */
#define LP_FP_ROW_FIXED(ROW, BYTES, EACH, ...)                                                          \
    LP_OP(ROW)                                                                                          \
    {                                                                                                   \
        const unsigned fmt = f.immh & 8 ? LP_D : LP_S, fbits = (16u << fmt) - (f.immh * 8u + f.immb);   \
        EACH(cpu, fmt, BYTES(fmt), f.Vd, &cpu->v[f.Vn], fbits, __VA_ARGS__);                            \
    }                                                                                                   \
    LP_OP(ROW##_h) { EACH(cpu, LP_H, BYTES(LP_H), f.Vd, &cpu->v[f.Vn], 16u - f.imm4, __VA_ARGS__); }

#define LP_FP_ROWS(FORM, BYTES)                                                                         \
    LP_FP_ROW1(FRECPE##FORM, BYTES, lp_fp_recpe)                                                        \
    LP_FP_ROW1(FRSQRTE##FORM, BYTES, lp_fp_rsqrte)                                                      \
    LP_FP_ROW(FCVTNS##FORM, BYTES, lp_fp_each_to_fixed, 0, false, LP_RN)                                \
    LP_FP_ROW(FCVTNU##FORM, BYTES, lp_fp_each_to_fixed, 0, true, LP_RN)                                 \
    LP_FP_ROW(FCVTPS##FORM, BYTES, lp_fp_each_to_fixed, 0, false, LP_RP)                                \
    LP_FP_ROW(FCVTPU##FORM, BYTES, lp_fp_each_to_fixed, 0, true, LP_RP)                                 \
    LP_FP_ROW(FCVTMS##FORM, BYTES, lp_fp_each_to_fixed, 0, false, LP_RM)                                \
    LP_FP_ROW(FCVTMU##FORM, BYTES, lp_fp_each_to_fixed, 0, true, LP_RM)                                 \
    LP_FP_ROW(FCVTZU##FORM, BYTES, lp_fp_each_to_fixed, 0, true, LP_RZ)                                 \
    LP_FP_ROW(FCVTAS##FORM, BYTES, lp_fp_each_to_fixed, 0, false, LP_RA)                                \
    LP_FP_ROW(FCVTAU##FORM, BYTES, lp_fp_each_to_fixed, 0, true, LP_RA)                                 \
    LP_FP_ROW(UCVTF##FORM, BYTES, lp_fp_each_from_fixed, 0, true)                                       \
    LP_FP_ROW_ZERO(FCMEQ_0##FORM, BYTES, lp_fp_cmeq, &cpu->v[f.Vn], &zero)                              \
    LP_FP_ROW_ZERO(FCMGE_0##FORM, BYTES, lp_fp_cmge, &cpu->v[f.Vn], &zero)                              \
    LP_FP_ROW_ZERO(FCMGT_0##FORM, BYTES, lp_fp_cmgt, &cpu->v[f.Vn], &zero)                              \
    LP_FP_ROW_ZERO(FCMLE_0##FORM, BYTES, lp_fp_cmge, &zero, &cpu->v[f.Vn])                              \
    LP_FP_ROW_ZERO(FCMLT_0##FORM, BYTES, lp_fp_cmgt, &zero, &cpu->v[f.Vn])                              \
    LP_FP_ROW_FIXED(FCVTZS_fix##FORM, BYTES, lp_fp_each_to_fixed, false, LP_RZ)                         \
    LP_FP_ROW_FIXED(FCVTZU_fix##FORM, BYTES, lp_fp_each_to_fixed, true, LP_RZ)                          \
    LP_FP_ROW_FIXED(SCVTF_fix##FORM, BYTES, lp_fp_each_from_fixed, false)                               \
    LP_FP_ROW_FIXED(UCVTF_fix##FORM, BYTES, lp_fp_each_from_fixed, true)
#endif
