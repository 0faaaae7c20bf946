/* a64/spell_system.c - words of system.def as text. */
#include <config.h>
#include "a64/disasm.h"

#include <string.h>

/* Bits 19:5 of a word: the lower bit of op0, op1, CRn, CRm, op2. SYS has op0 = 1. */
#define KEY(op0, op1, crn, crm, op2) (((op0) & 1) << 14 | (op1) << 11 | (crn) << 7 | (crm) << 3 | (op2))
enum { R = 1, W = 2, RW = R | W };

static const struct { uint16_t key; uint8_t access; const char *name; } registers[] = {
#define REGISTER(access, op0, op1, crn, crm, op2, name) {KEY(op0, op1, crn, crm, op2), access, name},
#define OPERATION(mnemonic, op1, crn, crm, op2, name, has_register)
#include "a64/system.def"
#undef REGISTER
#undef OPERATION
};
static const struct { uint16_t key; bool has_register; const char *mnemonic, *name; } operations[] = {
#define REGISTER(access, op0, op1, crn, crm, op2, name)
#define OPERATION(mnemonic, op1, crn, crm, op2, name, has_register) {KEY(1, op1, crn, crm, op2), has_register, mnemonic, name},
#include "a64/system.def"
};

static bool spell_register(uint32_t w, struct lp_dis_text *t, struct lp_dis_insn *out)
{
    const bool reads = w >> 21 & 1;
    for (size_t i = 0; i < sizeof registers / sizeof *registers; i++) {
        if (registers[i].key != (w >> 5 & 0x7fff) || !(registers[i].access & (reads ? R : W))) continue;
        strcpy(out->mnemonic, reads ? "mrs" : "msr");
        if (!reads) lp_dis_put(t, "%s, ", registers[i].name);
        lp_dis_put_general(t, true, false, w & 31);
        if (reads) lp_dis_put(t, ", %s", registers[i].name);
        return true;
    }
    return false;
}

/* TLBI without the XS attribute has a CRn that is more by one (Arm ARM C6.2, TLBI). */
static bool spell_operation(unsigned row, uint32_t w, struct lp_dis_text *t, struct lp_dis_insn *out)
{
    const bool nxs = row == A64_TLBI_nXS;
    const uint32_t key = (nxs ? w & ~UINT32_C(0x1000) : w) >> 5 & 0x7fff;
    for (size_t i = 0; i < sizeof operations / sizeof *operations; i++) {
        if (operations[i].key != key || (nxs && strcmp(operations[i].mnemonic, "tlbi") != 0)) continue;
        strcpy(out->mnemonic, operations[i].mnemonic);
        lp_dis_put(t, nxs ? "%snxs" : "%s", operations[i].name);
        if (operations[i].has_register) lp_dis_put(t, ", "), lp_dis_put_general(t, true, false, w & 31);
        return true;
    }
    return false;
}

bool lp_dis_spell_system(unsigned row, uint32_t word, struct lp_dis_insn *out)
{
    struct lp_dis_text t = {out->operands, 0, sizeof out->operands};
    switch (word >> 19) {
    case 0x1aa2: case 0x1aa3: case 0x1aa6: case 0x1aa7: return spell_register(word, &t, out);
    case 0x1aa1: return spell_operation(row, word, &t, out);
    default: return false;
    }
}
