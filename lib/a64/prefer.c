/* a64/prefer.c - capstone's text in the form that the manual prefers, where capstone 4 has another one. */
#include <config.h>
#include "a64/disasm.h"
#include "a64/decode_bits.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A hint that capstone does not know by name has its row's: "PACIASP", "PSB_CSYNC" (Arm ARM C6.2, HINT). */
static void hint(unsigned row, uint32_t word, struct lp_dis_insn *insn)
{
    static const char *const landings[] = {"", "c", "j", "jc"};
    size_t n = 0;
    if (strcmp(insn->mnemonic, "hint") != 0 || row == A64_HINT) return;
    const char *name = lp_a64_rows[row].name, *operand = strchr(name, '_');
    for (; name[n] && name[n] != '_' && n < sizeof insn->mnemonic - 1; n++) insn->mnemonic[n] = (char)tolower((unsigned char)name[n]);
    insn->mnemonic[n] = 0;
    snprintf(insn->operands, sizeof insn->operands, "%s", operand ? operand + 1 : row == A64_BTI ? landings[word >> 6 & 3] : "");
    for (char *p = insn->operands; *p; p++) *p = (char)tolower((unsigned char)*p);
}

static void mov(struct lp_dis_insn *insn, unsigned rd, bool wide, bool sp, uint64_t value)
{
    strcpy(insn->mnemonic, "mov");
    if (!wide) value = (uint32_t)value;
    if (rd == 31) snprintf(insn->operands, sizeof insn->operands, "%s, ", sp ? wide ? "sp" : "wsp" : wide ? "xzr" : "wzr");
    else snprintf(insn->operands, sizeof insn->operands, "%c%u, ", wide ? 'x' : 'w', rd);
    size_t n = strlen(insn->operands);
    snprintf(insn->operands + n, sizeof insn->operands - n, value > 9 ? "#0x%" PRIx64 : "#%" PRIu64, value);
}

/* MOV (wide immediate), MOV (inverted wide immediate): what they cannot say is MOVZ or MOVN (Arm ARM C6.2). */
static void move_wide(unsigned row, uint32_t w, struct lp_dis_insn *insn)
{
    bool wide = w >> 31, inverted = row == A64_MOVN;
    uint64_t imm = w >> 5 & 0xffff, shift = 16 * (w >> 21 & 3);
    if ((imm == 0 && shift) || (inverted && !wide && imm == 0xffff)) {
        strcpy(insn->mnemonic, inverted ? "movn" : "movz");
        return;
    }
    mov(insn, w & 31, wide, false, inverted ? ~(imm << shift) : imm << shift);
}

/* Would one MOVZ or MOVN do (MoveWidePreferred() of the manual)? */
static bool one_move(uint64_t value, bool wide)
{
    uint64_t all = wide ? UINT64_MAX : UINT32_MAX;
    for (unsigned shift = 0; shift < (wide ? 64 : 32); shift += 16)
        if (!(value & ~(UINT64_C(0xffff) << shift)) || !(~value & all & ~(UINT64_C(0xffff) << shift))) return true;
    return false;
}

/* MOV (bitmask immediate) is ORR with the zero register. */
static void move_bitmask(uint32_t w, struct lp_dis_insn *insn)
{
    const char *last = strrchr(insn->operands, '#');
    if ((w >> 5 & 31) != 31 || !last) return;
    bool wide = w >> 31;
    uint64_t value = strtoull(last + 1, NULL, 0);
    if (!wide) value = (uint32_t)value;
    if (!one_move(value, wide)) mov(insn, w & 31, wide, true, value);
}

/* BFC is BFI of the zero register (Arm ARM C6.2, BFC). */
static void clear(struct lp_dis_insn *insn)
{
    char *zero = strstr(insn->operands, insn->operands[0] == 'w' ? ", wzr, " : ", xzr, ");
    if (!zero) return;
    strcpy(insn->mnemonic, "bfc");
    memmove(zero, zero + 5, strlen(zero + 5) + 1);
}

/* "[x0], #0xffffffffffffffc8" is meant negative. */
static void negative(struct lp_dis_insn *insn)
{
    char *last = strstr(insn->operands, "], #0xffff");
    if (!last) return;
    last += 4;
    uint64_t value = strtoull(last, NULL, 16);
    if (value >> 63) snprintf(last, sizeof insn->operands - (size_t)(last - insn->operands), "-0x%" PRIx64, 0 - value);
}

/* "v1.8h, v0.8b, #0" without the last operand. */
static void drop_last(struct lp_dis_insn *insn)
{
    char *comma = strrchr(insn->operands, ',');
    if (comma) *comma = 0;
}

/* SXTL and UXTL are shifts by nothing. */
static void lengthen(uint32_t w, struct lp_dis_insn *insn)
{
    unsigned immh = w >> 19 & 15;
    bool low = strncmp(insn->mnemonic + 1, "shll", 4) == 0;
    if ((immh & (immh - 1)) || (w >> 16 & 7) || !low) return;
    snprintf(insn->mnemonic, sizeof insn->mnemonic, "%s%s", w >> 29 & 1 ? "uxtl" : "sxtl", w >> 30 & 1 ? "2" : "");
    drop_last(insn);
}

/* CINC, CSET, CINV, CSETM and CNEG invert their condition; AL has no inverse that an assembler takes, so it is CSINC, CSINV, CSNEG (Arm ARM C6.2, CINC). */
static void always(unsigned row, uint32_t w, struct lp_dis_insn *insn)
{
    struct lp_dis_text t = {insn->operands, 0, sizeof insn->operands};
    if ((w >> 12 & 15) != 14) return;
    lp_dis_mnemonic(row, insn);
    for (unsigned i = 0; i < 3; i++) {
        static const unsigned low[] = {0, 5, 16};
        lp_dis_put_general(&t, w >> 31, false, w >> low[i] & 31);
        lp_dis_put(&t, ", ");
    }
    lp_dis_put(&t, "al");
}

/* A register without a name is called by its fields (Arm ARM C5.1.2). Capstone 4 takes op0 for 3 in all of them. */
static void unnamed(uint32_t w, struct lp_dis_insn *insn)
{
    char *name = strstr(insn->operands, "s3_");
    if (name) name[1] = (char)('0' + (w >> 19 & 3));
}

void lp_dis_prefer(unsigned row, uint32_t word, struct lp_dis_insn *insn)
{
    hint(row, word, insn);
    if (row == A64_MOVZ || row == A64_MOVN) move_wide(row, word, insn);
    if (row == A64_CSINC || row == A64_CSINV || row == A64_CSNEG) always(row, word, insn);
    if (row == A64_ORR_imm) move_bitmask(word, insn);
    if (strcmp(insn->mnemonic, "bfi") == 0 && (word >> 5 & 31) == 31) clear(insn);
    if (strcmp(insn->mnemonic, "ins") == 0) strcpy(insn->mnemonic, "mov");
    if (strcmp(insn->mnemonic, "mrs") == 0 || strcmp(insn->mnemonic, "msr") == 0) unnamed(word, insn);
    if (insn->mnemonic[0] == 's' || insn->mnemonic[0] == 'u') lengthen(word, insn);
    negative(insn);
}
