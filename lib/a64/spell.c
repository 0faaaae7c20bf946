/* a64/spell.c - the text of words that capstone 4 does not know, by the row: atomic operations (Armv8.1) and the commonest of SVE, as the Arm ARM spells
 * them (C6.2, C8.2). The others of SVE, and SME, have their names alone; all else is in spell_base.c. */
#include <config.h>
#include "a64/disasm.h"
#include "base/bits.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Operands. %d %n %m: Z register of bits 4:0, 9:5, 20:16 with the size of bits 23:22; %D %N %M: without; %t: that size alone.
 * %P %Q: predicate of bits 12:10, 13:10; %p %q %o: of 3:0, 8:5, 19:16. %x: Xd; %X: Xn or SP; %y: Xm; %w %W: Wn, Wm. %v, %V: imm4, imm9 vectors on.
 * %5: signed imm5; %7: imm7; %e: imm8 of EXT; %a: pattern. */
#define Z3 "%d, %n, %m"
#define MERGE "%d, %P/m, %d, %n"
#define FUSED "%d, %P/m, %n, %m"
#define COMPARE "%p%t, %P/z, %n, %m"
#define COMPARE5 "%p%t, %P/z, %n, %5"
#define COMPARE7 "%p%t, %P/z, %n, %7"
#define LOGIC "%p.b, %Q/z, %q.b, %o.b"
#define PREDICATES "%p%t, %q%t, %o%t"
#define BITWISE "%D.d, %N.d, %M.d"
#define LOAD(t) "{%D." t "}, %P/z, [%X%v]"
#define LOADX(t, shift) "{%D." t "}, %P/z, [%X, %y" shift "]"
#define STORE(t) "{%D." t "}, %P, [%X%v]"
#define STOREX(t, shift) "{%D." t "}, %P, [%X, %y" shift "]"
static const char *const operands[A64_ROW_COUNT] = {
    [A64_MOVPRFX_zz] = "%D, %N", [A64_EXT_zzzi] = "%D.b, %D.b, %N.b, %e", [A64_TBL_zzz] = "%d, {%n}, %m", [A64_SEL_zpzz] = "%d, %Q, %n, %m",
    [A64_SPLICE_zpzz] = "%d, %P, %d, %n", [A64_COMPACT_zpz] = "%d, %P, %n", [A64_REV_zz] = "%d, %n",
    [A64_REVB_zpz] = "%d, %P/m, %n", [A64_REVH_zpz] = "%d, %P/m, %n", [A64_REVW_zpz] = "%d, %P/m, %n",
    [A64_ORR_zzz] = BITWISE, [A64_AND_zzz] = BITWISE, [A64_BIC_zzz] = BITWISE, [A64_EOR_zzz] = BITWISE,
    [A64_UMAX_zpzz] = MERGE, [A64_UMIN_zpzz] = MERGE, [A64_SMAX_zpzz] = MERGE, [A64_SMIN_zpzz] = MERGE, [A64_ADD_zpzz] = MERGE, [A64_SUB_zpzz] = MERGE,
    [A64_MUL_zpzz] = MERGE, [A64_AND_zpzz] = MERGE, [A64_ORR_zpzz] = MERGE, [A64_EOR_zpzz] = MERGE, [A64_BIC_zpzz] = MERGE, [A64_LSL_zpzz] = MERGE,
    [A64_LSR_zpzz] = MERGE, [A64_ASR_zpzz] = MERGE, [A64_FMAX_zpzz] = MERGE, [A64_FMIN_zpzz] = MERGE, [A64_FMAXNM_zpzz] = MERGE,
    [A64_FMINNM_zpzz] = MERGE, [A64_FADD_zpzz] = MERGE, [A64_FSUB_zpzz] = MERGE, [A64_FMUL_zpzz] = MERGE, [A64_FDIV_zpzz] = MERGE,
    [A64_FMLA_zpzz] = FUSED, [A64_FMLS_zpzz] = FUSED, [A64_MLA_zpzz] = FUSED, [A64_MLS_zpzz] = FUSED,
    [A64_ADD_zzz] = Z3, [A64_SUB_zzz] = Z3, [A64_FADD_zzz] = Z3, [A64_FSUB_zzz] = Z3, [A64_FMUL_zzz] = Z3, [A64_TRN1_zzz] = Z3, [A64_TRN2_zzz] = Z3,
    [A64_UZP1_zzz] = Z3, [A64_UZP2_zzz] = Z3, [A64_ZIP1_zzz] = Z3, [A64_ZIP2_zzz] = Z3, [A64_EORTB_zzz] = Z3, [A64_EORBT_zzz] = Z3, [A64_MUL_zzz] = Z3,
    [A64_CMPEQ_ppzz] = COMPARE, [A64_CMPNE_ppzz] = COMPARE, [A64_CMPGE_ppzz] = COMPARE, [A64_CMPGT_ppzz] = COMPARE, [A64_CMPHI_ppzz] = COMPARE,
    [A64_CMPHS_ppzz] = COMPARE, [A64_FCMEQ_ppzz] = COMPARE, [A64_FCMNE_ppzz] = COMPARE, [A64_FCMGE_ppzz] = COMPARE, [A64_FCMGT_ppzz] = COMPARE,
    [A64_CMPEQ_ppzi] = COMPARE5, [A64_CMPNE_ppzi] = COMPARE5, [A64_CMPGE_ppzi] = COMPARE5, [A64_CMPGT_ppzi] = COMPARE5, [A64_CMPLE_ppzi] = COMPARE5,
    [A64_CMPLT_ppzi] = COMPARE5, [A64_CMPHI_ppzi] = COMPARE7, [A64_CMPHS_ppzi] = COMPARE7, [A64_CMPLO_ppzi] = COMPARE7, [A64_CMPLS_ppzi] = COMPARE7,
    [A64_WHILELO_prr_w] = "%p%t, %w, %W", [A64_PTRUE_p] = "%p%t%a", [A64_PTEST_pp] = "%Q, %q.b", [A64_CNTP_rpp] = "%x, %Q, %q%t",
    [A64_INCP_rp] = "%x, %q%t", [A64_DECP_rp] = "%x, %q%t", [A64_PUNPKLO_pp] = "%p.h, %q.b", [A64_PUNPKHI_pp] = "%p.h, %q.b",
    [A64_TRN1_ppp] = PREDICATES, [A64_TRN2_ppp] = PREDICATES, [A64_UZP1_ppp] = PREDICATES, [A64_UZP2_ppp] = PREDICATES, [A64_ZIP1_ppp] = PREDICATES,
    [A64_ZIP2_ppp] = PREDICATES, [A64_AND_pppp] = LOGIC, [A64_BIC_pppp] = LOGIC, [A64_EOR_pppp] = LOGIC, [A64_ORR_pppp] = LOGIC, [A64_ORN_pppp] = LOGIC,
    [A64_NOR_pppp] = LOGIC, [A64_NAND_pppp] = LOGIC, [A64_SEL_pppp] = "%p.b, %Q, %q.b, %o.b",
    [A64_LD1B_zp_ri_b] = LOAD("b"), [A64_LD1H_zp_ri_h] = LOAD("h"), [A64_LD1W_zp_ri_s] = LOAD("s"), [A64_LD1D_zp_ri] = LOAD("d"),
    [A64_LD1B_zp_rr_b] = LOADX("b", ""), [A64_LD1H_zp_rr_h] = LOADX("h", ", lsl #1"), [A64_LD1W_zp_rr_s] = LOADX("s", ", lsl #2"),
    [A64_LD1D_zp_rr] = LOADX("d", ", lsl #3"),
    [A64_ST1B_zp_ri_b] = STORE("b"), [A64_ST1H_zp_ri_h] = STORE("h"), [A64_ST1W_zp_ri_s] = STORE("s"), [A64_ST1D_zp_ri] = STORE("d"),
    [A64_ST1B_zp_rr_b] = STOREX("b", ""), [A64_ST1H_zp_rr_h] = STOREX("h", ", lsl #1"), [A64_ST1W_zp_rr_s] = STOREX("s", ", lsl #2"),
    [A64_ST1D_zp_rr] = STOREX("d", ", lsl #3"),
    [A64_LDR_z_ri] = "%D, [%X%V]", [A64_STR_z_ri] = "%D, [%X%V]", [A64_LDR_p_ri] = "%p, [%X%V]", [A64_STR_p_ri] = "%p, [%X%V]",
};

/* PTRUE's (Arm ARM, DecodePredCount()); "" = a number, and 31, ALL, is left out. */
static const char *const patterns[31] = {"pow2", "vl1", "vl2", "vl3", "vl4", "vl5", "vl6", "vl7", "vl8", "vl16", "vl32", "vl64", "vl128", "vl256",
                                         [29] = "mul4", [30] = "mul3"};

void lp_dis_put(struct lp_dis_text *t, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int n = vsnprintf(t->p + t->n, t->size - t->n, format, args);
    va_end(args);
    if (n > 0) t->n += (size_t)n < t->size - t->n ? (size_t)n : t->size - t->n - 1;
}

void lp_dis_mnemonic(unsigned row, struct lp_dis_insn *out)
{
    size_t n = 0;
    for (const char *p = lp_a64_rows[row].name; p[n] && p[n] != '_' && n + 1 < sizeof out->mnemonic; n++) out->mnemonic[n] = (char)tolower((unsigned char)p[n]);
    out->mnemonic[n] = 0;
}

void lp_dis_put_general(struct lp_dis_text *t, bool wide, bool sp, unsigned reg)
{
    if (reg < 31) lp_dis_put(t, "%c%u", wide ? 'x' : 'w', reg);
    else lp_dis_put(t, "%s", sp ? "sp" : wide ? "xzr" : "wzr");
}

static void put_vectors_on(struct lp_dis_text *t, int64_t v)
{
    if (v) lp_dis_put(t, ", #%d, mul vl", (int)v);
}

static void put_pattern(struct lp_dis_text *t, unsigned pattern)
{
    if (pattern == 31) return;
    if (patterns[pattern]) lp_dis_put(t, ", %s", patterns[pattern]);
    else lp_dis_put(t, ", #%u", pattern);
}

static void put_operand(struct lp_dis_text *t, char code, uint32_t w)
{
    static const char *const sizes[] = {".b", ".h", ".s", ".d"};
    const unsigned d = w & 31, n = w >> 5 & 31, m = w >> 16 & 31;
    switch (code) {
    case 'd': case 'D': lp_dis_put(t, "z%d", (int)d); break;
    case 'n': case 'N': lp_dis_put(t, "z%d", (int)n); break;
    case 'm': case 'M': lp_dis_put(t, "z%d", (int)m); break;
    case 'P': lp_dis_put(t, "p%d", w >> 10 & 7); break;
    case 'Q': lp_dis_put(t, "p%d", w >> 10 & 15); break;
    case 'p': lp_dis_put(t, "p%d", w & 15); break;
    case 'q': lp_dis_put(t, "p%d", w >> 5 & 15); break;
    case 'o': lp_dis_put(t, "p%d", w >> 16 & 15); break;
    case 'x': lp_dis_put_general(t, true, false, d); break;
    case 'X': lp_dis_put_general(t, true, true, n); break;
    case 'y': lp_dis_put_general(t, true, false, m); break;
    case 'w': lp_dis_put_general(t, false, false, n); break;
    case 'W': lp_dis_put_general(t, false, false, m); break;
    case 'v': put_vectors_on(t, lp_sext(w >> 16 & 15, 4)); break;
    case 'V': put_vectors_on(t, lp_sext((w >> 16 & 63) << 3 | (w >> 10 & 7), 9)); break;
    case '5': lp_dis_put(t, "#%d", (int)lp_sext(m, 5)); break;
    case '7': lp_dis_put(t, "#%d", w >> 14 & 127); break;
    case 'e': lp_dis_put(t, "#%d", (int)(m << 3 | (w >> 10 & 7))); break;
    case 'a': put_pattern(t, n); break;
    default: break;
    }
    if (strchr("dnmt", code)) lp_dis_put(t, "%s", sizes[w >> 22 & 3]);
}

static void spell(struct lp_dis_text *t, const char *format, uint32_t w)
{
    for (; *format; format++) {
        if (*format == '%') put_operand(t, *++format, w);
        else lp_dis_put(t, "%c", *format);
    }
}

/* Moves that are a case of something else, whose operands it has in another form; NULL = it is none. */
static const char *alias(unsigned row, uint32_t w, const char **mnemonic)
{
    const unsigned d = w & 31, n = w >> 5 & 31, m = w >> 16 & 31, pd = w & 15, pn = w >> 5 & 15, pm = w >> 16 & 15, pg = w >> 10 & 15;
    *mnemonic = "mov";
    switch (row) {
    case A64_ORR_zzz: return n == m ? "%D.d, %N.d" : NULL;
    case A64_SEL_zpzz: return m == d ? "%d, %Q/m, %n" : NULL;
    case A64_SEL_pppp: return pm == pd ? "%p.b, %Q/m, %q.b" : NULL;
    case A64_ORR_pppp: return pg == pn && pn == pm ? "%p.b, %q.b" : NULL;
    case A64_AND_pppp: return pn == pm ? "%p.b, %Q/z, %q.b" : NULL;
    case A64_EOR_pppp: return *mnemonic = "not", pm == pg ? "%p.b, %Q/z, %q.b" : NULL;
    default: return NULL;
    }
}

/* Atomic operations on memory: A of bit `a` and L of bit `l` (acquire, release), then the size. A load whose result goes nowhere is a store (Arm ARM
 * C6.2, STADD). */
static void atomic(uint32_t w, unsigned a, unsigned l, bool can_store, struct lp_dis_insn *out)
{
    static const char *const sizes[] = {"b", "h", "", ""};
    const unsigned size = w >> 30, s = w >> 16 & 31, t = w & 31, n = w >> 5 & 31;
    const bool acquires = w >> a & 1, store = can_store && t == 31 && !acquires;
    struct lp_dis_text text = {out->operands, 0, sizeof out->operands};
    if (store) memcpy(out->mnemonic, "st", 2);
    snprintf(out->mnemonic + strlen(out->mnemonic), 8, "%s%s%s", acquires ? "a" : "", w >> l & 1 ? "l" : "", sizes[size]);
    lp_dis_put_general(&text, size == 3, false, s);
    if (!store) lp_dis_put(&text, ", "), lp_dis_put_general(&text, size == 3, false, t);
    lp_dis_put(&text, ", ["), lp_dis_put_general(&text, true, true, n), lp_dis_put(&text, "]");
}

bool lp_dis_spell(unsigned row, uint32_t word, struct lp_dis_insn *out)
{
    struct lp_dis_text t = {out->operands, 0, sizeof out->operands};
    const char *name;
    lp_dis_mnemonic(row, out);
    switch (row) {
    case A64_LDADD: case A64_LDCLR: case A64_LDEOR: case A64_LDSET: case A64_LDSMAX: case A64_LDSMIN: case A64_LDUMAX: case A64_LDUMIN:
        /* "ldadd" or, of a store, "stadd": the same number of letters */
        return atomic(word, 23, 22, true, out), true;
    case A64_SWP: return atomic(word, 23, 22, false, out), true;
    case A64_CAS: return atomic(word, 22, 15, false, out), true;
    default: break;
    }
    if (!operands[row]) return false;
    const char *other = alias(row, word, &name);
    if (other) strcpy(out->mnemonic, name);
    out->operands[0] = 0;
    spell(&t, other ? other : operands[row], word);
    return true;
}
